import { afterAll, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Fault } from "./fault.ts";
import { FAULTS, MOST_SEEDS, QUICK_SEEDS } from "./faults.ts";
import { type Catch, inParallel, plant, planted, playSeeds, seedsToCatch } from "./plant.ts";

/** `P2P_PLANTED=all npm test -- test/planted` plays those faults too that need many seeds. */
const all = process.env["P2P_PLANTED"] === "all";
const AT_ONCE = 2;
const MOST_MS = 600_000;

const caughtSoon = ({ within }: Fault) => within !== null && (all || within <= QUICK_SEEDS);
const played = FAULTS.filter(caughtSoon);

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((f) => rm(f, { recursive: true, force: true }))));

test(
  "each planted fault is caught, by a check that it breaks",
  async () => {
    const catches = await inParallel(played, AT_ONCE, (fault) =>
      seedsToCatch(fault, fault.within ?? MOST_SEEDS),
    );
    const wrong = played.flatMap((fault, i) => complaint(fault, catches[i] ?? null) ?? []);
    expect(wrong).toEqual([]);
  },
  MOST_MS,
);

test(
  "without a fault the same seeds pass",
  async () => {
    const folder = await plant([]);
    folders.push(folder);
    expect(await playSeeds(folder, 1, Math.max(...played.map((f) => f.within ?? 0)))).toBeNull();
  },
  MOST_MS,
);

test("every fault can still be planted", async () => {
  for (const { edits } of FAULTS) await Promise.all(edits.map((edit) => planted(edit)));
});

test("a fault whose place is gone is not left out in silence", async () => {
  const nowhere = { file: "model/view.ts", find: "there is no such text", replace: "" };
  expect(plant([nowhere])).rejects.toThrow("is in model/view.ts 0 times, not once");
});

/** What is wrong with how a fault was caught, or null. */
function complaint({ name, checks, within }: Fault, caught: Catch | null): string | null {
  if (caught === null) return `"${name}" is not caught within ${within} seeds`;
  const { seed, check, why } = caught;
  if (checks.includes(check)) return null;
  return `"${name}" is caught at seed ${seed} by ${check} (${why}), not by ${checks.join(", ")}`;
}
