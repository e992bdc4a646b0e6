/**
 * Measures how many seeds each planted fault needs, and writes the table in docs/PLANTED.md anew:
 * `node_modules/.bin/bun test/planted/record.ts`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { FAULTS, MOST_SEEDS } from "./faults.ts";
import { inParallel, seedsToCatch } from "./plant.ts";

const PAGE = join(import.meta.dir, "../../docs/PLANTED.md");
const BEGIN = "<!-- table -->\n";
const END = "<!-- end of table -->";

const unplanted = await seedsToCatch({ edits: [] }, MOST_SEEDS);
if (unplanted !== null) throw new Error(`seed ${unplanted.seed} fails without a fault`);

const rows = await inParallel(FAULTS, availableParallelism(), async (fault) => {
  const caught = await seedsToCatch(fault, MOST_SEEDS);
  const right = caught !== null && fault.checks.includes(caught.check);
  const number = right ? `${caught.seed}` : `not in ${MOST_SEEDS}`;
  const seeds = fault.drawing === undefined ? number : `${number} (${fault.drawing})`;
  const row = `| ${fault.name} | ${fault.breaks} | ${seeds} | ${right ? caught.check : "none"} |`;
  console.log(caught === null || right ? row : `${row} but ${caught.check}: ${caught.why}`);
  return row;
});

const page = await readFile(PAGE, "utf8");
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined)
  throw new Error(`${PAGE} has no place for a table`);
const head = "| fault | what it breaks | seeds | caught by |\n| --- | --- | --- | --- |";
await writeFile(PAGE, `${before}${BEGIN}${head}\n${rows.join("\n")}\n${END}${after}`);
