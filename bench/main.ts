/**
 * How fast the peers move contents, beside what the machine does without them, in one run: real
 * processes of `p2p` on loopback. One line of JSON for each figure, or a table.
 *
 * `bun bench/main.ts [--quick] [--json] [--table] [--program FILE]`
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killChildren } from "./children.ts";
import { BenchClient } from "./client.ts";
import { type Copying, measureLarge, storeLarge } from "./contents.ts";
import { sendRaw } from "./copies.ts";
import { openEcho, serveEcho } from "./echo.ts";
import { Figures } from "./figures.ts";
import { KIB } from "./limits.ts";
import { measureSize, type Operations, warmUp } from "./operations.ts";
import { PLANS, type Plan } from "./plan.ts";
import { quantile } from "./rates.ts";
import { documentOf, tableOf } from "./report.ts";
import { measureRestart } from "./restart.ts";
import { startRing, stopRing } from "./ring.ts";

const ROOT = join(import.meta.dir, "..");
const DOCUMENT = join(ROOT, "docs/BENCHMARKS.md");

type Options = {
  readonly plan: Plan;
  readonly json: boolean;
  readonly table: boolean;
  readonly program: readonly string[];
  /** Which parts; all if it is empty. */
  readonly only: string | null;
};

const USAGE = `bun bench/main.ts [flags]

--quick        a minute instead of ten
--tiny         as little as shows that it works; its figures mean nothing
--json         a line of JSON for each figure instead of a table
--table        also write the table into docs/BENCHMARKS.md
--program FILE peers run this program instead of dist/p2p
--only PART    messages, contents or restart
`;

const [role, argument = ""] = process.argv.slice(2);
if (role === "echo") serveEcho();
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
    const lines = figures.lines();
    if (options.json) for (const line of lines) console.log(JSON.stringify(line));
    else console.log(tableOf(lines));
    if (options.table) writeFileSync(DOCUMENT, documentOf(lines, readFileSync(DOCUMENT, "utf8")));
    return 0;
  } finally {
    await killChildren();
    clean();
    process.off("SIGINT", stopped);
    process.off("SIGTERM", stopped);
  }
}

function parse(args: readonly string[]): Options | string {
  const valued = ["--program", "--only"];
  const known = ["--quick", "--tiny", "--json", "--table", "--help", ...valued];
  const value = (flag: string): string | null =>
    args.includes(flag) ? (args[args.indexOf(flag) + 1] ?? "") : null;
  const wrong = args.find((arg, i) => !known.includes(arg) && !valued.includes(args[i - 1] ?? ""));
  if (args.includes("--help")) return USAGE;
  if (wrong !== undefined) return `There is no flag ${wrong}: see --help.\n`;
  const program = value("--program") ?? join(ROOT, "dist/p2p");
  if (!existsSync(program)) return `${program} is not there: run npm run build first.\n`;
  return {
    plan: PLANS[args.includes("--tiny") ? "tiny" : args.includes("--quick") ? "quick" : "full"],
    json: args.includes("--json"),
    table: args.includes("--table"),
    program: [program],
    only: value("--only"),
  };
}

async function measureAll(options: Options, dir: string): Promise<Figures> {
  const { plan, program, only } = options;
  const figures = new Figures();
  const wants = (part: string): boolean => only === null || only === part;
  if (wants("messages")) await measureMessages(program, dir, plan, figures);
  if (wants("contents")) await measureContents(program, dir, plan, figures);
  if (wants("restart")) {
    say("filling a peer");
    await measureRestart(program, dir, plan.restartFiles, plan.rounds, figures);
  }
  return figures;
}

async function measureMessages(
  program: readonly string[],
  dir: string,
  plan: Plan,
  figures: Figures,
): Promise<void> {
  const ring = await startRing(program, join(dir, "messages"));
  const [first] = ring.peers;
  if (first === undefined) throw new Error("the ring is empty");
  const echo = await openEcho([process.execPath, import.meta.path, "echo"]);
  const client = await BenchClient.open(first.status);
  const operations: Operations = { client, pids: ring.pids, figures };
  say("warming up");
  await warmUp(operations, plan.warmOperations);
  await echo.roundTrips(plan.echoes);
  for (let round = 0; round < plan.rounds; round++) {
    say(`messages, round ${round + 1} of ${plan.rounds}`);
    const { each, ms } = await echo.roundTrips(plan.echoes);
    figures.add(
      { bench: "echo", bytes: KIB, inFlight: 1 },
      {
        operations: plan.echoes,
        medianMs: quantile(each, 0.5),
        p99Ms: quantile(each, 0.99),
        perSecond: (plan.echoes * 1_000) / ms,
      },
    );
    for (const size of plan.sizes) await measureSize(operations, size, round);
  }
  client.close();
  await echo.close();
  await stopRing(ring);
  rmSync(join(dir, "messages"), { recursive: true });
}

async function measureContents(
  program: readonly string[],
  dir: string,
  plan: Plan,
  figures: Figures,
): Promise<void> {
  const ring = await startRing(program, join(dir, "contents"));
  const rawSender = [process.execPath, import.meta.path, "send"];
  const copying: Copying = { program, rawSender, dir, ring, figures };
  const large = await storeLarge(copying, plan.copyBytes);
  for (let round = 0; round < plan.rounds; round++) {
    say(`contents, round ${round + 1} of ${plan.rounds}`);
    await measureLarge(copying, large);
  }
  await stopRing(ring);
  rmSync(join(dir, "contents"), { recursive: true });
}

function say(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${what}\n`);
}
