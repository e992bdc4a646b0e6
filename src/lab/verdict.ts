/** Judges a run by its file: every check that the file can tell, its times, and the verdict. Pure. */
import type { History, Operation } from "../checks/history.ts";
import { executedOnce } from "../checks/once.ts";
import { historyHolds } from "../checks/order.ts";
import type { CheckResult } from "../checks/ring.ts";
import {
  CHECK_TITLES,
  type CheckOutcome,
  spreadOf,
  type TimeSpread,
  type Verdict,
  verdictOf,
} from "../checks/verdict.ts";
import { count } from "../terminal/display.ts";
import { ALL_CHECKS } from "./judge.ts";
import type { Injected, Run } from "./run.ts";
import type { Measured } from "./run-lines.ts";
import { longestUnavailable } from "./unavailable.ts";

export const TIMES = ["detect", "heal", "recopy", "unavailable"] as const;
export type TimeName = (typeof TIMES)[number];

/** The most that each time may be, in milliseconds; what is left out may be anything. */
export type Limits = Readonly<Partial<Record<TimeName, number>>>;

/** A fault and what came of it. */
export type FaultOutcome = Injected & { readonly measured: Measured };

export type RunReport = {
  readonly run: Run;
  readonly faults: readonly FaultOutcome[];
  readonly checks: readonly CheckOutcome[];
  readonly times: Readonly<Record<TimeName, TimeSpread>>;
  readonly limits: Limits;
  readonly verdict: Verdict;
  readonly why: string;
};

/** The checks that only whoever ran it could ask: taken as it said. */
const AS_SAID: readonly string[] = ALL_CHECKS;
const COPIES = "D2";

/** Judges all that the file tells. */
export function judgeRun(run: Run, limits: Limits = {}): RunReport {
  const faults = run.faults.map((each) => ({ ...each, measured: measuredOf(run, each) }));
  const times = {
    detect: spread(faults, "detect"),
    heal: spread(faults, "heal"),
    recopy: spread(faults, "recopy"),
    unavailable: spread(faults, "unavailable"),
  };
  const checks = [...checksOf(run), ...TIMES.flatMap((name) => withinLimit(name, faults, limits))];
  const verdict = verdictOf(checks);
  return { run, faults, checks, times, limits, verdict, why: whyOf(run, verdict, checks) };
}

/** Another program's: it keeps no copies that anybody could count. */
function isForeign({ header }: Run): boolean {
  return header.copies === 0;
}

/** Its peers shared processes. One that was killed so has lost nothing that a real death might have cost it. */
function isEmulated({ header }: Run): boolean {
  return header.emulated === true;
}

/** Of emulated kills: that no file was lost says nothing. */
function counts({ name, verdict }: CheckOutcome): boolean {
  return name !== "D1" || verdict !== "passed";
}

/** The first of the checks that came to a verdict. */
export function firstOf(
  { checks }: Pick<RunReport, "checks">,
  verdict: Verdict,
): CheckOutcome | null {
  return checks.find((check) => check.verdict === verdict) ?? null;
}

/** Those that can be told of a ring of another program, of which nothing is known but what it prints. */
function toldBy(run: Run): (check: CheckOutcome) => boolean {
  const pinged = run.events.some(
    ({ event }) => event.event === "successors" && event.predecessors.length > 0,
  );
  const files = (run.readBack?.files ?? 0) > 0;
  const told = ["R1", "R3", "R4", "D5", ...(pinged ? ["R2"] : []), ...(files ? ["D1"] : [])];
  return ({ name, verdict }) => told.includes(name) || verdict === "failed";
}

function checksOf(run: Run): CheckOutcome[] {
  const checks = allChecks(run).filter((check) => !isEmulated(run) || counts(check));
  return isForeign(run) ? checks.filter(toldBy(run)) : checks;
}

