/**
 * How fast the peers move contents, beside what the machine does without them, in one run: real
 * processes of `p2p` on loopback. One line of JSON for each figure, or a table.
 *
 * `bun bench/main.ts [--quick] [--json] [--table] [--program FILE]`
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killChildren } from "./children.ts";
import { sendRaw } from "./copies.ts";
import { serveEcho } from "./echo.ts";
import { receiveRaw } from "./fanout.ts";
import { Figures } from "./figures.ts";
import { serveFramed } from "./framed.ts";
import { PARTS } from "./parts.ts";
import { PLANS, type Plan } from "./plan.ts";
import { serveRaw } from "./raw-serve.ts";
import { documentOf, reportOf } from "./report.ts";

const ROOT = join(import.meta.dir, "..");
const DOCUMENT = join(ROOT, "docs/BENCHMARKS.md");

type Options = {
  readonly plan: Plan;
  readonly json: boolean;
  readonly table: boolean;
  readonly program: readonly string[];
  /** Which parts; all if it is empty. */
  readonly only: string | null;
  /** Where other systems may be installed, besides the path. */
  readonly others: string | null;
};

const USAGE = `bun bench/main.ts [flags]

--quick        a minute instead of ten
--tiny         as little as shows that it works; its figures mean nothing
--json         a line of JSON for each figure instead of a table
--table        also write the table into docs/BENCHMARKS.md
--program FILE peers run this program instead of dist/p2p
--others DIR   etcd, redis-server and node_modules/hyperdht are there, or on the path
--only PART    ${Object.keys(PARTS).join(", ")}: that alone
`;

const [role, argument = ""] = process.argv.slice(2);
if (role === "echo") serveEcho();
else if (role === "framed") serveFramed();
else if (role === "serve") serveRaw(argument);
else if (role === "receive") receiveRaw(argument);
else if (role === "send") sendRaw(argument);
else process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === "string") {
    process.stderr.write(options);
    return options === USAGE ? 0 : 2;
  }
  const dir = mkdtempSync(join(tmpdir(), "p2p-bench-"));
  const clean = (): void => rmSync(dir, { recursive: true, force: true });
  const stopped = (): void => {
    void killChildren().then(() => {
      clean();
      process.exit(130);
    });
  };
  process.once("SIGINT", stopped);
  process.once("SIGTERM", stopped);
  try {
    const figures = await measureAll(options, dir);
    if (options.json) for (const line of figures.lines()) console.log(JSON.stringify(line));
    else console.log(reportOf(figures));
    if (options.table) writeFileSync(DOCUMENT, documentOf(figures, readFileSync(DOCUMENT, "utf8")));
    return 0;
  } finally {
    await killChildren();
    clean();
    process.off("SIGINT", stopped);
    process.off("SIGTERM", stopped);
  }
}

function parse(args: readonly string[]): Options | string {
  const valued = ["--program", "--only", "--others"];
  const known = ["--quick", "--tiny", "--json", "--table", "--help", ...valued];
  const value = (flag: string): string | null =>
    args.includes(flag) ? (args[args.indexOf(flag) + 1] ?? "") : null;
  const wrong = args.find((arg, i) => !known.includes(arg) && !valued.includes(args[i - 1] ?? ""));
  if (args.includes("--help")) return USAGE;
  if (wrong !== undefined) return `There is no flag ${wrong}: see --help.\n`;
  const program = value("--program") ?? join(ROOT, "dist/p2p");
  const only = value("--only");
  if (only !== null && !(only in PARTS)) {
    return `There is no part ${only}: choose among ${Object.keys(PARTS).join(", ")}.\n`;
  }
  if (!existsSync(program)) return `${program} is not there: run npm run build first.\n`;
  return {
    plan: PLANS[args.includes("--tiny") ? "tiny" : args.includes("--quick") ? "quick" : "full"],
    json: args.includes("--json"),
    table: args.includes("--table"),
    program: [program],
    only,
    others: value("--others"),
  };
}

async function measureAll({ plan, program, only, others }: Options, dir: string): Promise<Figures> {
  const figures = new Figures();
  const self = [process.execPath, import.meta.path];
  for (const [name, part] of Object.entries(PARTS)) {
    if (only !== null && only !== name) continue;
    const own = join(dir, name);
    mkdirSync(own);
    await part({ program, self, dir: own, plan, figures, others, say });
    rmSync(own, { recursive: true, force: true });
  }
  return figures;
}

function say(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${what}\n`);
}
