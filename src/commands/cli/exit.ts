import { say } from "../../terminal/shown.ts";
import { tell } from "./errors.ts";
import { outputFailure, outputIsLost, printed, READER_GONE, readerHasGone } from "./output.ts";

/** How long a reader of our output may take with what is left of it at the end. */
const FLUSH_MS = 5000;

/** Says one sentence on standard error. No stack, unless P2P_DEBUG=1 asks for it. */
export async function complain(error: unknown): Promise<number> {
  const { sentence, exitCode } = tell(error);
  // Loaded only now: it costs more than all else that a command line needs.
  const { createConsola } = await import("consola/basic");
  // Its own reporters change their format with CI and TEST, and console.error colors what it prints.
  const consola = createConsola({
    level: 0,
    throttle: 0,
    reporters: [{ log: ({ args }) => say(args.join(" ")) }],
  });
  consola.error(sentence);
  if (process.env["P2P_DEBUG"] === "1" && error instanceof Error) consola.error(error.stack ?? "");
  return exitCode;
}

/**
 * Ends the process once its output has been read, or cannot be: then the exit code says so, and a
 * sentence, unless its reader just went away.
 */
export async function finish(exitCode: number): Promise<never> {
  await inTime(printed());
  if (readerHasGone()) return await exit(READER_GONE);
  const failure = outputFailure();
  if (failure === null) return await exit(exitCode);
  return await exit(Math.max(await complain(failure), exitCode));
}

/**
 * The same, where all that there is to say has been said. Exiting at once would lose what a slow pipe
 * has not taken yet; only ending the streams tells when it has.
 */
export async function exit(exitCode: number): Promise<never> {
  const streams = outputIsLost() ? [process.stderr] : [process.stdout, process.stderr];
  const ended = streams.map(
    (stream) => new Promise<void>((resolve) => stream.once("error", resolve).end(resolve)),
  );
  await inTime(Promise.all(ended));
  process.exit(exitCode);
}

async function inTime(flushed: Promise<unknown>): Promise<void> {
  await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
}
