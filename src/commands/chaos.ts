import type { ParsedArgs } from "citty";
import type { ChaosOptions } from "../lab/chaos.ts";
import type { FaultsOptions } from "../lab/faults-run.ts";
import { CLIENTS, FILES, LARGEST_FILE } from "../lab/limits.ts";
import { type Orders, readOrders } from "../lab/orders.ts";
import { FAULT_KINDS, type FaultKind } from "../lab/run-lines.ts";
import type { SelfTestOptions } from "../lab/self-test.ts";
import { limitsOf, REPORT_ARGS } from "./chaos-check.ts";
import { FOREIGN_ARGS, foreignChaosOptions } from "./chaos-foreign.ts";
import { command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { programWords } from "./cli/program.ts";
import { JSON_ARG } from "./cli/shared.ts";
import {
  optional,
  parseBasePort,
  parseCopies,
  parseDurationMs,
  parseIds,
  parseIntervalMs,
  parseSize,
  parseWhole,
  parseWord,
} from "./cli/values.ts";

import { MAX_SIZE as MAX_PEERS, ringIds } from "./ring.ts";

const SPREADS = ["adjacent", "random"] as const;
/** The ids of `p2p ring 8`. */
const OWN_IDS = ringIds(8);

const DEFAULT_KILLS = 10;
const MAX_KILLS = 100_000;
const DEFAULT_EVERY_MS = 2000;
const MAX_SEED = 2 ** 32 - 1;

const DEFAULT_FAULTS_EVERY_MS = 1000;
const DEFAULT_FAULTS_FOR_MS = 60_000;
const MAX_CLIENTS = 64;
const MAX_FILES = 1_000;
/** All is gone when too few are left to keep the copies. */
const FEWEST_ALIVE = 1;

const ARGS = {
  kills: { type: "string", valueHint: "N", description: "how many peers to kill (default 10)" },
  for: { type: "string", valueHint: "TIME", description: "go on for that time, instead: 60, 10m" },
  every: {
    type: "string",
    valueHint: "TIME",
    description: "from fault to fault, at least (default 2 s; with --faults 1 s)",
  },
  faults: {
    type: "string",
    valueHint: "all|KIND,...",
    description: `instead of kills alone, faults of these kinds, as many at once as come: ${FAULT_KINDS.join(", ")}`,
  },
  spread: {
    type: "string",
    valueHint: SPREADS.join("|"),
    description: "several that one fault strikes are neighbours, or any (default random)",
  },
  "min-alive": {
    type: "string",
    valueHint: "N",
    description: "so many always run and answer (default 3)",
  },
  "max-down": {
    type: "string",
    valueHint: "N",
    description: "no more are down or frozen at a time (default: one less than the copies)",
  },
  only: { type: "string", valueHint: "ID,ID", description: "faults strike these alone" },
  protect: { type: "string", valueHint: "ID,ID", description: "faults never strike these" },
  load: { type: "string", valueHint: "N", description: `clients at work (default ${CLIENTS})` },
  workload: {
    type: "string",
    valueHint: "FILE",
    description: "what clients ask, as JSON Lines, instead",
  },
  "exec-client": {
    type: "string",
    valueHint: "COMMAND",
    description: "a program that asks, and prints a line of JSON for each operation, instead",
  },
  files: {
    type: "string",
    valueHint: "N",
    description: `files stored before, and read back in the end (default ${FILES})`,
  },
  size: { type: "string", valueHint: "BYTES", description: "the largest of them (default 1M)" },
  log: {
    type: "string",
    valueHint: "FILE",
    description: "write the run down, for p2p chaos check",
  },
  peers: { type: "string", valueHint: "N", description: "how many, in a ring of its own" },
  ids: { type: "string", valueHint: "ID,ID", description: "their ids, instead of a number" },
  copies: { type: "string", valueHint: "N", description: "copies kept of each file there" },
  seed: { type: "string", valueHint: "N", description: "the same victims again (default drawn)" },
  "lose-disks": {
    type: "boolean",
    description: "each victim loses its data folder too, and comes back with an empty one",
  },
  "dry-run": { type: "boolean", description: "show whom it would kill, and kill nobody" },
  ...JSON_ARG,
  ...REPORT_ARGS,
  own: {
    type: "boolean",
    description: "fork a ring for this, of 8 if not said, whatever runs here",
  },
  dir: { type: "string", description: "the folder where the ring runs (default this one)" },
  "base-port": { type: "string", valueHint: "PORT", description: "the ring's base port" },
  ...FOREIGN_ARGS,
  "self-test": {
    type: "boolean",
    description: "plant known faults between chaos and its peers, and tell whether it finds each",
  },
  // Of the self-test: the checks whose faults are planted, so that a test need not wait for all.
  plant: { type: "string" },
  // Another program in the peers' place: so a test can plant one that repairs nothing.
  "peer-program": { type: "string" },
} as const;

type Args = Partial<ParsedArgs<typeof ARGS>>;

/** What has a meaning only where faults are drawn, and what only where kills are. */
const OF_FAULTS = ["spread", "min-alive", "max-down", "only", "protect"] as const;
const OF_KILLS = ["kills", "lose-disks"] as const;

/** What `p2p chaos` asks of the lab: kills, one after the other. @throws UsageError */
export function chaosOptions(args: Args): ChaosOptions {
  const wrong = OF_FAULTS.find((name) => args[name] !== undefined);
  if (wrong !== undefined) {
    throw new UsageError(`--${wrong} goes with --faults: give --faults kill for kills alone`);
  }
  if (args.kills !== undefined && args.for !== undefined) {
    throw new UsageError("Give --kills or --for, not both");
  }
  const forMs = optional(parseDurationMs, "--for", args.for);
  const kills = optional(
    (what, text) => parseWhole(what, text, 1, MAX_KILLS),
    "--kills",
    args.kills,
  );
  return {
    kills: kills ?? (forMs === null ? DEFAULT_KILLS : null),
    forMs,
    everyMs: optional(parseIntervalMs, "--every", args.every) ?? DEFAULT_EVERY_MS,
    loseDisks: args["lose-disks"] === true,
    ...common(args),
  };
}

/** The same of faults that overlap. @throws UsageError */
export function faultsOptions(args: Args): FaultsOptions {
  const wrong = OF_KILLS.find((name) => args[name] !== undefined);
  if (wrong !== undefined) {
    const instead = wrong === "kills" ? "--for TIME" : "--faults lose-disk";
    throw new UsageError(`--${wrong} does not go with --faults: give ${instead}`);
  }
  const { faults = "all" } = args;
  const only = optional(parseIds, "--only", args.only);
  const protect = optional(parseIds, "--protect", args.protect) ?? [];
  return {
    ...parseKinds("--faults", faults),
    ...{ only, protect },
    forMs: optional(parseDurationMs, "--for", args.for) ?? DEFAULT_FAULTS_FOR_MS,
    everyMs: optional(parseIntervalMs, "--every", args.every) ?? DEFAULT_FAULTS_EVERY_MS,
    spread:
      optional((what, text) => parseWord(what, text, SPREADS), "--spread", args.spread) ?? "random",
    minAlive: optional(whole(FEWEST_ALIVE, MAX_PEERS), "--min-alive", args["min-alive"]),
    maxDown: optional(whole(0, MAX_PEERS), "--max-down", args["max-down"]),
    ...common(args),
  };
}

/** What `p2p chaos --self-test` asks of the lab. @throws UsageError */
export function selfTestOptions(args: Args): SelfTestOptions {
  const goes = ["self-test", "seed", "json", "plant"];
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const [wrong] = given.find(([name]) => Object.hasOwn(ARGS, name) && !goes.includes(name)) ?? [];
  if (wrong !== undefined) throw new UsageError(`--${wrong} does not go with --self-test`);
  const seed = optional(whole(0, MAX_SEED), "--seed", args.seed);
  return { seed, json: args.json === true, checks: args.plant?.split(",") ?? null };
}

/** What goes for kills and for faults. */
function common(args: Args) {
  const { peers, ids, copies, dir, own } = args;
  const given = (["peers", "ids", "copies"] as const).find((name) => args[name] !== undefined);
  if (dir !== undefined && (own === true || given !== undefined)) {
    const other = own === true ? "--own asks for another" : `--${given} is for one of its own`;
    throw new UsageError(`--dir names a ring that runs, and ${other}: give one`);
  }
  if (peers !== undefined && ids !== undefined) {
    throw new UsageError("Give --peers or --ids, not both");
  }
  const count = optional(whole(1, MAX_PEERS), "--peers", peers);
  const files = optional(whole(1, MAX_FILES), "--files", args.files);
  const largest = optional(parseSize, "--size", args.size);
  const execClient = optional(
    (what, text) => programWords(what, text, null),
    "--exec-client",
    args["exec-client"],
  );
  const loads = (["load", "workload", "exec-client"] as const).filter((n) => args[n] !== undefined);
  if (loads.length > 1) throw new UsageError(`Give one of --${loads.join(" and --")}, not both`);
  return {
    seed: optional(whole(0, MAX_SEED), "--seed", args.seed),
    load: optional(whole(1, MAX_CLIENTS), "--load", args.load) ?? CLIENTS,
    corpus: { count: files ?? FILES, largest: largest ?? LARGEST_FILE },
    dryRun: args["dry-run"] === true,
    ...{ workload: optional(readWorkload, "--workload", args.workload), execClient },
    json: args.json === true,
    junit: args.junit ?? null,
    page: args.report ?? null,
    log: args.log ?? null,
    limits: limitsOf(args),
    dir: dir ?? null,
    own: own === true || given !== undefined,
    ids: optional(parseIds, "--ids", ids) ?? (count === null ? OWN_IDS : ringIds(count)),
    copies: optional(parseCopies, "--copies", copies),
    basePort: optional(parseBasePort, "--base-port", args["base-port"]),
    peerProgram: args["peer-program"] ?? null,
  };
}

/** @throws Failure (2) if it cannot be read, or makes no sense */
function readWorkload(_: string, path: string): Orders {
  return readOrders(path);
}

function whole(least: number, most: number) {
  return (what: string, text: string) => parseWhole(what, text, least, most);
}

/** Kinds of faults with commas between, or "all". */
function parseKinds(what: string, text: string): { kinds: readonly FaultKind[]; isAll: boolean } {
  const words = [...FAULT_KINDS, "all"] as const;
  const named = text.split(",").map((part) => parseWord(`A kind in ${what}`, part.trim(), words));
  const kinds = FAULT_KINDS.filter((kind) => named.includes(kind));
  return named.includes("all") ? { kinds: FAULT_KINDS, isAll: true } : { kinds, isAll: false };
}

export default command({
  name: "chaos",
  args: ARGS,
  forms: [[]],
  hidden: ["peer-program", "caged", "plant"],
  examples: [
    ["p2p chaos", "10 kills in the ring that runs in this folder, or else in one of its own"],
    ["p2p chaos --own", "in one of its own, whatever runs here"],
    ["p2p chaos --seed 7 --kills 20", "20 kills, the same each time"],
    ["p2p chaos --seed 7 --dry-run", "whom it would kill, and when; nobody is killed"],
    ["p2p chaos --lose-disks", "10 kills, with all that the victims had stored"],
    ["p2p chaos --for 60 --every 1 --json", "a kill each second for a minute, as JSON"],
    [
      "p2p chaos --seed 42 --for 60s --faults all --peers 12 --log run.jsonl",
      "a minute of faults of all kinds in 12 peers of its own, all written down",
    ],
    ['p2p chaos --exec "python3 p2p.py"', "6 kills in a ring of another program"],
    ["p2p chaos --self-test", "whether chaos finds faults that are known to be there"],
    [
      "p2p chaos --max-heal 2s --report out.html --junit out.xml",
      "for CI, and for whoever reads it",
    ],
    ["p2p chaos --faults kill,partition --spread adjacent", "kills, and cuts through the ring"],
  ],
  async run(args, argv) {
    if (args.exec !== undefined) {
      const options = foreignChaosOptions(args, args.exec, argv);
      const { runForeignChaos } = await import("../lab/foreign-chaos.ts");
      return await runForeignChaos(options);
    }
    if (args["self-test"] === true) {
      const { runSelfTest } = await import("../lab/self-test.ts");
      return await runSelfTest(selfTestOptions(args));
    }
    const alone = (["interval", "limit"] as const).find((name) => args[name] !== undefined);
    if (alone !== undefined) throw new UsageError(`--${alone} goes with --exec`);
    if (args.faults !== undefined) {
      const options = faultsOptions(args);
      const { runFaults } = await import("../lab/faults-run.ts");
      return await runFaults(options);
    }
    const options = chaosOptions(args);
    const { runChaos } = await import("../lab/chaos.ts");
    return await runChaos(options);
  },
});
