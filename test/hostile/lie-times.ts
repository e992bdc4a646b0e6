/**
 * `bun test/hostile/lie-times.ts [LIE ...]`: how long members' stores and requests take in a ring of five, as usual,
 * while one that speaks in a member's name tells lies of one kind all the time, and two seconds after that. Each kind
 * takes half a minute, and wants a machine of its own.
 */
import { join } from "node:path";
import type { Message } from "../../src/protocol/model/messages.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";
import { Liar, made } from "./liar.ts";

const FIVE = [2, 4, 8, 14, 19];
/** In whose name the lies are told. */
const LIAR = 4;
const NAMES = ["4100", "4101", "4102", "4103", "4104"];
const OPERATIONS = 40;
const PAUSE_MS = 20;
/** From here nobody listens, on as many ports as a lie names. */
const CLOSED = 200;
/** From here, above the ring's first port, there are as many hosts that never say a word. */
const SILENT = 210;
const LIVES = 16;

type Tell = (to: number, round: number) => Message;

/** Random ids, each with a life that nobody has heard of. */
function forged(count: number, port: (i: number) => number) {
  return Array.from({ length: count }, (_, i) => {
    const id = Math.floor(Math.random() * 256);
    const instance = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
    return made({ id, instance, address: `127.0.0.1:${port(i)}` });
  }).filter(({ id }) => !FIVE.includes(id));
}

function lies(silent: number): Readonly<Record<string, Tell>> {
  const routed = (round: number, ids: readonly number[]): Message => ({
    tag: "routed",
    request: round + 1,
    route: [...ids],
    ask: { kind: "lookup", key: round % 256 },
    leftMs: 5_000,
    origin: { id: LIAR, address: `127.0.0.1:${silent}`, instance: "11".repeat(8) },
    counter: 0,
    avoid: [],
    back: false,
    lost: false,
  });
  return {
    "lives-closed": () => ({
      tag: "gossip",
      joining: true,
      members: forged(LIVES, (i) => CLOSED + i),
    }),
    "lives-silent": () => ({
      tag: "gossip",
      joining: true,
      members: forged(LIVES, (i) => silent + i),
    }),
    "heard-silent": () => ({
      tag: "gossip",
      joining: false,
      members: forged(LIVES, (i) => silent + i),
    }),
    joins: (_, round) => {
      const [joiner = made({ id: 1 })] = forged(9, () => silent + (round % LIVES));
      const { id, address, instance } = joiner;
      return {
        ...routed(round, [id]),
        ask: { kind: "join", joiner: made({ id, address, instance, incarnation: 0 }) },
        origin: { id, address, instance },
      } as Message;
    },
    changes: (_, round) => {
      const [joiner = made({ id: 1 })] = forged(9, () => silent + (round % LIVES));
      return { tag: "successor-change", request: round + 1, joiner };
    },
    lookups: (_, round) => routed(round, [LIAR]),
  };
}

/** Stores and requests through all peers but the one that is spoken for. @returns milliseconds, in ascending order */
async function times(ring: TestRing): Promise<{ took: number[]; failed: string[] }> {
  const honest = FIVE.filter((id) => id !== LIAR);
  const took: number[] = [];
  const failed: string[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const name = NAMES[i % NAMES.length] ?? "";
    const control = ring.control(honest[i % honest.length] ?? LIAR);
    const began = performance.now();
    try {
      await control.store(name, join(ring.cwd, `${name}.pdf`));
      await (await control.request(name)).read(() => undefined);
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
    took.push(performance.now() - began);
  }
  return { took: took.sort((a, b) => a - b), failed };
}

/** A host that takes what is said to it, and never says a word. */
async function silentHost(port: number): Promise<() => void> {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port,
    socket: { data() {}, error() {} },
  });
  const nothing = { data() {}, error() {} };
  const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: nothing });
  return () => {
    socket.close();
    listener.stop(true);
  };
}

async function measure(kind: string): Promise<void> {
  await withRing(async (ring) => {
    const { base } = ring.ports;
    for (const name of NAMES) ring.file(name, 2_000);
    const say = async (when: string) => {
      const { took, failed } = await times(ring);
      const [median = 0, worst = 0] = [took[OPERATIONS >> 1], took.at(-1)];
      const why = failed.length === 0 ? "" : `, ${failed.length} failed: ${failed[0]}`;
      console.log(`  ${when}: median ${median.toFixed(1)} ms, worst ${worst.toFixed(0)} ms${why}`);
    };
    console.log(kind);
    await times(ring);
    await say("as usual");
    const hosts = Array.from({ length: LIVES }, (_, i) => silentHost(base + SILENT + i));
    const silent = await Promise.all(hosts);
    const first = await Liar.open(base, base + 200);
    const standing = { room: 5, awayMs: null, forgottenMs: null };
    const ping = { tag: "ping", nonce: 7, digest: 1, round: true, ...standing } as const;
    while (!first.senders.has(LIAR)) {
      await first.stream(base + LIAR, ping);
      await Bun.sleep(20);
    }
    const { instance, incarnation } = first.senders.get(LIAR) ?? made({ id: LIAR });
    first.close();
    const as = { id: LIAR, instance, incarnation, port: base + LIAR };
    const liar = await Liar.open(base, base + 201, as);
    const tell = lies(base + SILENT)[kind];
    if (tell === undefined) throw new Error(`there is no lie ${kind}`);
    let round = 0;
    const timer = setInterval(() => {
      for (const id of FIVE)
        if (id !== LIAR) void liar.stream(base + id, tell(id, round++)).catch(() => {});
    }, PAUSE_MS);
    await Bun.sleep(1_000);
    await say("amid lies");
    await say("amid lies");
    clearInterval(timer);
    liar.close();
    await Bun.sleep(2_000);
    await say("two seconds after");
    console.log(
      `  ${ring.living.length} live; view of 2: ${(await ring.status(2)).members.length}`,
    );
    for (const close of silent) close();
    await ring.calm();
    for (const { kind: what, reason, count } of (await ring.status(2)).drops.slice(0, 5)) {
      console.log(`  dropped: ${what} ${reason} ${count}`);
    }
  }, FIVE);
}
const asked = process.argv.slice(2);
for (const kind of asked.length > 0 ? asked : Object.keys(lies(0))) await measure(kind);
