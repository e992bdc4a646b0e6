import { FAULTS, MOST_SEEDS } from "./faults.ts";
import { inParallel, seedsToCatch } from "./plant.ts";
await inParallel(FAULTS, 2, async (f) => {
  const t = performance.now();
  const c = await seedsToCatch(f.edits, MOST_SEEDS).catch((e) => String(e).slice(0, 300));
  console.log(`${f.name} | ${JSON.stringify(c)} | ${Math.round(performance.now() - t)}ms`);
});
