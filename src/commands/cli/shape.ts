import type { ArgsDef } from "citty";

/** A line of the help: what to type, and what that does. */
export type Example = readonly [line: string, what: string];

/** What help and the strict check know of a command. */
export type Shape = {
  readonly name: string;
  readonly args: ArgsDef;
  /** The names of the positional arguments, for each way to give them. */
  readonly forms: readonly (readonly string[])[];
  /** Flags that no help shows. */
  readonly hidden: readonly string[];
  /** Flags of earlier versions, and what each is called now. */
  readonly renamed: readonly (readonly [before: string, now: string])[];
  readonly examples: readonly Example[];
};
