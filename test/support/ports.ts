/** Ports for rings of tests, so that many run beside each other on one machine. */
import type { TCPSocketListener } from "bun";

/** Below what the system takes for outgoing connections (from 32768 on Linux), above the numbered rings' own. */
const LOWEST = 20_000;
const HIGHEST = 32_500;
/** A numbered ring has 256 ports; one more is held by the test, as its claim on them. */
const WIDTH = 257;
const SLOTS = Math.floor((HIGHEST - LOWEST) / WIDTH);

export type ClaimedPorts = { readonly base: number; release(): void };

/** Claims the ports of a numbered ring, `base` to `base + 255`, as long as it is not released. */
export async function claimPorts(): Promise<ClaimedPorts> {
  const first = Math.floor(Math.random() * SLOTS);
  for (let i = 0; i < SLOTS; i++) {
    const base = LOWEST + ((first + i) % SLOTS) * WIDTH;
    // Two test runs may look at the same ports in the same instant: one of them gets the claim.
    const claim = listen(base + WIDTH - 1);
    if (claim === null) continue;
    if (await allFree(base)) return { base, release: () => claim.stop(true) };
    claim.stop(true);
  }
  throw new Error(`no ${WIDTH} free ports in a row from ${LOWEST} to ${HIGHEST}`);
}

async function allFree(base: number): Promise<boolean> {
  for (let port = base; port < base + WIDTH - 1; port++) {
    const listener = listen(port);
    if (listener === null) return false;
    listener.stop(true);
    try {
      (await Bun.udpSocket({ hostname: "127.0.0.1", port })).close();
    } catch {
      return false;
    }
  }
  return true;
}

function listen(port: number): TCPSocketListener<undefined> | null {
  try {
    return Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  } catch {
    return null;
  }
}
