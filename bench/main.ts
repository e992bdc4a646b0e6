/**
 * How fast the peers move contents, beside what the machine does without them, in one run: real
 * processes of `p2p` on loopback. One line of JSON for each figure, or a table.
 *
 * `bun bench/main.ts [--quick] [--json] [--table] [--program FILE]`
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killChildren } from "./children.ts";
import { sendRaw } from "./copies.ts";
import { serveEcho } from "./echo.ts";
import { receiveRaw } from "./fanout.ts";
import { Figures } from "./figures.ts";
import { serveFramed } from "./framed.ts";
import { compare, kept, NOISE_RUNS, readGate, writeGate } from "./gate.ts";
import { type Options, parse, USAGE } from "./options.ts";
import { PARTS } from "./parts.ts";
import { profile } from "./profile.ts";
import { serveRaw } from "./raw-serve.ts";
import { documentOf, reportOf } from "./report.ts";

const ROOT = join(import.meta.dir, "..");
const DOCUMENT = join(ROOT, "docs/BENCHMARKS.md");

/** How long a peer is profiled. */
const PROFILE_MS = 8_000;

const [role, argument = ""] = process.argv.slice(2);
if (role === "echo") serveEcho();
else if (role === "framed") serveFramed();
else if (role === "serve") serveRaw(argument);
else if (role === "receive") receiveRaw(argument);
else if (role === "send") sendRaw(argument);
else process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args, ROOT);
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
    return await perform(options, dir);
  } finally {
    await killChildren();
    clean();
    process.off("SIGINT", stopped);
    process.off("SIGTERM", stopped);
  }
}

/** @returns the exit code */
async function perform(options: Options, dir: string): Promise<number> {
  if (options.profile !== null) {
    const source = join(ROOT, "src/main.ts");
    console.log(await profile(options.program, source, dir, options.profile, PROFILE_MS));
    return 0;
  }
  if (options.write) {
    const runs = [];
    for (let i = 0; i < NOISE_RUNS; i++) runs.push(await measureAll(options, dir));
    console.log(writeGate(kept(runs)));
    return 0;
  }
  const figures = await measureAll(options, dir);
  if (options.gate) {
    const { text, worse } = compare(figures, readGate());
    console.log(text);
    if (worse.length > 0) console.error(`Worse than before: ${worse.join("; ")}.`);
    return worse.length > 0 ? 1 : 0;
  }
  if (options.json) for (const line of figures.lines()) console.log(JSON.stringify(line));
  else console.log(reportOf(figures));
  if (options.table) writeFileSync(DOCUMENT, documentOf(figures, readFileSync(DOCUMENT, "utf8")));
  return 0;
}

async function measureAll({ plan, program, only, others }: Options, dir: string): Promise<Figures> {
  const figures = new Figures();
  const self = [process.execPath, import.meta.path];
  for (const [name, part] of Object.entries(PARTS)) {
    if (only.length > 0 && !only.includes(name)) continue;
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
