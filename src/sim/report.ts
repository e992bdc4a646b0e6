/** The results of simulations, in words for people. */
import { brokenChecks } from "../checks/ring.ts";
import type { SchedulePlayed } from "./document.ts";
import { DRAWING, HARD } from "./drawing.ts";
import type { ScaleResult, Spread } from "./scale.ts";
import type { RunFailure, RunsResult } from "./simulated-runs.ts";
import { statesOf } from "./sometimes.ts";

/**
 * What a set of seeds came to.
 * @param missed why it shows too little, in words
 * @param hard true of hard seeds, which are played again as such
 */
export function runLines(result: RunsResult, missed: readonly string[], hard: boolean): string[] {
  const { first, count, failures, faults, filesRead, operations, reads } = result;
  const { inputs, virtualMs, realMs } = result;
  const what = count === 1 ? `seed ${first}` : `seeds ${first} to ${first + count - 1}`;
  const lines = [
    `${what}: ${faults} faults, ${filesRead} files read back, ${inputs} events`,
    ...(operations > 0
      ? [`${operations} operations of clients, ${reads} reads among them answered`]
      : []),
    `${duration(virtualMs)} of the rings' time in ${duration(realMs)}, ${Math.round(virtualMs / Math.max(realMs, 1))} times as fast as life, ${Math.round(inputs / Math.max(realMs / 1_000, 0.001))} events a second`,
    `fingerprint ${result.fingerprint}`,
  ];
  if (count > 1) {
    lines.push("", "rare states, and the seeds that reached them:");
    const states = statesOf(hard ? HARD : DRAWING);
    const width = Math.max(...states.map((s) => s.length));
    for (const state of states) lines.push(`  ${state.padEnd(width)}  ${result.reached[state]}`);
  }
  lines.push("");
  for (const { seed, failure, scenario } of failures) {
    lines.push(
      `seed ${seed} failed: ${failure.check} after ${duration(failure.at)}: ${failure.why}`,
    );
    lines.push(
      `replay it: p2p sim --seed ${seed}${hard ? " --hard" : ""}`,
      "cut down, as a scenario:",
      "",
      scenario,
    );
  }
  if (failures.length > 0) lines.push(`${failures.length} failed`);
  else if (missed.length > 0) lines.push(`inconclusive: ${missed.join("; ")}`);
  else lines.push("all held");
  return lines;
}

/** What the schedule of a run came to. @param asDone its faults are those that were done, not those planned */
export function scheduleLines(
  { path, plan, played, omitted, result }: SchedulePlayed,
  failed: RunFailure | null,
  asDone: boolean,
): string[] {
  const left = Object.entries(omitted).map(([kind, count]) => `${count} of ${kind}`);
  const without = left.length === 0 ? "" : `; left out: ${left.join(", ")}`;
  const { operations, reads, filesRead, inputs, virtualMs, fingerprint } = result;
  return [
    `${path}, seed ${plan.seed}: ${played} faults as they were ${asDone ? "done" : "planned"}${without}`,
    `a ring of ${plan.ids.length}, ${plan.config.replicationFactor} copies of each file`,
    `${operations} operations of clients, ${reads} reads among them answered; ${filesRead} files read back`,
    `${duration(virtualMs)} of the ring's time, ${inputs} events`,
    `fingerprint ${fingerprint}`,
    "",
    ...(failed === null
      ? [played === 0 ? "inconclusive: no fault was injected" : "all held"]
      : [
          `failed: ${failed.failure.check} after ${duration(failed.failure.at)}: ${failed.failure.why}`,
          "cut down, as a scenario:",
          "",
          failed.scenario,
        ]),
  ];
}

/** What a large ring came to. */
export function scaleTable(result: ScaleResult, realMs: number): string[] {
  const broken = brokenChecks(result.checks);
  const rows: [string, string][] = [
    ["peers at the end", `${result.peersAtEnd}`],
    ["time", `${duration(result.virtualMs)} in ${duration(realMs)}`],
    ["departures, joins", `${result.departures}, ${result.joins}`],
    ["hops of a lookup", spread(result.hops, "")],
    ["detect", spread(result.detectMs, " ms")],
    ["known to all", spread(result.knownMs, " ms")],
    ["messages", `${result.messagesPerPeerSecond.toFixed(2)} a second from each peer`],
    ["bytes", `${result.bytesPerPeerSecond.toFixed(0)} a second from each peer`],
    [
      "events",
      `${result.inputs}, ${Math.round(result.inputs / Math.max(realMs / 1_000, 0.001))} a second`,
    ],
    ["fingerprint", result.fingerprint],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const verdict = broken.map((name) => {
    const check = result.checks[name];
    return `${name} does not hold: ${check?.ok === false ? check.why : ""}`;
  });
  return [...lines, "", ...(broken.length === 0 ? ["all checks hold"] : verdict)];
}

function spread({ count, mean, median, p99, max }: Spread, unit: string): string {
  if (count === 0) return "none";
  const show = (value: number) => value.toFixed(unit === "" ? 2 : 0) + unit;
  return `mean ${show(mean)}, median ${show(median)}, 99 of 100 below ${show(p99)}, worst ${show(max)}`;
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 7_200_000) return `${(ms / 60_000).toFixed(1)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}
