/** What a planted fault is. */

/** One replacement in a file under src/protocol, where `find` stands exactly once. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

export type Fault = {
  readonly name: string;
  /** What it breaks, in a few words. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** The checks that may be the ones to catch it. */
  readonly checks: readonly string[];
  /**
   * Seeds within which the tests want it caught. Up to QUICK_SEEDS, every run of the tests plays it, above
   * that only P2P_PLANTED=all does. Null for one that no check catches yet.
   */
  readonly within: number | null;
  /**
   * What the seeds draw from, if the plain faults do not show it: `hard` has messages late and sent again,
   * cuts of one kind, and busy clients; `alone` one thing that befalls a calm ring; `lies` are told to a small one.
   */
  readonly drawing?: "hard" | "alone" | "lies";
};
