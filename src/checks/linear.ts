/**
 * Whether some order of operations that overlap explains all that was read, each operation at one moment
 * between its start and its end: linearizability of a register, by the search of Wing and Gong ("Testing
 * and verifying concurrent objects", 1993), which never tries a state twice (Lowe, "Testing for
 * linearizability", 2017; Horn and Kroening, "Faster linearizability checking via P-compositionality",
 * 2015). A name at a time, since names do not touch each other.
 */
import type { Value } from "./history.ts";

/** One operation on a register. */
export type Step = {
  readonly kind: "write" | "read";
  readonly value: Value;
  readonly start: number;
  /** It took place by then. */
  readonly end: number;
  /** False of a write that may never have taken place. */
  readonly sure: boolean;
};

/** What has been put in order so far. */
type State = {
  /** All sure steps before this place have been. */
  readonly low: number;
  /** Sure steps after that place which have been, too, ascending. */
  readonly beyond: readonly number[];
  /** Unsure writes that have been. */
  readonly used: readonly number[];
  /** Undefined as long as nothing has shown what was there at the beginning. */
  readonly value: Value | undefined;
  /** The latest start of all that have been: what ended before it can follow no more. */
  readonly latest: number;
};

/** States that are looked at, at most: beyond that the question stays open, and counts as explained. */
const MOST_STATES = 100_000;

/**
 * @param mayBegin whether a value may have been there at the beginning
 * @returns null if an order explains all, else the step at which the longest attempt ended
 */
export function unexplained<S extends Step>(
  all: readonly S[],
  mayBegin: (value: Value) => boolean,
): S | null {
  const steps = [...all].sort((a, b) => a.start - b.start);
  const start: State = {
    low: 0,
    beyond: [],
    used: [],
    value: undefined,
    latest: Number.NEGATIVE_INFINITY,
  };
  const open = [settle(steps, start)];
  const seen = new Set<string>();
  let furthest = open[0] ?? start;
  for (;;) {
    const state = open.pop();
    if (state === undefined) return blockedAt(steps, furthest);
    if (state.low >= steps.length || seen.size > MOST_STATES) return null;
    if (state.low > furthest.low) furthest = state;
    const key = keyOf(steps, state);
    if (seen.has(key)) continue;
    seen.add(key);
    // The last is tried first: the order in which they began is the likeliest.
    for (const next of following(steps, state, mayBegin).reverse()) open.push(settle(steps, next));
  }
}

/** Takes all reads of what is there that can do no harm, and passes over what cannot follow. */
function settle(steps: readonly Step[], state: State): State {
  let reached = state;
  for (;;) {
    const read = readsOfNow(steps, reached).find((index) => isHarmless(steps, reached, index));
    if (read === undefined) return reached;
    reached = take(steps, reached, read);
  }
}

/** The reads of what is there that can be next. */
function readsOfNow(steps: readonly Step[], state: State): number[] {
  const { value } = state;
  if (value === undefined) return [];
  const fits = (step: Step) => step.kind === "read" && step.value === value;
  return eligible(steps, state).filter((index) => matches(steps[index], fits));
}

/**
 * True if a read can as well be now as later: after it none can follow that had ended before it began. Of
 * the sure steps none has; but an unsure write may have, which another read needs.
 */
function isHarmless(steps: readonly Step[], { latest, used }: State, index: number): boolean {
  const start = steps[index]?.start ?? 0;
  return !steps.some(
    (step, other) => !step.sure && step.end >= latest && step.end < start && !used.includes(other),
  );
}

/** All ways to go on: by a write, or by what a first read shows to have been there. */
function following(
  steps: readonly Step[],
  state: State,
  mayBegin: (value: Value) => boolean,
): State[] {
  const next: State[] = [];
  const places = eligible(steps, state);
  const reads = places.filter((index) => matches(steps[index], (s) => s.kind === "read"));
  const wanted = new Set(reads.map((index) => steps[index]?.value ?? null));
  if (state.value === undefined) {
    for (const value of wanted) if (mayBegin(value)) next.push({ ...state, value });
  }
  // Those that may do harm: it may be right to wait with them.
  for (const index of readsOfNow(steps, state)) next.push(take(steps, state, index));
  for (const index of places) {
    if (matches(steps[index], (s) => s.kind === "write")) next.push(take(steps, state, index));
  }
  // Whether an unsure write took place matters only to a read of it that comes next.
  const horizon = horizonOf(steps, state);
  for (const [index, step] of steps.entries()) {
    if (step.start > horizon) break;
    if (step.sure || !wanted.has(step.value) || step.end < state.latest) continue;
    if (!state.used.includes(index)) next.push(take(steps, state, index));
  }
  return next;
}

/** The sure steps that can be next: none that is left has ended before they began. */
function eligible(steps: readonly Step[], state: State): number[] {
  const horizon = horizonOf(steps, state);
  const places: number[] = [];
  for (let index = state.low; index < steps.length; index++) {
    const step = steps[index];
    if (step === undefined || step.start > horizon) break;
    if (step.sure && !state.beyond.includes(index)) places.push(index);
  }
  return places;
}

/** When the first of the sure steps that are left ends. */
function horizonOf(steps: readonly Step[], { low, beyond }: State): number {
  let horizon = Number.POSITIVE_INFINITY;
  for (let index = low; index < steps.length; index++) {
    const step = steps[index];
    if (step === undefined || step.start > horizon) break;
    if (step.sure && !beyond.includes(index)) horizon = Math.min(horizon, step.end);
  }
  return horizon;
}

function take(steps: readonly Step[], state: State, index: number): State {
  const step = steps[index];
  if (step === undefined) return state;
  const value = step.kind === "write" ? step.value : state.value;
  const latest = Math.max(state.latest, step.start);
  if (!step.sure) return { ...state, used: [...state.used, index].sort(ascending), value, latest };
  const beyond = [...state.beyond, index].sort(ascending);
  let { low } = state;
  while (low < steps.length && (steps[low]?.sure === false || beyond.includes(low))) low += 1;
  return { low, beyond: beyond.filter((i) => i > low), used: state.used, value, latest };
}

/** The same for states that can go on in the same ways. */
function keyOf(steps: readonly Step[], { low, beyond, used, value, latest }: State): string {
  const matter = used.filter((index) => (steps[index]?.end ?? 0) >= latest);
  return `${low} ${beyond} ${matter} ${value === undefined ? "?" : JSON.stringify(value)}`;
}

/** Of what is left the one that ended first. */
function blockedAt<S extends Step>(steps: readonly S[], { low, beyond }: State): S | null {
  const left = steps.filter((s, index) => s.sure && index >= low && !beyond.includes(index));
  return left.reduce<S | null>((a, b) => (a === null || b.end < a.end ? b : a), null);
}

function matches(step: Step | undefined, fits: (step: Step) => boolean): boolean {
  return step !== undefined && fits(step);
}

function ascending(a: number, b: number): number {
  return a - b;
}
