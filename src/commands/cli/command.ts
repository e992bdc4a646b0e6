import { type ArgsDef, type ParsedArgs, parseArgs } from "citty";
import type { Example, Shape } from "./check.ts";
import { checkArgs } from "./check.ts";
import { tell } from "./errors.ts";

export type Command = Shape & {
  /** @returns the exit code. Throws UsageError where the arguments are wrong. */
  run(argv: readonly string[]): Promise<number>;
};

/** A row of the table of commands. */
export type Entry = {
  readonly summary: string;
  /** It is a peer, and runs for long. */
  readonly serves?: true;
  /** No help or list names it. */
  readonly hidden?: true;
  load(): Promise<Command>;
};

/** All commands, by name; a name may be of two words. */
export type Table = Readonly<Record<string, Entry>>;

type Spec<T extends ArgsDef> = {
  name: string;
  args: T;
  forms: readonly (readonly string[])[];
  hidden?: readonly string[];
  renamed?: Shape["renamed"];
  examples: readonly Example[];
  /** @param argv the command line that the arguments were read from */
  run(args: ParsedArgs<T>, argv: readonly string[]): Promise<number>;
};

/** A command whose words citty reads, behind the strict check that citty lacks. */
export function command<const T extends ArgsDef>(spec: Spec<T>): Command {
  const shape: Shape = {
    name: spec.name,
    args: spec.args,
    forms: spec.forms,
    hidden: spec.hidden ?? [],
    renamed: spec.renamed ?? [],
    examples: spec.examples,
  };
  return {
    ...shape,
    run: async (argv) => await spec.run(parseArgs<T>(checkArgs(shape, argv), spec.args), argv),
  };
}

/**
 * A command of which programs read the output: asked for `--json`, its errors are a document on standard output
 * as well, beside the sentence on standard error.
 */
export function toldAsJson(command: Command): Command {
  return {
    ...command,
    run: async (argv) => {
      try {
        return await command.run(argv);
      } catch (error) {
        if (argv.includes("--json")) {
          const { sentence, exitCode } = tell(error);
          console.log(JSON.stringify({ v: 1, error: sentence, exitCode }));
        }
        throw error;
      }
    },
  };
}