function allChecks(run: Run): CheckOutcome[] {
  const { situations, endings, verdict, readBack } = run;
  const operations = readBack === null ? beforeTheCut(run.operations) : run.operations;
  const history: History = { operations, situations, endings };
  const asked = operations.length > 0;
  const said = verdict?.check ?? null;
  // Limits are those of whoever judges now.
  const isLimit = said?.startsWith("max-") === true;
  const others = said === null || isLimit || said in CHECK_TITLES ? [] : [said];
  const checks = [
    ...[...AS_SAID, ...others].map((name) => asSaid(run, name)),
    keptAll(run),
    asSaid(run, COPIES),
    judged("D3", nothingFromNowhere(history), asked),
    tested(run),
    judged("D6", historyHolds(history), asked),
    judged("D7", executedOnce(history), asked && endings.length > 0),
  ];
  if (verdict?.verdict !== "failed") return checks;
  // Whoever ran it may have seen more than the file tells.
  return checks.map((check) =>
    check.name === said && check.verdict !== "failed"
      ? outcome(check.name, "failed", verdict.why, verdict.peers)
      : check,
  );
}

/**
 * What was still under way when a run was cut short, or broken off at the first check that did not hold,
 * is not in its file: each client's next operation may have begun when its last one ended. What was read
 * later than the first of these ends may come of one.
 */
function beforeTheCut(operations: readonly Operation[]): Operation[] {
  const ends = new Map<number, number>();
  for (const { client, end, start } of operations) {
    ends.set(client, Math.max(ends.get(client) ?? 0, end ?? start));
  }
  const horizon = [...ends.values()].reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const isRead = ({ kind }: Operation) => kind === "request" || kind === "where";
  return operations.filter((each) => {
    return isRead(each) ? (each.end ?? horizon) <= horizon : each.start <= horizon;
  });
}

/** It was asked before anything was read back. */
function asSaid({ verdict, readBack }: Run, name: string): CheckOutcome {
  if (verdict?.check === name) {
    return outcome(name, verdict.verdict, verdict.why, verdict.peers);
  }
  if (readBack !== null) return outcome(name, "passed", null);
  return outcome(name, "inconclusive", "the run ended before it was asked in the end");
}

function keptAll({ losses, readBack }: Run): CheckOutcome {
  const [loss] = losses;
  if (loss !== undefined) {
    const more = losses.length > 1 ? ` (and ${count(losses.length - 1, "other read")})` : "";
    const why = `file ${loss.file} could not be read back from peer ${loss.peer}: ${loss.why}`;
    const peers = [...new Set(losses.map(({ peer }) => peer))];
    return outcome("D1", "failed", `${why}${more}`, peers);
  }
  if (readBack !== null && readBack.reads > 0) return outcome("D1", "passed", null);
  return outcome("D1", "inconclusive", "no file was read back");
}

/** D5: what broke nothing, or read nothing, says nothing. */
function tested(run: Run): CheckOutcome {
  const { faults, readBack, verdict } = run;
  if (verdict === null) return outcome("D5", "inconclusive", "the run was cut short");
  if (verdict.verdict === "inconclusive") return outcome("D5", "inconclusive", verdict.why);
  if (faults.length === 0) return outcome("D5", "inconclusive", "nothing was injected");
  const isRead = readBack !== null && (readBack.reads > 0 || isForeign(run));
  if (isRead) return outcome("D5", "passed", null);
  return outcome("D5", "inconclusive", "nothing was read back");
}

/** D3, as far as contents tell: what a client was given, somebody had stored. */
function nothingFromNowhere({ operations, endings }: History): CheckResult {
  const stored = new Map<string, Set<string | null>>();
  for (const { kind, name, content } of operations) {
    if (kind === "store") stored.set(name, (stored.get(name) ?? new Set()).add(content));
  }
  const isStored = (name: string, value: string | null) =>
    value === null || stored.get(name)?.has(value) === true;
  for (const { kind, name, peer, client, outcome } of operations) {
    if (kind !== "request" || outcome.kind !== "done") continue;
    if (isStored(name, outcome.value ?? null)) continue;
    const why = `client ${client} was given a content of ${name} by peer ${peer} that nobody stored`;
    return { ok: false, peers: [peer], why };
  }
  for (const { name, value, conflicts } of endings) {
    if ([value, ...conflicts].every((each) => isStored(name, each))) continue;
    return { ok: false, peers: [], why: `in the end ${name} has a content that nobody stored` };
  }
  return { ok: true };
}

