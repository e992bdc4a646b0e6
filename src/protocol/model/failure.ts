/** How the program ends other than well: what is thrown for it, and the exit codes. */

/** What was asked could not be done or printed, or a check failed. */
export const EXIT_FAILED = 1;
/** The command line is wrong, or it does not say which peer or ring. */
export const EXIT_USAGE = 2;
/** Whether all is well could not be told. */
export const EXIT_INCONCLUSIVE = 3;
/** A mistake of this program, as in sysexits.h: "internal software error". */
export const EXIT_BUG = 70;

/** An expected failure: one sentence for a person, and the exit code that goes with it. */
export class Failure extends Error {
  override readonly name = "Failure";

  /**
   * @param sentence the cause and what to do next
   * @param exitCode one of those above
   */
  constructor(
    sentence: string,
    readonly exitCode: number = EXIT_FAILED,
  ) {
    super(sentence);
  }
}
