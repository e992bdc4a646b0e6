/** `p2p man [COMMAND]`: man pages, made of what help is made of. */

import { didYouMean, quote } from "../terminal/words.ts";
import type { Example } from "./cli/check.ts";
import { type Command, command, type Table } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { commandPage, programPage } from "./cli/manual.ts";

export type Book = {
  readonly table: Table;
  /** Of p2p itself. */
  readonly about: string;
  readonly examples: readonly Example[];
  readonly version: string;
};

export function manual({ table, about, examples, version }: Book): Command {
  return command({
    name: "man",
    args: {
      command: { type: "positional", required: false, description: "of which command" },
      of: { type: "positional", required: false, description: "its second word" },
      list: { type: "boolean", description: "the names of all pages, instead" },
    },
    forms: [[], ["COMMAND"], ["COMMAND", "OF"]],
    examples: [
      ["p2p man ring up | man -l -", "read the page of p2p ring up"],
      ["p2p man --list", "p2p, p2p-init, p2p-join ..."],
    ],
    async run({ command: first, of, list }) {
      if (list === true) {
        console.log(["p2p", ...Object.keys(table).map(pageName)].join("\n"));
        return 0;
      }
      if (first === undefined) {
        console.log(programPage(table, about, examples, version));
        return 0;
      }
      const name = of === undefined ? first : `${first} ${of}`;
      const entry = Object.hasOwn(table, name) ? table[name] : undefined;
      if (entry === undefined) {
        const hint = didYouMean(name, Object.keys(table)) || "; see p2p help";
        throw new UsageError(`Unknown command ${quote(name)}${hint}`);
      }
      console.log(commandPage(await entry.load(), entry.summary, version));
      return 0;
    },
  });
}

function pageName(command: string): string {
  return `p2p-${command.replaceAll(" ", "-")}`;
}
