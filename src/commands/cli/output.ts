/** What a command prints arrives on standard output, or the command says that it did not. */

import { Failure } from "../../protocol/model/failure.ts";
import { shown } from "../../terminal/shown.ts";
import { closedOutput, wasClosed } from "./streams.ts";

/** As a shell shows a process that SIGPIPE ended: nobody reads on, and nobody is to be told. */
export const READER_GONE = 141;

/** The first error that standard output gave; null as long as it takes everything. */
let lost: NodeJS.ErrnoException | null = null;
let forgiven = false;
/** Lines that the system has not taken yet, and who waits for them. */
let pending = 0;
let wake: () => void = () => {};

/**
 * Has standard output's errors noted, and `console.log` go through it: on its own that would let them
 * pass unseen. Those of standard error have nowhere to be told.
 */
export function watchOutput(): void {
  if (wasClosed(1)) Object.defineProperty(process, "stdout", { value: closedOutput() });
  const note = (error: NodeJS.ErrnoException | null | undefined): void => {
    lost ??= error ?? null;
    // Lines behind one that failed may never be told of.
    if (lost !== null) wake();
  };
  process.stdout.on("error", note);
  process.stderr.on("error", () => {});
  console.log = (...parts: readonly unknown[]) => {
    pending++;
    // The stream's end may be told of before its errors are: each line is waited for.
    process.stdout.write(`${shown(parts.join(" "))}\n`, (error) => {
      note(error);
      pending--;
      if (pending === 0) wake();
    });
  };
}

/** Resolves when every line has been taken, or one has failed to be. */
export async function printed(): Promise<void> {
  if (pending === 0 || lost !== null) return;
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
}

/** True once standard output has failed: such a stream may never tell of its end. */
export function outputIsLost(): boolean {
  return lost !== null;
}

/** Of a peer, which goes on whatever becomes of its output: how it ends says nothing of that. */
export function forgiveOutput(): void {
  forgiven = true;
}

/** True once whoever read standard output has gone. */
export function readerHasGone(): boolean {
  return !forgiven && lost?.code === "EPIPE";
}

/** The sentence about what standard output has not taken; null where it took all, or its reader has gone. */
export function outputFailure(): Failure | null {
  if (forgiven || lost === null || lost.code === "EPIPE") return null;
  const full = lost.code === "ENOSPC" || lost.code === "EDQUOT";
  const why = full ? "the disk is full" : lost.message;
  return new Failure(
    `What was to be printed did not reach standard output (${why}): ${full ? "make room" : "send it elsewhere"} and run this again.`,
  );
}
