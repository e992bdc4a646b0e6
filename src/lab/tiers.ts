/**
 * Which of the runtime's compilers a peer goes without. JavaScriptCore compiles what runs often once more,
 * and what runs very often a last time, with its "FTL". A peer's time is spread over a thousand functions,
 * none of them hot for long: the last compiler is busy for minutes, beside the peer on the same cores, and
 * what it gains is less. Measured in a ring of 3 on 2 cores, under gets through control sockets: without
 * it twice to three times as many a second.
 */
import { ownProgram } from "./program.ts";

/**
 * Further environment of a process that is a peer. Read by the runtime when it starts, and only then. What is
 * compiled once more is so three times sooner than usual: a fifth more puts in the first seconds of a load.
 */
export const PEER_ENV = {
  BUN_JSC_useFTLJIT: "0",
  BUN_JSC_thresholdForOptimizeAfterWarmUp: "300",
} as const;

/**
 * The same of a ring's child. Dozens of them share the cores while the ring forms: compiled once more is
 * only what has run forty times as often as usual, which a ring at rest never has. Measured: three
 * quarters of the processor time of a ring of 64 until it is steady, and all the speed after some seconds
 * under load.
 */
export const CHILD_ENV = {
  ...PEER_ENV,
  BUN_JSC_thresholdForOptimizeAfterWarmUp: "40000",
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: "40000",
} as const;

/** The same of a process that many peers of a ring share: what they run is hot soon. */
export const SHARED_ENV = {
  ...PEER_ENV,
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: "1000",
} as const;

/**
 * Makes this process one that has `PEER_ENV`: the same command line in its place (execve), with the same
 * id and open files. Nothing may have been opened or begun before. Returns where it has it already, and
 * where it cannot be had: then all is the same, only slower.
 */
export function becomePeerProcess(): void {
  const [file, ...first] = ownProgram();
  const has = process.env["BUN_JSC_useFTLJIT"] !== undefined;
  if (has || file === undefined || first.length > 0 || process.execve === undefined) return;
  try {
    const words = [process.argv0, ...process.argv.slice(2)];
    process.execve(file, words, { ...process.env, ...PEER_ENV });
  } catch {
    // This system has no such call.
  }
}
