/**
 * `npm run fuzz -- TARGET [--seed N] [--for 10m] [--count N] [--keep NAME]`: plays cases until one fails. A case that
 * fails is cut down and printed, with the command that plays it again; NAME
 * keeps it in `found/`. See docs/FUZZING.md.
 */
import { parseArgs } from "node:util";
import { foundCases, keep } from "./found.ts";
import { fuzz, type Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const SAID_EVERY_MS = 10_000;
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: "string" },
      for: { type: "string" },
      count: { type: "string" },
      keep: { type: "string" },
      found: { type: "string" },
    },
  });
  if (values.found !== undefined) return await again(values.found);
  const names = positionals.length === 0 ? Object.keys(TARGETS) : positionals;
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const count = values.count === undefined ? Number.POSITIVE_INFINITY : Number(values.count);
  const forMs = values.for === undefined ? null : durationOf(values.for);
  for (const name of names) {
    const open = TARGETS[name];
    if (open === undefined || Number.isNaN(seed + count + (forMs ?? 0))) return usage();
    console.log(`${name}: seed ${seed}`);
    // Without a limit of its own each target has a minute.
    const most = forMs ?? (values.count === undefined ? 60_000 : Number.POSITIVE_INFINITY);
    const target = await open();
    try {
      const failed = await play(name, target, { seed, count, forMs: most });
      if (failed !== null && values.keep !== undefined) keep(values.keep, name, failed);
      if (failed !== null) return 1;
    } finally {
      await target.close?.();
    }
  }
  return 0;
}

/** Plays a case that was kept. @returns 1 if it still fails */
async function again(name: string): Promise<number> {
  const found = foundCases().find((one) => one.name === name);
  const target = found && (await TARGETS[found.target]?.());
  if (found === undefined || target?.replay === undefined) return usage();
  try {
    const why = await target.replay(JSON.stringify(found.kept));
    console.log(why === null ? `${name} holds now` : `${name} fails: ${why}`);
    return why === null ? 0 : 1;
  } finally {
    await target.close?.();
  }
}

async function play(name: string, target: Target, limits: Parameters<typeof fuzz>[1]) {
  const began = performance.now();
  let saidAt = began;
  const say = (done: number) => {
    const seconds = (performance.now() - began) / 1_000;
    const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
    console.log(
      `${name}: ${done} cases in ${seconds.toFixed(1)} s, ${memory} MiB${rates(target.did, seconds)}`,
    );
  };
  const { done, failed } = await fuzz(target, limits, (so) => {
    if (performance.now() - saidAt < SAID_EVERY_MS) return;
    saidAt = performance.now();
    say(so);
  });
  say(done);
  if (failed === null) return null;
  const { seed, found } = failed;
  console.log(`${name} failed at seed ${seed}: ${found.why}`);
  for (const line of found.reproduction) console.log(`  ${line}`);
  console.log(`replay it: npm run fuzz -- ${name} --seed ${seed} --count 1`);
  return failed;
}

/** What was done in a second, most of it first. */
function rates(did: Readonly<Record<string, number>>, seconds: number): string {
  const most = Object.entries(did).sort((a, b) => b[1] - a[1]);
  return most.map(([what, n]) => `; ${what} ${n} (${Math.round(n / seconds)}/s)`).join("");
}

function durationOf(text: string): number {
  const [, number = "", unit = ""] = /^(\d+)([smh])$/.exec(text) ?? [];
  return Number(number || Number.NaN) * (UNITS[unit] ?? Number.NaN);
}

function usage(): number {
  const names = Object.keys(TARGETS).join("|");
  console.error(`npm run fuzz -- [${names}] [--seed N] [--for 10m] [--count N] [--keep NAME]`);
  console.error("npm run fuzz -- --found NAME");
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
