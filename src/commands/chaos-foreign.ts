/** The arguments of `p2p chaos --exec`: another program's peers take fewer faults than our own. */
import type { ParsedArgs } from "citty";
import type { ForeignChaosOptions } from "../lab/foreign-chaos.ts";
import { FOREIGN_KINDS } from "../lab/foreign-plan.ts";
import { limitsOf } from "./chaos-check.ts";
import { UsageError } from "./cli/errors.ts";
import { programWords } from "./cli/program.ts";
import {
  optional,
  parseDurationMs,
  parseIds,
  parseIntervalMs,
  parseWhole,
  parseWord,
} from "./cli/values.ts";
import { ringIds } from "./ring.ts";

const DEFAULT_FAULTS = 6;
const MAX_FAULTS = 10_000;
const DEFAULT_EVERY_MS = 2_000;
const DEFAULT_INTERVAL_MS = 1_000;
/** Fewer could not heal: three live at any time, and two are ended. */
const FEWEST = 5;
const MOST = 256;
const MAX_SEED = 2 ** 32 - 1;
const SPREADS = ["adjacent", "random"] as const;

export const FOREIGN_ARGS = {
  exec: {
    type: "string",
    valueHint: "COMMAND",
    description: `break a ring of another program, as "python3 p2p.py": ${FOREIGN_KINDS.join(" and ")} alone`,
  },
  interval: {
    type: "string",
    valueHint: "SECONDS",
    description: "with --exec: from ping to ping (default 1)",
  },
  limit: {
    type: "string",
    valueHint: "SECONDS",
    description: "with --exec: how long it may take to heal (default 30, or 20 intervals)",
  },
  // One in namespaces of its own: those outside.
  caged: { type: "string" },
} as const;

type Args = Partial<ParsedArgs<typeof FOREIGN_ARGS>> & Readonly<Record<string, unknown>>;

/** What only our own peers take. */
const OWN_ALONE = [
  ...(["dir", "base-port", "copies", "lose-disks", "load", "workload", "exec-client"] as const),
  ...([
    "files",
    "size",
    "min-alive",
    "max-down",
    "own",
    "peer-program",
    "max-recopy",
    "max-unavailable",
  ] as const),
];

/** What `p2p chaos --exec` asks of the lab. @throws UsageError */
export function foreignChaosOptions(
  args: Args,
  given: string,
  argv: readonly string[],
): ForeignChaosOptions {
  const wrong = OWN_ALONE.find((name) => args[name] !== undefined);
  if (wrong !== undefined) {
    throw new UsageError(`--${wrong} is for p2p's own peers: leave it out with --exec`);
  }
  const text = (name: string): string | undefined => {
    const value = args[name];
    return typeof value === "string" ? value : undefined;
  };
  if (text("kills") !== undefined && text("for") !== undefined) {
    throw new UsageError("Give --kills or --for, not both");
  }
  const spread = optional(
    (what, said) => parseWord(what, said, SPREADS),
    "--spread",
    text("spread"),
  );
  const forMs = optional(parseDurationMs, "--for", text("for"));
  return {
    ...{ given, argv, forMs, caged: args.caged ?? null, user: null },
    command: programWords("--exec", given, null),
    ids: idsOf(text("peers"), text("ids")),
    intervalMs: optional(parseIntervalMs, "--interval", args.interval) ?? DEFAULT_INTERVAL_MS,
    limitMs: optional(parseDurationMs, "--limit", args.limit),
    seed: optional(whole(0, MAX_SEED), "--seed", text("seed")),
    kinds: kindsOf(text("faults") ?? "kill"),
    count:
      optional(whole(1, MAX_FAULTS), "--kills", text("kills")) ??
      (forMs === null ? DEFAULT_FAULTS : null),
    everyMs: optional(parseIntervalMs, "--every", text("every")) ?? DEFAULT_EVERY_MS,
    together: spread === "adjacent",
    only: optional(parseIds, "--only", text("only")),
    protect: optional(parseIds, "--protect", text("protect")) ?? [],
    dryRun: args["dry-run"] === true,
    json: args["json"] === true,
    log: text("log") ?? null,
    junit: text("junit") ?? null,
    page: text("report") ?? null,
    limits: limitsOf(args),
  };
}

function idsOf(peers: string | undefined, ids: string | undefined): readonly number[] {
  if (peers !== undefined && ids !== undefined) {
    throw new UsageError("Give --peers or --ids, not both");
  }
  const count = optional(whole(FEWEST, MOST), "--peers", peers) ?? 8;
  const named = optional(parseIds, "--ids", ids) ?? ringIds(count);
  if (named.length >= FEWEST) return named;
  throw new UsageError(`--ids must name ${FEWEST} peers or more: a ring of fewer has none to lose`);
}

function kindsOf(text: string): ForeignChaosOptions["kinds"] {
  if (text === "all") return FOREIGN_KINDS;
  const parts = text.split(",").map((part) => part.trim());
  const wrong = parts.find((part) => !FOREIGN_KINDS.some((kind) => kind === part));
  if (wrong === undefined) return FOREIGN_KINDS.filter((kind) => parts.includes(kind));
  throw new UsageError(
    `--faults ${wrong} cannot be done to another program: ${FOREIGN_KINDS.join(" and ")} can`,
  );
}

function whole(least: number, most: number) {
  return (what: string, text: string) => parseWhole(what, text, least, most);
}
