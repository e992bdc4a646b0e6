/** The processor profile of one peer of a ring of 3 under puts, and under gets: where its time goes. */
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { IN_FLIGHT, PEERS } from "./limits.ts";
import { runFor } from "./rates.ts";
import { openRingSystem } from "./ring-system.ts";
import { gets, puts, type System } from "./system.ts";

/** Functions that are printed. */
const SHOWN = 25;

/** As the runtime writes it, for `chrome://tracing` and most editors. */
type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
};

/**
 * Writes `put.cpuprofile` and `get.cpuprofile`. The profiled peer runs from the source: in the compiled program
 * functions have no names.
 * @param into the folder for the profiles
 * @param main the source's main file
 * @returns a table for each, of where the processor was
 */
export async function profile(
  program: readonly string[],
  main: string,
  dir: string,
  into: string,
  ms: number,
): Promise<string> {
  mkdirSync(into, { recursive: true });
  const texts = [];
  for (const kind of ["put", "get"] as const) {
    const own = join(dir, kind);
    const flags = ["--cpu-prof", `--cpu-prof-dir=${join(own, "profiles")}`];
    const founder = [process.execPath, ...flags, main];
    const system = await openRingSystem(program, own, PEERS, founder);
    await load(system, kind, ms);
    await system.end();
    const [file] = readdirSync(join(own, "profiles"));
    if (file === undefined) throw new Error("the runtime has written no profile");
    const path = join(into, `${kind}.cpuprofile`);
    renameSync(join(own, "profiles", file), path);
    texts.push(`${path}\n${topOf(JSON.parse(readFileSync(path, "utf8")))}`);
  }
  return texts.join("\n\n");
}

async function load(system: System, kind: "put" | "get", ms: number): Promise<void> {
  const { count } = await runFor(kind === "put" ? ms : ms / 4, IN_FLIGHT, puts(system, "profile"));
  if (kind === "get") await runFor(ms, IN_FLIGHT, gets(system, "profile", count));
}

/** The functions in which the processor was most often, without those that they called. */
function topOf({ nodes, samples }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url.split("/src/").at(-1) ?? url;
      return [id, `${functionName || "(no name)"} ${place}${url === "" ? "" : `:${lineNumber}`}`];
    }),
  );
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const name = names.get(sample) ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, count]) => `${((100 * count) / samples.length).toFixed(1).padStart(5)} %  ${name}`)
    .join("\n");
}
