/** A command that runs another program is started once more as the first process of a cage, where one can be had. */
import { rm } from "node:fs/promises";
import { cagePrefix, namespaces, runCaged } from "../foreign/cage.ts";
import { say } from "../terminal/shown.ts";
import { ownProgram } from "./program.ts";
import { temporaryFolder } from "./ring-folder.ts";
import { INTERRUPTED, type Stop } from "./stop.ts";

export type CageOptions = {
  /** The command, and its command line as it was given. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Of one that was started in a cage: `namespaces` outside. Null outside. */
  readonly caged: string | null;
};

/**
 * @param here what is to be done in the cage, or here where there is none; resolves with the exit code
 * @returns the exit code
 */
export async function inCage(
  { name, argv, caged }: CageOptions,
  stop: Stop,
  here: () => Promise<number>,
): Promise<number> {
  if (caged !== null) {
    followInput(stop);
    return await here();
  }
  const home = temporaryFolder("p2p-mark-");
  try {
    const prefix = await cagePrefix(home);
    if (prefix === null) {
      say("There are no namespaces to be had here: the program runs beside everything else.");
      return await here();
    }
    const command = [...prefix, ...ownProgram(), name, ...argv, "--caged"];
    const code = await runCaged([...command, namespaces()], home, stop.wished);
    return code ?? INTERRUPTED;
  } finally {
    await rm(home, { recursive: true, force: true }).catch(() => {});
  }
}

/** Whoever started this process holds its standard input: it ends with that. */
function followInput(stop: Stop): void {
  process.stdin.on("end", () => stop.wish("input"));
  process.stdin.on("error", () => stop.wish("input"));
  process.stdin.resume();
}
