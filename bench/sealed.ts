/** What it costs that a ring is closed: an encrypted ring and an open one by turns, in one run. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Ping } from "../src/protocol/model/messages.ts";
import { drawOwnKeys } from "../src/seal/credentials.ts";
import { drawKey, keyText } from "../src/seal/key-text.ts";
import { Keyring, keyOf } from "../src/seal/keyring.ts";
import { Secret } from "../src/seal/secret.ts";
import { makeSecret } from "../src/store/key-file.ts";
import { openTransport } from "../src/transport/transport.ts";
import type { Closure, Transport } from "../src/transport/types.ts";
import {
  type Copying,
  type Large,
  peerToPeer,
  speed,
  storeLarge,
  writeRandom,
} from "./contents.ts";
import { PEERS } from "./limits.ts";
import type { Setting } from "./parts.ts";
import { quantile } from "./rates.ts";
import { startRing, stopRing } from "./ring.ts";
import { systemOf } from "./ring-system.ts";
import { measureSystem, warmSystem } from "./sockets.ts";

const HOST = "127.0.0.1";
const RING = 70_000;

/** Measures both kinds of rings by turns. */
export async function measureSealed(setting: Setting): Promise<void> {
  const { dir } = setting;
  const file = join(dir, "ring.key");
  mkdirSync(dir, { recursive: true });
  makeSecret(file, keyText(drawKey()));
  const kinds = [
    { name: "open", lock: ["--insecure"] },
    { name: "encrypted", lock: ["--key-file", file] },
  ] as const;
  await measureGets(setting, kinds);
  await measureContents(setting, kinds);
  await measurePings(setting);
}

type Kinds = readonly { readonly name: string; readonly lock: readonly string[] }[];

/** One copy of each value: most of what is asked for is at another peer. */
async function measureGets({ program, dir, plan, figures, say }: Setting, kinds: Kinds) {
  const turns = await Promise.all(
    kinds.map(async ({ name, lock }) => {
      const at = join(dir, name);
      const ring = await startRing(program, at, PEERS, program, ["--copies", "1"], lock);
      return { system: systemOf(ring, `${name} ring`), keeps: true };
    }),
  );
  for (const turn of turns) await warmSystem(turn, plan);
  for (let round = 0; round < plan.rounds; round++) {
    say(`open and encrypted rings, round ${round + 1} of ${plan.rounds}`);
    for (const { system, keeps } of turns)
      await measureSystem({ system, keeps }, plan, round, figures);
  }
  for (const { system } of turns) await system.close();
}

/** A large content from the peers that have it to one that has not. */
async function measureContents({ program, self, dir, plan, figures, say }: Setting, kinds: Kinds) {
  const copying: Copying = { program, self, dir, figures, bytes: plan.copyBytes };
  const path = join(dir, "content");
  const content = { path, sha256: await writeRandom(path, plan.copyBytes) };
  const rings = [];
  for (const { name, lock } of kinds) {
    const at = join(dir, `${name}-large`);
    const ring = await startRing(program, at, PEERS, program, ["--copies", "2"], lock);
    const large: Large = await storeLarge(copying, ring, content);
    rings.push({ name, ring, large });
  }
  for (let round = 0; round < plan.rounds; round++) {
    say(`contents, open and encrypted, round ${round + 1} of ${plan.rounds}`);
    for (const { name, large } of rings) {
      const { ms, ...more } = await peerToPeer(large);
      const what = { bench: `peer to peer, ${name} ring`, bytes: plan.copyBytes, inFlight: 1 };
      figures.add(what, { ...speed(plan.copyBytes, ms), ...more });
    }
  }
  for (const { ring } of rings) await stopRing(ring);
  rmSync(path);
}

/** The round trip of a ping between two sockets of this process. */
async function measurePings({ plan, figures, say }: Setting): Promise<void> {
  const secret = new Secret("ring", drawKey());
  const pairs = [
    { name: "open", pair: await openPair(null) },
    { name: "sealed", pair: await openPair(secret) },
  ];
  for (let round = 0; round < plan.rounds; round++) {
    say(`pings, round ${round + 1} of ${plan.rounds}`);
    for (const { name, pair } of pairs) {
      const each: number[] = [];
      for (let i = 0; i < plan.echoes; i++) each.push(await pair.roundTrip());
      const what = { bench: `ping, ${name}`, bytes: 0, inFlight: 1 };
      figures.add(what, { medianMs: quantile(each, 0.5), p99Ms: quantile(each, 0.99) });
    }
  }
  for (const { pair } of pairs) pair.close();
}

async function openPair(secret: Secret | null) {
  let answered: () => void = () => {};
  const echo = await openEnd(1, secret, (from) => echo.send(from, "datagram", PING));
  const asker = await openEnd(2, secret, () => answered());
  return {
    roundTrip: async (): Promise<number> => {
      const began = performance.now();
      const { promise, resolve } = Promise.withResolvers<void>();
      answered = resolve;
      asker.send(`${HOST}:${echo.port}`, "datagram", PING);
      await promise;
      return performance.now() - began;
    },
    close: () => {
      echo.close();
      asker.close();
    },
  };
}

const PING: Ping = {
  ...{ tag: "ping", nonce: 1, round: false, digest: 0, room: 0 },
  ...{ awayMs: null, forgottenMs: null },
};

async function openEnd(
  id: number,
  secret: Secret | null,
  heard: (from: string) => void,
): Promise<Transport> {
  const own = await drawOwnKeys();
  const closure: Closure | null =
    secret === null
      ? null
      : {
          ...{ keyring: new Keyring(await keyOf(secret, own)), run: own.instance },
          ...{ alsoKnownAs: () => [], lockedOut() {}, errand() {} },
        };
  const transport: Transport = await openTransport({
    ...{ host: HOST, port: 0, closure },
    sender: () => ({
      ...{ ring: RING, id, incarnation: 1, instance: own.instance, state: "alive" },
      port: transport.port,
    }),
    message: ({ address }) => heard(address),
    ...{ unreachable() {}, greeted() {}, unsent() {}, isMember: () => true },
    open: () => ({ refused: "nothing is served here" }),
    fault: (error) => {
      throw error;
    },
  });
  return transport;
}
