/** `p2p completion SHELL`, and what the scripts that it prints ask: `p2p complete -- WORDS`. */

import { shownLine } from "../terminal/shown.ts";
import { type Command, command, type Table } from "./cli/command.ts";
import type { Candidate, Expected } from "./cli/completing.ts";
import { parseWord } from "./cli/values.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export const completion = command({
  name: "completion",
  args: {
    shell: { type: "positional", required: true, description: "bash, zsh or fish" },
  },
  forms: [["SHELL"]],
  examples: [
    ["p2p completion bash", "the script; for this shell: source <(p2p completion bash)"],
    ["p2p completion fish > p2p.fish", "into a file, as for ~/.config/fish/completions"],
  ],
  async run(args) {
    const shell = parseWord("SHELL", args.shell, SHELLS);
    const { completionScript } = await import("./cli/shells.ts");
    console.log(completionScript(shell).trimEnd());
    return 0;
  },
});

/**
 * Prints a line for each word that may stand next: the word, a tab, what it is for. A line `:paths` says
 * that names of files may stand there too. It prints nothing rather than an error: nobody would read it.
 */
export function completing(table: Table): Command {
  return {
    ...{ name: "complete", args: {}, forms: [], hidden: [], renamed: [], examples: [] },
    run: async (argv) => {
      const { expected } = await import("./cli/completing.ts");
      const next = await expected(table, argv[0] === "--" ? argv.slice(1) : argv);
      const { before, begun, source } = next;
      for (const [word, what] of [...next.candidates, ...(await lookedUp(next))]) {
        // What a terminal would obey is not what the name is: it would name another.
        if (!word.startsWith(begun) || shownLine(word) !== word) continue;
        process.stdout.write(`${before}${word}\t${shownLine(what)}\n`);
      }
      if (source === "paths") console.log(":paths");
      return 0;
    },
  };
}

async function lookedUp({ source, given }: Expected): Promise<readonly Candidate[]> {
  if (source === null || source === "paths") return [];
  try {
    if (source === "rings") return await rings();
    if (source === "ring peers") return await peersOfRings(given.get("name") ?? null);
    const { namesAt, peersHere } = await import("../actions/nearby.ts");
    const peer = given.get("peer") ?? null;
    const choice = { peer: peer === null ? null : Number(peer), data: given.get("data") ?? null };
    return source === "peers" ? peersHere() : await namesAt(choice);
  } catch {
    return [];
  }
}

async function rings(): Promise<Candidate[]> {
  const { namedRings } = await import("../lab/ring-names.ts");
  return namedRings().map(({ name, cwd }) => [name, cwd]);
}

/** Of a ring in the background, wherever that is. */
async function peersOfRings(name: string | null): Promise<readonly Candidate[]> {
  const { chooseRing } = await import("../lab/ring-names.ts");
  const { peersIn } = await import("../actions/nearby.ts");
  return peersIn((await chooseRing(name)).dir);
}
