/** Completions in the shells themselves, each at a terminal of its own. */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM } from "../support/program.ts";
import { AtTerminal, HAS_TERMINALS, KEYS } from "../support/terminal.ts";
import { withRing } from "../support/test-ring.ts";

const LIMIT_MS = 120_000;
const TAB = "\t";

/** How each is started, without what a person has set up, and how it reads the script. */
const SHELLS = {
  bash: ["bash --norc --noprofile -i", "source <(p2p completion bash)"],
  zsh: [
    "zsh -f -i",
    'autoload -U compinit; compinit -u -d "$HOME/dump"; source <(p2p completion zsh)',
  ],
  fish: ["fish --no-config --interactive", "p2p completion fish | source"],
} as const;
type Shell = keyof typeof SHELLS;

describe.each(["bash", "zsh", "fish"] as const)("completion in %s", (shell) => {
  const why = !HAS_TERMINALS ? "no terminal" : Bun.which(shell) === null ? `no ${shell}` : "";
  test.skipIf(why !== "")(
    `knows commands, flags, peers that run and names of the ring${why && ` (left out: there is ${why} here)`}`,
    async () => {
      await withRing(
        async (ring) => {
          const stored = await ring.control(2).store("4103", new Blob(["hello"]).stream());
          expect(stored.kind).toBe("stored");
          writeFileSync(join(ring.cwd, "my notes.txt"), "");
          const typed = new Typed(shell, ring.cwd);
          try {
            await typed.begin();
            for (const [line, words] of [
              ["hea", ["health"]],
              ["ring sta", ["ring", "status"]],
              ["status --al", ["status", "--all"]],
              ["status --peer 1", ["status", "--peer", "14"]],
              ["status --peer=1", ["status", "--peer=14"]],
              ["request 41", ["request", "4103"]],
              ["store my", ["store", "my notes.txt"]],
              ["sim --route fi", ["sim", "--route", "finger"]],
            ] as const) {
              expect(await typed.completed(line)).toEqual([...words]);
            }
          } finally {
            await typed.close();
          }
        },
        [2, 9, 14],
      );
    },
    LIMIT_MS,
  );
});

/** A shell in which p2p says what words it was given, but for what completion asks of it. */
class Typed {
  readonly #at: AtTerminal;

  constructor(
    readonly shell: Shell,
    cwd: string,
  ) {
    const home = join(cwd, "home");
    mkdirSync(home);
    const told = join(home, "p2p");
    const real = `case "$1" in complet*) exec "${PROGRAM}" "$@";; esac`;
    writeFileSync(told, `#!/bin/sh\n${real}\nprintf '[%s]' "$@"; echo " en""d"\n`);
    chmodSync(told, 0o755);
    const [command] = SHELLS[shell];
    this.#at = new AtTerminal(`PATH="${home}:$PATH" HOME="${home}" TERM=dumb exec ${command}`, cwd);
  }

  async begin(): Promise<void> {
    const [, source] = SHELLS[this.shell];
    this.#at.press(`${source}; echo rea''dy${KEYS.enter}`);
    await this.#at.waitFor("ready");
  }

  /** Types a line, Tab, and Enter. @returns the words that p2p was given then */
  async completed(line: string): Promise<string[]> {
    const from = this.#at.text.length;
    this.#at.press(`p2p ${line}${TAB}${KEYS.enter}`);
    const to = await this.#at.waitFor(" end", from);
    const shown = /(\[[^\n]*\]) end$/.exec(this.#at.text.slice(from, to))?.[1] ?? "";
    return [...shown.matchAll(/\[([^\]]*)\]/g)].map(([, word = ""]) => word);
  }

  close(): Promise<void> {
    return this.#at.close();
  }
}
