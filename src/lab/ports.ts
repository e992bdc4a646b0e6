/** Whether a ring's ports are free: tried by binding them, for streams and for datagrams. */
import { Failure } from "../protocol/model/failure.ts";
import { displayPeers } from "../terminal/display.ts";
import { FREE_POLL_MS, KEPT_PORT_MS } from "./limits.ts";

const HOST = "127.0.0.1";

/** Peers listen on base port + id, and ids go up to 255. */
const PORTS = 256;
const FIRST_CHOICE = 12_000;
const LOWEST = 13_000;
const HIGHEST = 32_000;
const TRIES = 64;

/**
 * @throws Failure that names the first port in use, and what to do
 */
export async function checkPorts(basePort: number, ids: readonly number[]): Promise<void> {
  const taken = await takenIds(basePort, ids);
  const first = taken[0];
  if (first === undefined) return;
  const more = taken.length > 1 ? `, and so are those of ${taken.length - 1} more peers` : "";
  throw new Failure(
    `Port ${basePort + first}, which peer ${first} needs, is in use by another program${more}: ` +
      "stop that program, or choose other ports with --base-port.",
  );
}

/**
 * The assignment's base port if its ports are free for these ids, else another one, drawn.
 * @param others base ports of rings to which any id may still come
 */
export async function freeBasePort(
  ids: readonly number[],
  others: readonly number[] = [],
): Promise<number> {
  const isApart = (port: number) => others.every((other) => Math.abs(other - port) >= PORTS);
  if (isApart(FIRST_CHOICE) && (await takenIds(FIRST_CHOICE, ids)).length === 0) {
    return FIRST_CHOICE;
  }
  for (let i = 0; i < TRIES; i++) {
    const basePort = LOWEST + PORTS * Math.floor((Math.random() * (HIGHEST - LOWEST)) / PORTS);
    if (isApart(basePort) && (await takenIds(basePort, ids)).length === 0) return basePort;
  }
  throw new Failure("No free ports were found: choose some with --base-port.");
}

/**
 * Waits for ports that a program has just let go of: where it does not ask for them again at once, the
 * system may keep them for a minute.
 * @throws Failure if they stay in use
 */
export async function untilFree(basePort: number, ids: readonly number[]): Promise<void> {
  const limit = performance.now() + KEPT_PORT_MS;
  for (;;) {
    const taken = await takenIds(basePort, ids);
    if (taken.length === 0) return;
    if (performance.now() > limit) {
      throw new Failure(
        `The ports of ${displayPeers(taken)} (${basePort} and the id) are in use by another program: stop it.`,
      );
    }
    await Bun.sleep(FREE_POLL_MS);
  }
}

/** The ids whose ports are in use. */
export async function takenIds(basePort: number, ids: readonly number[]): Promise<number[]> {
  const free = await Promise.all(ids.map((id) => isFree(basePort + id)));
  return ids.filter((_, index) => free[index] === false);
}

async function isFree(port: number): Promise<boolean> {
  try {
    Bun.listen({ hostname: HOST, port, socket: { data() {} } }).stop(true);
    const socket = { data() {}, error() {} };
    (await Bun.udpSocket({ hostname: HOST, port, socket })).close();
    return true;
  } catch {
    return false;
  }
}
