/** What a peer says at its start of who can come in, and what that takes. */
import { expect, test } from "bun:test";
import { tellHowToJoin } from "../../src/daemon/how-to-join.ts";
import { Lock } from "../../src/daemon/lock.ts";
import type { PeerOptions } from "../../src/daemon/options.ts";
import type { StartInput } from "../../src/protocol/model/io.ts";
import { makeMember } from "../../src/protocol/model/member.ts";

const OPTIONS: PeerOptions = {
  start: { kind: "found" },
  ...{ pingIntervalMs: null, basePort: 12_000, host: "192.0.2.7", advertise: null, port: null },
  ...{ insecure: false, key: new Uint8Array(32), dataDir: null, route: null, copies: null },
  ...{ repairRate: null, verbose: false, waitMs: null, child: false },
};

/** The sentences of one that is known to others at 192.0.2.7:12256. */
async function said(options: Partial<PeerOptions>, known: readonly number[] = []): Promise<string> {
  const sentences: string[] = [];
  const terminal = { print() {}, say: (text: string) => void sentences.push(text) };
  const lock = new Lock({ instance: "00", keyring: null, ring: null }, () => []);
  const config: StartInput["config"] = {
    ...{ ring: 70_000, bits: 48, strategy: "direct", pingIntervalMs: 5_000, replicationFactor: 3 },
  };
  const input: StartInput = {
    ...{ type: "start", config, id: 1, address: "192.0.2.7:12256", instance: "00", seed: 1 },
    ...{ start: { kind: "found" }, incarnation: 0, left: false, awayMs: null, forgottenMs: null },
    files: [],
    restored: known.map((id) =>
      makeMember({ id, instance: "00", incarnation: 1, state: "alive", address: "192.0.2.8:1" }),
    ),
  };
  await tellHowToJoin(terminal, { ...OPTIONS, ...options }, input, lock, 12_256);
  return sentences.join("\n");
}

const FIREWALL = "Open port 12256 for TCP and UDP in a firewall of this machine";

test("whoever founds a ring beyond this machine, or comes into one, hears what to open", async () => {
  expect(await said({})).toEndWith(`\n${FIREWALL}.`);
  const enter = { kind: "enter", host: "192.0.2.8", port: 1 } as const;
  expect(await said({ start: enter })).toBe(`${FIREWALL}.`);
  const advertise = { host: "box.example", port: 8_000 };
  expect(await said({ advertise })).toEndWith(
    `\n${FIREWALL}, and have what comes to box.example:8000 led there.`,
  );
});

test("on this machine there is nothing to open, and who comes back knows it", async () => {
  expect(await said({ host: "127.0.0.1" })).not.toContain("firewall");
  expect(await said({}, [2])).toBe("");
});
