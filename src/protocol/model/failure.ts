/** An expected failure: one sentence for a person, and the exit code that goes with it. */
export class Failure extends Error {
  override readonly name = "Failure";

  /**
   * @param sentence the cause and what to do next, as one sentence
   * @param exitCode 1 for a failure of the work, 2 for a wrong command line, 3 for inconclusive
   */
  constructor(
    sentence: string,
    readonly exitCode = 1,
  ) {
    super(sentence);
  }
}

/** The exit code of a mistake of this program, as in sysexits.h: "internal software error". */
export const EXIT_BUG = 70;
