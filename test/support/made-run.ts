/** The lines of a run of chaos as they might be, drawn from a seed: a ring that heals from all that is done to it. */
import { between, type Operation } from "../../src/checks/history.ts";
import type { LoggedEvent } from "../../src/control/types.ts";
import type { FaultKind, PlannedFault, RunLine } from "../../src/lab/run-lines.ts";
import { makeRandom, type Random, randomBelow } from "../../src/protocol/model/random.ts";

export type MadeRun = {
  readonly seed: number;
  readonly ids: readonly number[];
  readonly faults: number;
  readonly operations: number;
  /** From fault to fault, in milliseconds. */
  readonly everyMs: number;
  readonly kinds?: readonly FaultKind[];
};

const BEGIN = 1_700_000_000_000;
const KINDS: readonly FaultKind[] = [
  "kill",
  "freeze",
  "partition",
  "loss",
  "one-way",
  "restart",
  "full-disk",
  "quit",
];

/** A run that passes, every line of it. */
export function madeRun(of: MadeRun): RunLine[] {
  const random = makeRandom(of.seed);
  const plan = planOf(of, random);
  const begin = BEGIN + 500;
  const at = (ms: number) => begin + ms;
  const lines: RunLine[] = [];
  const everyone = [...of.ids];
  lines.push({ type: "situation", from: BEGIN, running: everyone, frozen: [], severed: [] });
  for (const id of everyone) lines.push(says(BEGIN + 1, id, everyone));
  for (const fault of plan) {
    const { n, kind, atMs, forMs, peers, others } = fault;
    const down = ["kill", "restart", "quit"].includes(kind) ? peers : [];
    const living = everyone.filter((id) => !down.includes(id));
    const healMs = 20 + randomBelow(random, 400);
    lines.push({ type: "fault", at: at(atMs), fault });
    lines.push({
      type: "situation",
      from: at(atMs),
      running: living,
      frozen: kind === "freeze" ? peers : [],
      severed: kind === "partition" ? between(peers, others) : [],
    });
    if (down.length > 0) {
      for (const id of living) lines.push(says(at(atMs + 5 + (id % 7)), id, living));
    }
    lines.push({ type: "undone", at: at(atMs + forMs), n });
    lines.push({
      ...{ type: "situation", from: at(atMs + forMs) },
      ...{ running: everyone, frozen: [], severed: [] },
    });
    if (down.length > 0) {
      for (const id of everyone) lines.push(says(at(atMs + forMs + 8 + (id % 7)), id, everyone));
    }
    const detectMs = down.length > 0 ? 4 + randomBelow(random, 9) : null;
    const times = { n, detectMs, healMs, recopyMs: null, unavailableMs: null, errorMs: 1.5 };
    lines.push({ type: "measured", at: at(atMs + forMs + 700), ...times });
  }
  const spanMs = of.everyMs * (of.faults + 1);
  const operations = operationsOf(of, random, begin, spanMs);
  for (const operation of operations) lines.push({ type: "operation", ...operation });
  const end = at(spanMs + 1_000);
  lines.push({ type: "read-back", at: end, files: 20, reads: 20 * of.ids.length });
  for (const name of NAMES) {
    const last = operations.findLast((o) => o.name === name && o.kind === "store");
    lines.push({ type: "ending", name, value: last?.content ?? null, conflicts: [] });
  }
  const verdict = { verdict: "passed", check: null, peers: [], why: "nothing lost" } as const;
  const { seed, ids } = of;
  const run = { v: 1, at: BEGIN, seed, program: "p2p 0.1.0", ids, copies: 3, plan } as const;
  return [{ type: "run", ...run }, ...lines, { type: "verdict", at: end + 10, ...verdict }];
}

/** The text of a run's file. */
export function runText(lines: readonly RunLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

const NAMES = ["2067", "4103", "1234"];

function planOf({ faults, ids, everyMs, kinds = KINDS }: MadeRun, random: Random): PlannedFault[] {
  return Array.from({ length: faults }, (_, index) => {
    const kind = kinds[randomBelow(random, kinds.length)] ?? "kill";
    const victim = ids[randomBelow(random, ids.length)] ?? 0;
    const isCut = kind === "partition" || kind === "one-way";
    const half = ids.filter((_, place) => place < ids.length / 2);
    return {
      n: index + 1,
      kind,
      atMs: (index + 0.5) * everyMs,
      forMs: everyMs / 4,
      peers: isCut ? half : [victim],
      others: isCut ? ids.filter((id) => !half.includes(id)) : [],
      amount: kind === "loss" ? 0.3 : null,
    };
  });
}

/** One after the other, so that any order of them is the right one. */
function operationsOf(of: MadeRun, random: Random, begin: number, spanMs: number): Operation[] {
  const values = new Map<string, string>();
  const step = spanMs / Math.max(1, of.operations);
  return Array.from({ length: of.operations }, (_, index): Operation => {
    const name = NAMES[randomBelow(random, NAMES.length)] ?? "2067";
    const peer = of.ids[randomBelow(random, of.ids.length)] ?? 0;
    const start = begin + index * step;
    const base = { client: 1 + (index % 4), peer, name, start, end: start + step * 0.6 };
    if (randomBelow(random, 3) > 0) {
      const outcome = { kind: "done", value: values.get(name) ?? null } as const;
      return { ...base, kind: "request", content: null, outcome };
    }
    const content = `content-${index}`;
    values.set(name, content);
    const outcome = { kind: "done", replicas: of.ids.slice(0, 3) } as const;
    return { ...base, kind: "store", content, outcome };
  });
}

/** What a peer says of its neighbours among those that live. */
function says(at: number, peer: number, living: readonly number[]): RunLine {
  const place = living.indexOf(peer);
  const other = (steps: number) => living[(place + steps + living.length) % living.length] ?? peer;
  const event: LoggedEvent = {
    ...{ v: 1, at, seq: 1, peer, incarnation: 1, event: "successors" },
    ...{ successors: [other(1), other(2)], predecessors: [other(-1), other(-2)] },
  };
  return { type: "event", at, peer, event };
}
