import { availableParallelism } from "node:os";
import type { ParsedArgs } from "citty";
import { ownProgram } from "../lab/program.ts";
import { readRun } from "../lab/run-file.ts";
import { scheduleOf } from "../lab/schedule-of-run.ts";
import type { SimOptions } from "../sim/run.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { optional, parseIntervalMs, parseWhole, parseWord } from "./cli/values.ts";

const DEFAULT_SEEDS = 200;
const MAX_SEED = 2 ** 31 - 1;
const MAX_PEERS = 20_000;
const MAX_JOBS = 256;
/** With fewer seeds for each process, starting one costs more than it gains. */
const SEEDS_A_JOB = 20;
const ROUTES = ["successor", "finger", "direct"] as const;
const DEFAULT_INTERVAL_MS = 5_000;
const DEFAULT_FOR_MS = 600_000;

const ARGS = {
  seeds: {
    type: "string",
    valueHint: "N",
    description: `rings with faults, one a seed (default ${DEFAULT_SEEDS})`,
  },
  from: { type: "string", valueHint: "SEED", description: "the first of these seeds (default 1)" },
  jobs: {
    type: "string",
    valueHint: "N",
    description: "processes that play them (default: one for each core)",
  },
  twice: { type: "boolean", description: "play each seed twice: its history must be the same" },
  hard: {
    type: "boolean",
    description: "harder faults, and clients whose histories D6 and D7 judge",
  },
  seed: {
    type: "string",
    valueHint: "N",
    description: "one seed, with its plan; or that of a large ring",
  },
  peers: {
    type: "string",
    valueHint: "N",
    description: "instead: one large ring, which stands at the start",
  },
  for: {
    type: "string",
    valueHint: "TIME",
    description: "the ring's time: 90s, 10m, 1h (default 10m)",
  },
  churn: {
    type: "string",
    valueHint: "N/s",
    description: "departures and joins a second: 1/s, 0.5/s (default 0)",
  },
  loss: { type: "string", valueHint: "N%", description: "datagrams lost: 1% (default 0)" },
  interval: { type: "string", valueHint: "SECONDS", description: "from ping to ping (default 5)" },
  route: {
    type: "string",
    valueHint: ROUTES.join("|"),
    description: "the strategy (default finger)",
  },
  scenario: { type: "string", valueHint: "FILE", description: "instead: play a scenario" },
  schedule: {
    type: "string",
    valueHint: "FILE",
    description: "instead: play the faults of a run of chaos, from its file",
  },
  plot: { type: "string", valueHint: "DIR", description: "instead: draw the figures as SVG" },
  ...JSON_ARG,
  junit: {
    type: "string",
    valueHint: "FILE",
    description: "write JUnit's XML, a case for each check, too",
  },
} as const;

