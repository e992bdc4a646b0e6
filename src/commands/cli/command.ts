import { type ArgsDef, defineCommand, type ParsedArgs, runCommand } from "citty";
import type { Example, Shape } from "./check.ts";
import { checkArgs } from "./check.ts";

export type Command = Shape & {
  /** @returns the exit code. Throws UsageError where the arguments are wrong. */
  run(argv: readonly string[]): Promise<number>;
};

type Spec<T extends ArgsDef> = {
  name: string;
  args: T;
  forms: readonly (readonly string[])[];
  hidden?: readonly string[];
  renamed?: Shape["renamed"];
  examples: readonly Example[];
  run(args: ParsedArgs<T>): Promise<number>;
};

/** A citty command behind the strict check that citty lacks, and with an exit code as its result. */
export function command<const T extends ArgsDef>(spec: Spec<T>): Command {
  const shape: Shape = {
    name: spec.name,
    args: spec.args,
    forms: spec.forms,
    hidden: spec.hidden ?? [],
    renamed: spec.renamed ?? [],
    examples: spec.examples,
  };
  let exitCode = 0;
  const inner = defineCommand<T>({
    args: spec.args,
    run: async ({ args }) => {
      exitCode = await spec.run(args);
    },
  });
  return {
    ...shape,
    async run(argv) {
      await runCommand(inner, { rawArgs: checkArgs(shape, argv) });
      return exitCode;
    },
  };
}