function judged(name: string, result: CheckResult, asked: boolean): CheckOutcome {
  if (!result.ok) return outcome(name, "failed", result.why, result.peers);
  if (asked) return outcome(name, "passed", null);
  return outcome(name, "inconclusive", "nothing that clients were told is there to judge");
}

function withinLimit(
  name: TimeName,
  faults: readonly FaultOutcome[],
  limits: Limits,
): CheckOutcome[] {
  const most = limits[name];
  if (most === undefined) return [];
  const title = `${name} takes at most ${most} ms`;
  const timed = faults.filter(({ measured }) => measured[`${name}Ms`] !== null);
  const timeOf = ({ measured }: FaultOutcome) => measured[`${name}Ms`] ?? 0;
  const worst = timed.reduce<FaultOutcome | null>(
    (a, b) => (a === null || timeOf(b) > timeOf(a) ? b : a),
    null,
  );
  const base = { name: `max-${name}`, title, peers: worst?.fault.peers ?? [] };
  if (worst === null) {
    return [{ ...base, verdict: "inconclusive", why: `no fault has a time to ${name}` }];
  }
  if (timeOf(worst) <= most) return [{ ...base, verdict: "passed", why: null, peers: [] }];
  const { n, kind } = worst.fault;
  const why = `${name} took ${timeOf(worst).toFixed(1)} ms after fault ${n} (${kind}), of ${most} ms`;
  return [{ ...base, verdict: "failed", why }];
}

/** What the file says of a fault, and what its operations tell beside it. */
function measuredOf(run: Run, { at, fault, undoneAt }: Injected): Measured {
  const { n } = fault;
  const said = run.measured.find((each) => each.n === n);
  const unknown = { detectMs: null, healMs: null, recopyMs: null, unavailableMs: null };
  const measured = said ?? { n, ...unknown, errorMs: 0 };
  if (measured.unavailableMs !== null) return measured;
  const until = Math.max(undoneAt ?? at, at) + (measured.healMs ?? 0);
  return { ...measured, unavailableMs: longestUnavailable(run.operations, at, until) };
}

function spread(faults: readonly FaultOutcome[], name: TimeName): TimeSpread {
  const times = faults.flatMap(({ measured }) => measured[`${name}Ms`] ?? []);
  return spreadOf(times, Math.max(0, ...faults.map(({ measured }) => measured.errorMs)));
}

function whyOf(run: Run, verdict: Verdict, checks: readonly CheckOutcome[]): string {
  if (verdict === "failed") {
    const broken = firstOf({ checks }, "failed");
    return `${broken?.name} does not hold: ${broken?.why}`;
  }
  const faults = count(run.faults.length, "fault");
  if (verdict === "inconclusive") {
    const tested = checks.find(({ name, verdict }) => name === "D5" && verdict !== "passed");
    return tested?.why ?? firstOf({ checks }, "inconclusive")?.why ?? "";
  }
  const { files = 0, reads = 0 } = run.readBack ?? {};
  if (isForeign(run) && files === 0) {
    return `${faults}, and each time the ring healed, by what its peers print; files were not judged`;
  }
  if (isEmulated(run)) {
    return `${faults}, and each time the ring healed; kills were emulated, so files (D1) were not judged`;
  }
  return `${faults}, ${count(files, "file")} read back ${count(reads, "time")}, nothing lost`;
}

function outcome(
  name: string,
  verdict: Verdict,
  why: string | null,
  peers: readonly number[] = [],
): CheckOutcome {
  return { name, title: CHECK_TITLES[name] ?? name, verdict, why, peers };
}