/** What `p2p sim` asks of the simulator. @throws UsageError */
export function simOptions(args: Partial<ParsedArgs<typeof ARGS>>): SimOptions {
  const outputs = { json: args.json === true, junit: args.junit ?? null };
  const whole = (least: number, most: number) => (what: string, text: string) =>
    parseWhole(what, text, least, most);
  const seed = optional(whole(0, MAX_SEED), "--seed", args.seed);
  const modes = (["seeds", "peers", "scenario", "schedule", "plot"] as const).filter(
    (m) => args[m] !== undefined,
  );
  if (modes.length > 1) throw new UsageError(`Give one of --${modes.join(" and --")}, not both`);
  const large = (["for", "churn", "loss", "interval", "route"] as const).find(
    (m) => args[m] !== undefined,
  );
  if (large !== undefined && args.peers === undefined) {
    throw new UsageError(`--${large} is for a large ring: give --peers N too`);
  }
  const hard = args.hard === true;
  if (hard && modes.some((mode) => mode !== "seeds")) {
    throw new UsageError(`--hard is for --seeds and --seed, not for --${modes[0]}`);
  }
  if (args.jobs !== undefined && (seed !== null || modes.some((mode) => mode !== "seeds"))) {
    throw new UsageError("--jobs is for --seeds");
  }
  if (args.schedule !== undefined) {
    if (seed !== null) throw new UsageError("--seed does not go with --schedule: the file has one");
    return scheduleOptions(args.schedule, outputs);
  }
  if (args.plot !== undefined && args.junit !== undefined) {
    throw new UsageError("--junit goes with what is checked, and --plot draws");
  }
  if (args.scenario !== undefined)
    return { kind: "scenario", path: args.scenario, seed: seed ?? 1, ...outputs };
  if (args.plot !== undefined) return { kind: "plot", dir: args.plot, seed: seed ?? 1 };
  if (args.peers !== undefined) {
    return {
      kind: "scale",
      peers: whole(2, MAX_PEERS)("--peers", args.peers),
      forMs: optional(parseSpan, "--for", args.for) ?? DEFAULT_FOR_MS,
      churnPerSecond: optional(parseRate, "--churn", args.churn) ?? 0,
      lossPerMille: optional(parsePercent, "--loss", args.loss) ?? 0,
      pingIntervalMs: optional(parseIntervalMs, "--interval", args.interval) ?? DEFAULT_INTERVAL_MS,
      strategy:
        optional((what, text) => parseWord(what, text, ROUTES), "--route", args.route) ?? "finger",
      seed: seed ?? 1,
      ...outputs,
    };
  }
  if (seed !== null && args.seeds === undefined) return { kind: "seed", seed, hard, ...outputs };
  if (seed !== null)
    throw new UsageError("Give --seed or --seeds, not both; --from begins elsewhere");
  const count = optional(whole(1, 1_000_000), "--seeds", args.seeds) ?? DEFAULT_SEEDS;
  const useful = Math.max(1, Math.min(availableParallelism(), Math.floor(count / SEEDS_A_JOB)));
  return {
    kind: "seeds",
    first: optional(whole(0, MAX_SEED), "--from", args.from) ?? 1,
    count,
    jobs: optional(whole(1, MAX_JOBS), "--jobs", args.jobs) ?? useful,
    program: ownProgram(),
    twice: args.twice === true,
    hard,
    ...outputs,
  };
}

/** @throws Failure if it is no file of a run */
function scheduleOptions(
  path: string,
  outputs: { readonly json: boolean; readonly junit: string | null },
): SimOptions {
  const { asDone, ...schedule } = scheduleOf(readRun(path));
  return { kind: "schedule", path, schedule, asDone, ...outputs };
}

/** "90s", "10m", "1h", in milliseconds; at most a week. */
function parseSpan(what: string, text: string): number {
  const parts = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000 }[parts?.[2] ?? ""];
  const ms = Number(parts?.[1]) * (unit ?? Number.NaN);
  if (!(ms > 0 && ms <= 7 * 24 * 3_600_000)) {
    throw new UsageError(`${what} is a time such as 90s, 10m or 1h, not "${text}"`);
  }
  return ms;
}

/** "1/s" or "0.5/s". */
function parseRate(what: string, text: string): number {
  const rate = Number(/^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1]);
  if (!(rate >= 0 && rate <= 1_000)) {
    throw new UsageError(`${what} is a rate such as 1/s or 0.5/s, not "${text}"`);
  }
  return rate;
}

/** "1%" or "0.5%", in parts of a thousand. */
function parsePercent(what: string, text: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?)%?$/.exec(text)?.[1]);
  if (!(percent >= 0 && percent <= 90)) {
    throw new UsageError(`${what} is a share such as 1% or 0.5%, up to 90%, not "${text}"`);
  }
  return Math.round(percent * 10);
}

export default command({
  name: "sim",
  args: ARGS,
  forms: [[]],
  renamed: [["story", "scenario"]],
  examples: [
    ["p2p sim --seeds 1000", "a thousand rings, each with faults of its own"],
    ["p2p sim --seeds 100 --hard", "harder faults, busy clients, and all that they were told"],
    ["p2p sim --seed 17", "seed 17 again, to the same event"],
    ["p2p sim --peers 1000 --for 1h --churn 1/s --loss 1%", "a large ring under churn, measured"],
    [
      "p2p sim --scenario scenario.txt",
      "a scenario as in the tests: what is done, and what is printed",
    ],
    ["p2p sim --schedule run.jsonl", "the faults of a run of chaos once more, under this clock"],
    ["p2p sim --plot figures", "hops, bytes and healing, against theory"],
  ],
  async run(args) {
    const { isHand, serveAsHand } = await import("../sim/crew.ts");
    if (isHand()) return await serveAsHand();
    const options = simOptions(args);
    const { runSim } = await import("../sim/run.ts");
    return await runSim(options);
  },
});
