/** Systems side by side, by turns: puts and gets of 1 KiB, alone and many in flight, with what they cost. */
import { cpuMicros } from "./children.ts";
import type { Figures } from "./figures.ts";
import { IN_FLIGHT, KIB } from "./limits.ts";
import { addMemory } from "./memory.ts";
import type { Plan } from "./plan.ts";
import { type Operation, quantile, type Ran, runFor } from "./rates.ts";
import { gets, puts, type System } from "./system.ts";

/** One that says the same whatever is asked has nothing to put. */
export type Turn = { readonly system: System; readonly keeps: boolean };

/** Each for a while before any clock starts: until then code is still being compiled, and links dialled. */
export async function warmSystem({ system, keeps }: Turn, plan: Plan): Promise<void> {
  const { count } = keeps
    ? await runFor(plan.warmMs, IN_FLIGHT, puts(system, "warm"))
    : { count: 1 };
  await runFor(plan.warmMs, IN_FLIGHT, gets(system, "warm", count));
}

/** One turn. @param round makes the names new */
export async function measureSystem(
  { system, keeps }: Turn,
  plan: Plan,
  round: number,
  figures: Figures,
): Promise<void> {
  const counts = { alone: 1, many: 1 };
  const series = (which: string): string => `${round}-${which}`;
  const measure = async (
    bench: string,
    inFlight: number,
    operation: Operation,
  ): Promise<number> => {
    const before = cpuMicros(system.pids);
    const retriesBefore = system.retries;
    const ran = await runFor(plan.turnMs, inFlight, operation);
    const after = cpuMicros(system.pids);
    const cpu = before === null || after === null ? null : (after - before) / ran.count;
    figures.add(
      { bench, bytes: KIB, inFlight },
      {
        ...figureOf(ran),
        cpuMicros: cpu,
        retries: system.retries - retriesBefore,
      },
    );
    return ran.count;
  };
  if (keeps) {
    const bench = `put, ${system.name}`;
    counts.alone = await measure(bench, 1, puts(system, series("alone")));
    counts.many = await measure(bench, IN_FLIGHT, puts(system, series("many")));
  }
  const bench = keeps ? `get, ${system.name}` : system.name;
  await measure(bench, 1, gets(system, series("alone"), counts.alone));
  await measure(bench, IN_FLIGHT, gets(system, series("many"), counts.many));
}

function figureOf({ count, ms, each }: Ran) {
  return {
    operations: count,
    medianMs: quantile(each, 0.5),
    p99Ms: quantile(each, 0.99),
    perSecond: (count * 1_000) / ms,
    mibPerSecond: (count * 1_000) / KIB / ms,
  };
}

/** Warms all of them, and then measures them by turns. */
export async function measureSystems(
  turns: readonly Turn[],
  plan: Plan,
  figures: Figures,
  say: (what: string) => void,
): Promise<void> {
  const peers = turns.filter(({ keeps }) => keeps).map(({ system }) => system);
  for (const { name, pids } of peers) addMemory(`idle, ${name}`, pids, figures);
  for (const turn of turns) {
    say(`warming up: ${turn.system.name}`);
    await warmSystem(turn, plan);
  }
  for (let round = 0; round < plan.rounds; round++) {
    say(`sockets, round ${round + 1} of ${plan.rounds}`);
    for (const turn of turns) await measureSystem(turn, plan, round, figures);
  }
  for (const { name, pids } of peers) addMemory(`loaded, ${name}`, pids, figures);
}
