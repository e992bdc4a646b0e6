/**
 * The schedule of a run in life, as a plan that is played here: the same ids, copies and times, and the
 * same faults, as far as the simulator has them. What it has not is left out, and told. Pure.
 */
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import { PART_WIRE } from "./drawing.ts";
import { wordOf } from "./names.ts";
import { drawOrders, type PlannedAction } from "./orders.ts";
import type { Plan } from "./plan.ts";
import { RandomGenerator } from "./random-generator.ts";
import { drawnRing, numberedRing } from "./stage.ts";

/** A fault, with times in milliseconds from the first moment at which one may be. */
export type ScheduledFault = {
  readonly kind: string;
  readonly atMs: number;
  readonly forMs: number;
  readonly peers: readonly number[];
  /** The other side of a cut. */
  readonly others: readonly number[];
  /** Of a delay, milliseconds. */
  readonly amount: number | null;
};

/** What a client asked, and when; its content is another one here. */
export type ScheduledOperation = {
  readonly atMs: number;
  readonly client: number;
  readonly kind: "store" | "remove" | "request" | "where";
  readonly name: string;
  readonly peer: number;
};

export type Schedule = {
  readonly seed: number;
  readonly ids: readonly number[];
  readonly copies: number;
  readonly faults: readonly ScheduledFault[];
  readonly operations: readonly ScheduledOperation[];
};

export type Scheduled = {
  readonly plan: Plan;
  /** How many of the faults are in it. */
  readonly played: number;
  /** Kinds that the simulator has not, and how many faults of each there were. */
  readonly omitted: Readonly<Record<string, number>>;
};

/** As rings of the lab ping. */
const INTERVAL_MS = 1_000;
/** The ring is founded first. */
const FROM_MS = 8_000;
const MAX_NUMBERED_ID = 2 ** NUMBERED_BITS - 1;
/** Operations that are played, at most: each costs the simulator more than it costs life. */
const MOST_OPERATIONS = 2_000;
/** Those that are drawn where the run tells of none. */
const DRAWN_OPERATIONS = 200;
const DRAWN_NAMES = ["2067", "4103", "1234", "0007", "9999"];
/** Between the sizes of stores, which tell them apart: a store that is tried again is a byte longer. */
const STEP = 4;

/** The plan of a schedule. */
export function planOfSchedule(schedule: Schedule): Scheduled {
  const { seed, ids, copies, faults } = schedule;
  const isNumbered = ids.every((id) => id <= MAX_NUMBERED_ID);
  const ring = (isNumbered ? numberedRing : drawnRing)(INTERVAL_MS);
  const omitted: Record<string, number> = {};
  const actions: PlannedAction[] = [];
  let played = 0;
  for (const fault of faults) {
    const words = wordsOf(fault, ids);
    if (words === null) {
      omitted[fault.kind] = (omitted[fault.kind] ?? 0) + 1;
      continue;
    }
    played += 1;
    const from = FROM_MS + fault.atMs;
    actions.push(...words.begin.map((action) => ({ at: from, action })));
    actions.push(...words.end.map((action) => ({ at: from + fault.forMs, action })));
  }
  const orders = ordersOf(schedule, byTime(actions));
  const plan: Plan = {
    ...{ seed, ids, network: "local", driftPerMillion: 0, wire: PART_WIRE, small: false },
    config: { ...ring, replicationFactor: copies },
    actions: byTime([...actions, ...orders]),
    epilogue: null,
  };
  return { plan, played, omitted };
}

type Words = { readonly begin: readonly string[]; readonly end: readonly string[] };

/** What a fault is in the words of scenarios, at its beginning and at its end; null where there is none. */
function wordsOf(fault: ScheduledFault, ids: readonly number[]): Words | null {
  const { kind, peers, others } = fault;
  const who = peers.join(" ");
  const rest = ids.filter((id) => !peers.includes(id)).join(" ");
  const through = ids.find((id) => !peers.includes(id));
  const joins = peers.map((id) => `join ${id} via ${through}`);
  switch (kind) {
    case "kill":
      return { begin: [`kill ${who}`], end: [`restart ${who}`] };
    case "restart":
      return { begin: [`restart ${who}`], end: [] };
    case "lose-disk":
      return { begin: [`kill ${who}`], end: [`restart ${who} without`] };
    case "freeze":
      return { begin: [`freeze ${who}`], end: [`thaw ${who}`] };
    case "quit":
      return through === undefined ? null : { begin: [`quit ${who}`], end: joins };
    case "join":
      return through === undefined ? null : { begin: joins, end: [`quit ${who}`] };
    case "partition":
      return cut(`cut ${who} from ${others.join(" ")}`);
    case "one-way":
      return cut(`cut ${who} towards ${others.join(" ")}`);
    case "delay":
      return {
        begin: [`slow ${who} towards ${rest} by ${fault.amount ?? 0}`],
        end: [`slow ${who} towards ${rest} by 0`],
      };
    case "reset":
      return { begin: [`reset ${who} from ${rest}`], end: [] };
    case "full-disk":
      return { begin: [`full ${who}`], end: [`room ${who}`] };
    case "bit-flip":
      return { begin: [`rot ${who}`], end: [`scrub ${who}`] };
    default:
      return null;
  }
}

function cut(words: string): Words {
  return { begin: [words], end: [`mend ${words}`] };
}

/** The clients' own operations, or drawn ones where the run tells of none. */
function ordersOf(
  { seed, ids, operations }: Schedule,
  faults: readonly PlannedAction[],
): PlannedAction[] {
  if (operations.length === 0) {
    const names = DRAWN_NAMES;
    const drawn = { names, peers: ids, faults, from: FROM_MS, count: DRAWN_OPERATIONS };
    return drawOrders(new RandomGenerator(seed), drawn);
  }
  return operations.slice(0, MOST_OPERATIONS).map((operation, index) => {
    const { atMs, client, kind, name, peer } = operation;
    const size = kind === "store" ? ` ${(index + 1) * STEP}` : "";
    const action = `client ${client} ${kind} ${wordOf(name)}${size} via ${peer}`;
    return { at: FROM_MS + Math.max(0, atMs), action };
  });
}

/** Of those at the same time, in the order in which they stand. */
function byTime(actions: readonly PlannedAction[]): PlannedAction[] {
  return [...actions].sort((a, b) => a.at - b.at);
}
