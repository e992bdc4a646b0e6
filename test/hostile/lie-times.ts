/**
 * `bun test/hostile/lie-times.ts [LIE ...]`: how long members' stores and requests take in a ring of five, as usual,
 * while one that speaks in a member's name tells lies of one kind all the time, and two seconds after that. Each kind
 * takes ten seconds, and wants a machine of its own.
 */
import { join } from "node:path";
import { type Member, makeMember } from "../../src/protocol/model/member.ts";
import type { Ask, Message } from "../../src/protocol/model/messages.ts";
import { type TestRing, withOpenRing } from "../support/test-ring.ts";
import { Liar, made } from "./liar.ts";

const FIVE = [2, 4, 8, 14, 19];
/** In whose name the lies are told. */
const LIAR = 4;
const NAMES = ["4100", "4101", "4102", "4103", "4104"];
const OPERATIONS = 40;
const PAUSE_MS = 20;
const HOST = "127.0.0.1";
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
    return made({ id, instance, address: `${HOST}:${port(i)}` });
  }).filter(({ id }) => !FIVE.includes(id));
}

/** What is told, by its name, and to whom; each a message of its own. */
function lies(silent: number, heard: ReadonlyMap<number, Member>): Readonly<Record<string, Tell>> {
  const gossip = (members: Member[], joining = false) =>
    ({ tag: "gossip", joining, members }) as const;
  /** Of all others, as they are but for this. */
  const others = (to: number, change: (m: Member) => Partial<Member>) =>
    gossip(
      [...heard.values()]
        .filter(({ id }) => id !== LIAR && id !== to)
        .map((m) => makeMember({ ...m, ...change(m) })),
    );
  const joiner = (round: number) => {
    const [made] = forged(LIVES, () => silent + (round % LIVES));
    if (made === undefined) throw new Error("all of the forged lives are members'");
    return made;
  };
  const routed = (round: number, { id, address, instance }: Member, ask: Ask): Message => ({
    ...{ tag: "routed", request: round + 1, route: [id], ask, leftMs: 5_000, counter: 0 },
    ...{ origin: { id, address, instance }, avoid: [], back: false, lost: false },
  });
  return {
    "lives where nobody listens": () =>
      gossip(
        forged(LIVES, (i) => CLOSED + i),
        true,
      ),
    "lives that are silent": () =>
      gossip(
        forged(LIVES, (i) => silent + i),
        true,
      ),
    "lives by hearsay": () => gossip(forged(LIVES, (i) => silent + i)),
    "joins of silent peers": (_, round) => {
      const of = joiner(round);
      return routed(round, of, { kind: "join", joiner: makeMember({ ...of, incarnation: 0 }) });
    },
    "silent peers that came in": (_, round) => {
      return { tag: "successor-change", request: round + 1, joiner: joiner(round) };
    },
    "all have left": (to) => others(to, () => ({ state: "left" })),
    "all are dead": (to) => others(to, () => ({ state: "dead" })),
    "all are dead, later": (to) =>
      others(to, ({ incarnation }) => ({ incarnation: incarnation + 1, state: "dead" })),
    "all have moved": (to) =>
      others(to, ({ incarnation }) => ({
        incarnation: incarnation + 1,
        address: `${HOST}:${silent}`,
      })),
    leases: (_, round) => ({
      ...{ tag: "lease", nonce: round + 1, from: LIAR, to: LIAR, asked: [...FIVE] },
    }),
    inquiries: (_, round) => ({
      ...{ tag: "inquire", request: round + 1, name: "4100", key: 4100 % 256, asked: [...FIVE] },
    }),
    lookups: (_, round) =>
      routed(round, made({ id: LIAR, address: `${HOST}:${silent}`, instance: "11".repeat(8) }), {
        ...{ kind: "lookup", key: round % 256 },
      }),
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
    hostname: HOST,
    port,
    socket: { data() {}, error() {} },
  });
  const nothing = { data() {}, error() {} };
  const listener = Bun.listen({ hostname: HOST, port, socket: nothing });
  return () => {
    socket.close();
    listener.stop(true);
  };
}

async function measure(kind: string): Promise<void> {
  await withOpenRing(async (ring) => {
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
    while (first.senders.size < FIVE.length) {
      for (const id of FIVE) await first.stream(base + id, ping);
      await Bun.sleep(20);
    }
    const { instance, incarnation } = first.senders.get(LIAR) ?? made({ id: LIAR });
    first.close();
    const as = { id: LIAR, instance, incarnation, port: base + LIAR };
    const liar = await Liar.open(base, base + 201, as);
    const tell = lies(base + SILENT, first.senders)[kind];
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
for (const kind of asked.length > 0 ? asked : Object.keys(lies(0, new Map()))) await measure(kind);
