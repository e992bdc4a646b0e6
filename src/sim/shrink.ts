/**
 * Cutting a failing plan down: fewer faults, then fewer peers, as long as it still fails the same
 * check. What is left is short enough to be read, and kept in the tests as a scenario.
 */
import type { Plan } from "./plan.ts";

/** Runs that a cut may cost at most. */
const MOST_RUNS = 400;

export type Shrunk = { readonly plan: Plan; readonly runs: number };

/**
 * Cuts a plan down by halves, quarters and so on (delta debugging: Zeller and Hildebrandt, 2002).
 * @param stillFails plays a plan, and tells whether it fails as the first did
 */
export function shrinkPlan(plan: Plan, stillFails: (plan: Plan) => boolean): Shrunk {
  let runs = 0;
  const fails = (candidate: Plan) => {
    runs += 1;
    return stillFails(candidate);
  };
  const more = () => runs < MOST_RUNS;
  let best = plan;
  const fewer = cutDown(best.actions, more, (actions) => fails({ ...best, actions }));
  best = { ...best, actions: fewer };
  const ids = cutDown(best.ids, more, (left) => left.length >= 3 && fails({ ...best, ids: left }));
  best = { ...best, ids };
  // Fewer peers may have made more of the faults needless.
  best = {
    ...best,
    actions: cutDown(best.actions, more, (actions) => fails({ ...best, actions })),
  };
  return { plan: best, runs };
}

/** The smallest part of a list found that still passes the test, with its order kept. */
function cutDown<T>(
  list: readonly T[],
  more: () => boolean,
  holds: (part: readonly T[]) => boolean,
): readonly T[] {
  let best = list;
  for (
    let size = Math.ceil(list.length / 2);
    size >= 1 && more();
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < best.length && more(); ) {
      const rest = [...best.slice(0, from), ...best.slice(from + size)];
      if (rest.length < best.length && holds(rest)) best = rest;
      else from += size;
    }
  }
  return best;
}
