import { EXIT_BUG, EXIT_USAGE, Failure } from "../../protocol/model/failure.ts";

/** The command line itself is wrong: one sentence that names what. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly exitCode = EXIT_USAGE;
}

/** What a person is told of an error, and the code that the program ends with. */
export type Told = { readonly sentence: string; readonly exitCode: number };

/**
 * One sentence, on one line, for anything that was thrown. Wrong usage and expected failures speak
 * for themselves; all else is a bug, and says how to see where it is.
 */
export function tell(error: unknown): Told {
  if (error instanceof UsageError || error instanceof Failure) {
    return { sentence: oneLine(error.message), exitCode: error.exitCode };
  }
  const what = oneLine(error instanceof Error ? error.message || error.name : String(error));
  const sentence = `Unexpected error: ${what} (a bug in p2p; P2P_DEBUG=1 shows where)`;
  return { sentence, exitCode: EXIT_BUG };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
