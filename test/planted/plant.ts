/**
 * Builds of the simulator with one fault planted in the protocol. The source is copied to a folder of
 * its own and changed there, so that the product's code knows nothing of planted faults.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Edit, Fault } from "./fault.ts";

/** The first seed whose run fails, and the check that did not hold. */
export type Catch = { readonly seed: number; readonly check: string; readonly why: string };

const ROOT = resolve(import.meta.dir, "../..");
/** A fault may make a peer loop for ever; that is no catch, but it must not hold up the rest. */
const MOST_MS = 900_000;

/**
 * Runs in the build's folder, as a process of its own, since modules are kept within a process.
 * A planted fault that makes the code itself throw counts as caught: by the check "threw".
 */
const RUNNER = `
import { ALONE, HARD, PLAIN } from "./src/sim/drawing.ts";
import { drawLies } from "./src/sim/lies.ts";
import { drawPlan } from "./src/sim/plan.ts";
import { runPlan } from "./src/sim/simulated-run.ts";
const lies = process.argv[4] === "lies";
const drawing = { hard: HARD, alone: ALONE }[process.argv[4]] ?? PLAIN;
const failureOf = (seed) => {
  try {
    return runPlan(lies ? drawLies(seed) : drawPlan(seed, drawing)).failure;
  } catch (error) {
    return { check: "threw", why: String(error) };
  }
};
let caught = null;
for (let seed = Number(process.argv[2]); seed <= Number(process.argv[3]) && caught === null; seed++) {
  const failure = failureOf(seed);
  if (failure !== null) caught = { seed, check: failure.check, why: failure.why };
}
console.log(JSON.stringify(caught));
`;

/** A folder with the simulator's source and a fault in it, to be removed by the caller. */
export async function plant(edits: readonly Edit[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "p2p-planted-"));
  await cp(join(ROOT, "src"), join(folder, "src"), { recursive: true });
  await cp(join(ROOT, "package.json"), join(folder, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "runner.ts"), RUNNER);
  try {
    for (const edit of edits) {
      await writeFile(join(folder, "src/protocol", edit.file), await planted(edit, folder));
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** Plays the seeds in the build until one fails. @returns null if all of them pass */
export async function playSeeds(
  folder: string,
  from: number,
  to: number,
  drawing: Fault["drawing"] = undefined,
): Promise<Catch | null> {
  const drawn = drawing ?? "plain";
  const child = Bun.spawn([process.execPath, "runner.ts", String(from), String(to), drawn], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
    timeout: MOST_MS,
  });
  const [out, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`the planted build ended: ${errors}`);
  return readCatch(out);
}

/** Plants a fault, plays the seeds from 1 on until one fails, and clears up. */
export async function seedsToCatch(
  { edits, drawing }: Pick<Fault, "edits" | "drawing">,
  seeds: number,
): Promise<Catch | null> {
  const folder = await plant(edits);
  try {
    return await playSeeds(folder, 1, seeds, drawing);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Does some work for each item, so many at a time; the answers are in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** The text of a source file with a fault in it. @throws Error if it could not be planted there */
export async function planted({ file, find, replace }: Edit, folder = ROOT): Promise<string> {
  const text = await readFile(join(folder, "src/protocol", file), "utf8");
  const times = text.split(find).length - 1;
  // It has to be there exactly once: else the fault would silently not be planted.
  if (times !== 1) throw new Error(`"${find}" is in ${file} ${times} times, not once`);
  return text.replace(find, () => replace);
}

function readCatch(out: string): Catch | null {
  const caught: unknown = JSON.parse(out);
  if (caught === null) return null;
  if (typeof caught === "object" && "seed" in caught && "check" in caught && "why" in caught) {
    const { seed, check, why } = caught;
    if (typeof seed === "number") return { seed, check: String(check), why: String(why) };
  }
  throw new Error(`the planted build said ${out}`);
}
