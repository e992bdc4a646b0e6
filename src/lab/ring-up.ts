/**
 * `p2p ring up -d`: a ring that goes on when its terminal is gone. It is this program once more, in a session
 * of its own. Until it stands it ends with whoever started it: a pipe to its standard input tells.
 */
import { Failure } from "../protocol/model/failure.ts";
import { LAUNCH_MS } from "./limits.ts";
import { readLines } from "./lines.ts";
import { ownProgram } from "./program.ts";
import type { Stop } from "./stop.ts";

/** What the ring says on its standard output when it stands, and then no more. */
const STANDS = "stands";

/**
 * Starts the ring that a command line describes.
 * @param words the command line, without the flag that detaches
 * @returns its process, once it stands
 * @throws Failure with what it said, if it does not come to stand
 */
export async function launchRing(words: readonly string[]): Promise<number> {
  const child = Bun.spawn([...ownProgram(), ...words, "--detached"], {
    detached: true,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said: string[] = [];
  let stands = false;
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const heard = Promise.all([
    readLines(child.stdout, (line) => {
      stands ||= line === STANDS;
      if (stands) tell();
    }),
    readLines(child.stderr, (line) => said.push(line)),
  ]);
  await Promise.race([told, Promise.all([heard, child.exited]), Bun.sleep(LAUNCH_MS)]);
  if (!stands) {
    child.kill("SIGTERM");
    await child.exited;
    throw new Failure(said.at(-1) ?? "The ring did not come together.");
  }
  child.unref();
  return child.pid;
}

/**
 * On the other side: ends this ring with its launcher, as long as it does not stand.
 * @returns to be called when it does: the launcher is told, and no longer minded
 */
export function awaitLauncher(stop: Stop): () => void {
  let stands = false;
  const lost = (): void => {
    if (!stands) stop.wish("launcher");
  };
  process.stdin.on("end", lost).on("error", lost).resume();
  return () => {
    stands = true;
    console.log(STANDS);
  };
}
