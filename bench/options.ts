/** What is to be done, as the command line says it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PARTS } from "./parts.ts";
import { PLANS, type Plan } from "./plan.ts";

export type Options = {
  readonly plan: Plan;
  readonly json: boolean;
  readonly table: boolean;
  readonly program: readonly string[];
  /** Which parts; all if it is empty. */
  readonly only: readonly string[];
  /** Whether to compare with what was kept, and whether to keep it anew. */
  readonly gate: boolean;
  readonly write: boolean;
  /** The folder for processor profiles, if it is these that are wanted. */
  readonly profile: string | null;
  /** Where other systems may be installed, besides the path. */
  readonly others: string | null;
};

/** The parts that the gate is of. */
const GATED = ["sockets", "messages"];

export const USAGE = `bun bench/main.ts [flags]

--quick        a few minutes instead of half an hour
--tiny         as little as shows that it works; its figures mean nothing
--json         a line of JSON for each figure instead of a table
--table        also write the table into docs/BENCHMARKS.md
--program FILE peers run this program instead of dist/p2p
--others DIR   etcd, redis-server and node_modules/hyperdht are there, or on the path
--profile DIR  instead, the processor profile of a peer under puts and under gets
--gate         instead, compare with what bench/gate.json keeps; exit code 1 where it is worse
--write        with --gate: keep it anew, out of several runs
--rounds N     take turns so often, rather than as the plan says
--only PARTS   ${Object.keys(PARTS).join(", ")}: these alone
`;

/** @param root the folder of the project @returns a sentence, or the usage, where there is nothing to do */
export function parse(args: readonly string[], root: string): Options | string {
  const valued = ["--program", "--only", "--others", "--profile", "--rounds"];
  const known = [
    "--quick",
    "--tiny",
    "--json",
    "--table",
    "--gate",
    "--write",
    "--help",
    ...valued,
  ];
  const value = (flag: string): string | null =>
    args.includes(flag) ? (args[args.indexOf(flag) + 1] ?? "") : null;
  const wrong = args.find((arg, i) => !known.includes(arg) && !valued.includes(args[i - 1] ?? ""));
  if (args.includes("--help")) return USAGE;
  if (wrong !== undefined) return `There is no flag ${wrong}: see --help.\n`;
  const program = value("--program") ?? join(root, "dist/p2p");
  const only = value("--only")?.split(",") ?? [];
  const unknown = only.find((part) => !Object.hasOwn(PARTS, part));
  if (unknown !== undefined) {
    return `There is no part ${unknown}: choose among ${Object.keys(PARTS).join(", ")}.\n`;
  }
  if (!existsSync(program)) return `${program} is not there: run npm run build first.\n`;
  const gate = args.includes("--gate");
  const small = args.includes("--tiny") ? "tiny" : args.includes("--quick") ? "quick" : "full";
  const plan = PLANS[gate ? "gate" : small];
  const rounds = Number(value("--rounds") ?? 0);
  return {
    plan: rounds > 0 ? { ...plan, rounds, startRounds: rounds } : plan,
    json: args.includes("--json"),
    table: args.includes("--table"),
    program: [program],
    only: gate ? GATED : only,
    gate,
    write: gate && args.includes("--write"),
    profile: value("--profile"),
    others: value("--others"),
  };
}
