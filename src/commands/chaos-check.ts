import type { ParsedArgs } from "citty";
import type { CheckOptions } from "../lab/check.ts";
import { type Limits, TIMES } from "../lab/verdict.ts";
import { command } from "./cli/command.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { optional, parseTimeMs } from "./cli/values.ts";

/** What a run may take, and what is written of it: of chaos, and of a run that is judged again. */
export const REPORT_ARGS = {
  "max-detect": limit("a death is noticed later"),
  "max-heal": limit("a heal takes longer"),
  "max-recopy": limit("files lack copies for longer"),
  "max-unavailable": limit("a name cannot be had for longer"),
  junit: {
    type: "string",
    valueHint: "FILE",
    description: "write JUnit's XML, a case for each check",
  },
  report: {
    type: "string",
    valueHint: "FILE.html",
    description: "write a page that draws the ring through time, and needs no network",
  },
} as const;

const ARGS = {
  file: { type: "positional", required: true, description: "the file of a run" },
  ...REPORT_ARGS,
  ...JSON_ARG,
} as const;

function limit(what: string): { type: "string"; valueHint: string; description: string } {
  return {
    type: "string",
    valueHint: "TIME",
    description: `fail where ${what}, as in 2s`,
  };
}

/** The limits that were given. @throws UsageError */
export function limitsOf(args: Partial<ParsedArgs<typeof REPORT_ARGS>>): Limits {
  const given = TIMES.flatMap((name) => {
    const ms = optional(parseTimeMs, `--max-${name}`, args[`max-${name}`]);
    return ms === null ? [] : [[name, ms] as const];
  });
  return Object.fromEntries(given);
}

/** What `p2p chaos check` asks of the lab. @throws UsageError */
export function checkOptions(args: Partial<ParsedArgs<typeof ARGS>>): CheckOptions {
  const { file = "", junit = null, report = null, json } = args;
  return { path: file, limits: limitsOf(args), junit, page: report, json: json === true };
}

export default command({
  name: "chaos check",
  args: ARGS,
  forms: [["FILE"]],
  examples: [
    ["p2p chaos check run.jsonl", "judge the run once more, by its file alone"],
    ["p2p chaos check run.jsonl --max-heal 2s --json", "fail where a heal took longer, as JSON"],
  ],
  async run(args) {
    const { runCheck } = await import("../lab/check.ts");
    return await runCheck(checkOptions(args));
  },
});
