import type { ParsedArgs } from "citty";
import type { ForeignRingOptions } from "../lab/foreign-ring.ts";
import type { RingOptions } from "../lab/ring.ts";
import { command, toldAsJson } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { mayColor } from "./cli/globals.ts";
import { programWords } from "./cli/program.ts";
import { REPAIR_ARG } from "./cli/shared.ts";
import {
  optional,
  parseBasePort,
  parseCopies,
  parseDurationMs,
  parseIds,
  parseIntervalMs,
  parseRate,
  parseTimes,
  parseWhole,
} from "./cli/values.ts";

const DEFAULT_SIZE = 8;
export const MAX_SIZE = 256;
const DEFAULT_INTERVAL_MS = 1000;
const DEFAULT_BASE_PORT = 12_000;

/** The assignment's network. */
const SEVEN = [2, 4, 5, 8, 9, 14, 19];

/** What `p2p ring up` takes as well. */
export const RING_ARGS = {
  n: { type: "positional", required: false, description: "how many peers, 1 to 256 (default 8)" },
  ids: { type: "string", valueHint: "ID,ID", description: "their ids, instead of a number" },
  interval: {
    type: "string",
    valueHint: "SECONDS",
    description: "from ping to ping (default 1)",
  },
  "base-port": {
    type: "string",
    valueHint: "PORT",
    description: "peers listen on PORT + their id (default 12000)",
  },
  dir: { type: "string", description: "the working folder of the peers (default this one)" },
  copies: {
    type: "string",
    valueHint: "N",
    description: "copies kept of each file, 1 to 16 (default 3)",
  },
  ...REPAIR_ARG,
  for: { type: "string", valueHint: "SECONDS", description: "stop by itself after that time" },
  "per-process": {
    type: "string",
    valueHint: "K",
    description: "peers that share a process (default 1 up to 64 peers; a kill is emulated then)",
  },
  "ready-file": {
    type: "string",
    valueHint: "FILE",
    description: "written when the ring stands, with its peers; removed at its end",
  },
  plain: { type: "boolean", description: "lines, without the living picture of a terminal" },
  slow: {
    type: "string",
    valueHint: "TIMES",
    description: "show what happens so many times slower, 1 to 10000 (default 1)",
  },
  "dry-run": { type: "boolean", description: "say what would be started, and start nothing" },
} as const;

const ARGS = {
  ...RING_ARGS,
  json: { type: "boolean", description: "with --dry-run, as one JSON document" },
  exec: {
    type: "string",
    valueHint: "COMMAND",
    description: 'run another program\'s peers, as in "python3 p2p.py"; they listen on 12000 + id',
  },
} as const;

/** What only our own peers understand. */
const OWN_ALONE = [
  ...(["base-port", "copies", "repair-rate", "per-process", "ready-file", "slow"] as const),
  ...(["dry-run", "json"] as const),
];

/** What `p2p ring` asks of the lab. @throws UsageError */
export function ringOptions(
  args: Partial<ParsedArgs<typeof RING_ARGS>>,
): Omit<RingOptions, "color"> {
  const size = optional((what, text) => parseWhole(what, text, 1, MAX_SIZE), "N", args.n);
  const ids = optional(parseIds, "--ids", args.ids) ?? ringIds(size ?? DEFAULT_SIZE);
  if (size !== null && size !== ids.length) {
    throw new UsageError(`N is ${size}, but --ids names ${ids.length}: give one or the other`);
  }
  return {
    ids,
    pingIntervalMs: optional(parseIntervalMs, "--interval", args.interval) ?? DEFAULT_INTERVAL_MS,
    basePort: optional(parseBasePort, "--base-port", args["base-port"]) ?? DEFAULT_BASE_PORT,
    dir: args.dir ?? ".",
    copies: optional(parseCopies, "--copies", args.copies),
    repairRate: optional(parseRate, "--repair-rate", args["repair-rate"]),
    forMs: optional(parseDurationMs, "--for", args.for),
    readyFile: args["ready-file"] ?? null,
    plain: args.plain === true,
    slow: optional(parseTimes, "--slow", args.slow) ?? 1,
    perProcess: optional(
      (what, text) => parseWhole(what, text, 1, MAX_SIZE),
      "--per-process",
      args["per-process"],
    ),
  };
}

/** What `p2p ring --exec` asks of the lab. @throws UsageError */
export function foreignRingOptions(
  args: Partial<ParsedArgs<typeof ARGS>>,
  exec: string,
): Omit<ForeignRingOptions, "color"> {
  const flag = OWN_ALONE.find((name) => args[name] !== undefined);
  if (flag !== undefined) {
    throw new UsageError(`--${flag} is for p2p's own peers: leave it out with --exec`);
  }
  const { ids, pingIntervalMs: intervalMs, dir, forMs } = ringOptions(args);
  return { command: programWords("--exec", exec, null), ids, intervalMs, dir, forMs };
}

/** The ids of a ring of so many: the assignment's seven, those and 30, or else spread evenly. */
export function ringIds(size: number): number[] {
  if (size === 7) return SEVEN;
  if (size === 8) return [...SEVEN, 30];
  return Array.from({ length: size }, (_, i) => Math.floor((256 * i) / size));
}

/** `--dry-run`. @returns the exit code @throws Failure that the start would end with */
export async function showPlan(
  options: RingOptions,
  name: string | null,
  asJson: boolean,
): Promise<number> {
  const { planLines, planRing } = await import("../lab/dry-run.ts");
  const plan = await planRing(options, name);
  if (asJson) console.log(JSON.stringify({ v: 1, ...plan }));
  else for (const line of planLines(plan)) console.log(line);
  return 0;
}

const ring = command({
  name: "ring",
  args: ARGS,
  forms: [["N"], []],
  examples: [
    ["p2p ring 8", "8 peers; type `kill 14`, `8 Store 2067`, `status` or Ctrl-C"],
    ["p2p ring 8 --slow 100", "a heal of 20 ms takes 2 s on the screen; space stops it"],
    ["p2p ring --ids 2,4,5 --interval 5", "these three, pinging every 5 s"],
    ['p2p ring 8 --exec "python3 p2p.py"', "8 peers of another program, by what they print"],
    ["p2p ring 64 --base-port 20000 --for 10", "64 peers elsewhere, for 10 s"],
    ["p2p ring up 8 -d", "8 peers that go on without this terminal"],
  ],
  async run(args) {
    if (args.exec !== undefined) {
      const options = foreignRingOptions(args, args.exec);
      const { runForeignRing } = await import("../lab/foreign-ring.ts");
      return await runForeignRing({ ...options, color: mayColor(process.stdout) });
    }
    const options = { ...ringOptions(args), color: mayColor(process.stdout) };
    if (args["dry-run"] === true) return await showPlan(options, null, args.json === true);
    if (args.json === true) throw new UsageError("--json is for --dry-run, and for p2p ring up -d");
    const { runRing } = await import("../lab/ring.ts");
    return await runRing(options);
  },
});

export default toldAsJson(ring);
