/** Logs of rings for tests: a recorded one, in which two neighbours are killed, and made ones of any size. */
import { join } from "node:path";
import type { LoggedEvent } from "../../src/control/types.ts";
import { readRingLog } from "../../src/lab/ring-line-reader.ts";
import type { RingLine } from "../../src/page/ring-lines.ts";
import type { PeerEvent } from "../../src/protocol/model/events.ts";
import { makeRandom, randomBelow } from "../../src/protocol/model/random.ts";

/** Peers 14 and 19 of eight are killed, and file 2067 has its copies again. */
export const RECORDED = readRingLog(join(import.meta.dir, "../../docs/figures/ring.jsonl"));

const BEGIN = 1_700_000_000_000;

export function eventLine(at: number, peer: number, event: PeerEvent): RingLine {
  const logged: LoggedEvent = { v: 1, at, seq: 1, peer, incarnation: 1, ...event };
  return { type: "event", at, peer, event: logged };
}

/** A ring of so many, to whose peers all kinds of things happen in no order that a real one would have. */
export function madeLog(seed: number, peers: number, events: number): RingLine[] {
  const random = makeRandom(seed);
  const ids = Array.from({ length: peers }, (_, i) => Math.floor((256 * i) / peers));
  const any = () => ids[randomBelow(random, ids.length)] ?? 0;
  const lines: RingLine[] = [
    { type: "ring", v: 1, at: BEGIN, ids, copies: 3, intervalMs: 1000 },
    ...ids.map((peer): RingLine => ({ type: "process", at: BEGIN + 1, peer, state: "started" })),
    ...ids.map((peer, i): RingLine => {
      const successors = [1, 2].map((n) => ids[(i + n) % ids.length] ?? peer);
      return { type: "view", at: BEGIN + 100, peer, successors, predecessors: [] };
    }),
    { type: "stands", at: BEGIN + 200 },
  ];
  for (let n = 0; n < events; n++) {
    const at = BEGIN + 300 + n * 7;
    lines.push(...anything(at, any, randomBelow(random, 14)));
  }
  return lines;
}

function anything(at: number, any: () => number, kind: number): RingLine[] {
  const [a, b, c] = [any(), any(), any()];
  const file = `${1000 + ((a * 7) % 9000)}`;
  const sent = { size: 5, sha256: null, bytes: 5, ms: 3.25 };
  const line = (text: string) => eventLine(at, a, { event: "line", text, fold: false });
  const all: readonly RingLine[][] = [
    [{ type: "typed", at, line: `kill ${a} ${"\u5b57".repeat(a % 90)}` }],
    [{ type: "process", at, peer: a, state: "killed" }],
    [{ type: "process", at, peer: a, state: "frozen" }],
    [{ type: "process", at, peer: a, state: "started" }],
    [eventLine(at, a, { event: "probe", id: b, doubt: "refused", asked: [] })],
    [eventLine(at, a, { event: "probe", id: b, doubt: "asking", asked: [b, c] })],
    [
      eventLine(at, a, {
        event: "member",
        id: b,
        memberIncarnation: 1,
        state: "dead",
        why: "lost",
      }),
    ],
    [eventLine(at, a, { event: "successors", successors: [b, c], predecessors: [c] })],
    [eventLine(at, a, { event: "joined", id: a })],
    [line(`Store ${file} request forwarded to my successor`)],
    [line(`Store ${file} request accepted`)],
    [eventLine(at, a, { event: "transfer", file, from: b, to: a, outcome: "ok", ...sent })],
    [eventLine(at, a, { event: "dropped", file })],
    [
      { type: "shown", at, peer: null, text: "a\u001b[31m sentence ".repeat(9), error: false },
      { type: "shown", at, peer: a, text: `\u5b57 ${"x".repeat(300)}`, error: true },
    ],
  ];
  return all[kind] ?? [];
}

/** Any order of the same lines. */
export function shuffled(lines: readonly RingLine[], seed: number): RingLine[] {
  const random = makeRandom(seed);
  const [first, ...rest] = lines;
  for (let i = rest.length - 1; i > 0; i--) {
    const other = randomBelow(random, i + 1);
    const [a, b] = [rest[i], rest[other]];
    if (a !== undefined && b !== undefined) [rest[i], rest[other]] = [b, a];
  }
  return first === undefined ? rest : [first, ...rest];
}
