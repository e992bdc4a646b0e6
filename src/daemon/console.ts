/** The peer's terminal: the transcript on standard output, all else on standard error, typed commands in. */

import type { Interface } from "node:readline";
import type { LoggedEvent } from "../control/types.ts";
import { shownLine } from "../terminal/shown.ts";
import { isInForeground, outlive } from "../terminal/tty.ts";
import { ENDLESS, readTypedLines } from "../terminal/typed-lines.ts";
import type { Lines, Surroundings } from "./surroundings.ts";

/** In the background it looks this often whether it has been brought forward. */
const FOREGROUND_EVERY_MS = 500;

export class Console {
  /** Null where there is no terminal, or nothing more is typed at it. */
  #prompt: Interface | null = null;
  readonly #interrupted: () => void;
  readonly #out: Lines;
  readonly #err: Lines;
  #saidLost = false;
  #closed = false;

  /**
   * @param typed gets each line that is typed; null where standard input is not for commands
   * @param interrupted is called for Ctrl-C at the prompt
   * @param pings whether lines of pings are printed where standard output is no terminal
   * @param requests whether what becomes of requests just now is printed: their lines and their routes
   * @param around where the lines go
   */
  constructor(
    typed: ((line: string) => void) | null,
    interrupted: () => void,
    private readonly pings: boolean,
    private readonly requests: () => boolean,
    around: Surroundings,
  ) {
    this.#out = around.transcript((code) => this.#lost(code));
    this.#err = around.notes();
    const { stdin, stdout } = process;
    this.#interrupted = interrupted;
    if (typed !== null && stdin.isTTY === true && stdout.isTTY === true) {
      void this.#attach(typed);
    } else if (typed !== null) {
      readTypedLines(Bun.stdin.stream(), typed).then(
        (ended) => (ended ? null : this.say(ENDLESS)),
        // A peer lives on without a terminal.
        () => {},
      );
    }
  }

  /** Takes what is typed from the terminal; in the background of a shell as soon as it is brought forward. */
  async #attach(typed: (line: string) => void): Promise<void> {
    if (!isInForeground()) {
      // A shell that brings a running job forward tells it nothing.
      setTimeout(() => void this.#attach(typed), FOREGROUND_EVERY_MS).unref();
      return;
    }
    outlive(process.stdin);
    // Loaded here alone: most peers have no terminal, and start the sooner.
    const { createInterface } = await import("node:readline");
    if (this.#closed) return;
    const prompt = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt: "> ",
    });
    this.#prompt = prompt;
    prompt.on("line", (line) => {
      typed(line);
      this.#prompt?.prompt();
    });
    prompt.on("SIGINT", this.#interrupted);
    // After Ctrl-Z and `fg` the input rests until it is asked for again.
    prompt.on("SIGCONT", () => this.#prompt?.prompt(true));
    prompt.on("close", () => this.#endTyping());
    prompt.prompt();
  }

  /** A reader of the peer's events: prints those that are for people. */
  readonly read = (event: LoggedEvent): void => {
    if (event.event === "line") {
      const wanted = event.request
        ? this.requests()
        : !event.fold || this.pings || process.stdout.isTTY === true;
      if (wanted) this.print(event.text, event.fold);
    } else if (event.event === "note" || event.event === "crash") this.say(event.text);
    else if (event.event === "route" && this.requests())
      this.say(routeSentence(event.route, event.ms));
  };

  /** A line of the transcript; `fold` marks one that a slow reader can do without. */
  print(text: string, fold = false): void {
    if (this.#prompt === null) {
      // Both streams may be one file: what was said first stands first.
      this.#err.flush();
      this.#out.write(shownLine(text), fold);
    } else this.#around(() => process.stdout.write(`${shownLine(text)}\n`));
  }

  /** A sentence for a person. */
  say(sentence: string): void {
    if (this.#prompt === null) {
      this.#out.flush();
      this.#err.write(shownLine(sentence), false);
    } else this.#around(() => process.stderr.write(`${shownLine(sentence)}\n`));
  }

  close(): void {
    this.#closed = true;
    this.#out.flush();
    this.#err.flush();
    const prompt = this.#prompt;
    if (prompt === null) return;
    this.#prompt = null;
    prompt.close();
    process.stdout.write("\r\x1b[K");
  }

  /** Ctrl-D: the terminal is given back, as Ctrl-C shows, and the peer lives on as it does without one. */
  #endTyping(): void {
    if (this.#prompt === null) return;
    this.#prompt = null;
    process.stdout.write("\r\x1b[K");
    this.say("Nothing more is read from this terminal: the peer goes on, and Ctrl-C ends it.");
  }

  /** In a terminal the prompt, and what is typed at it, is redrawn below what is printed. */
  #around(write: () => void): void {
    process.stdout.write("\r\x1b[K");
    write();
    this.#prompt?.prompt(true);
  }

  /** The peer goes on without its output; that a reader went away needs no words. */
  #lost(code: string): void {
    if (code === "EPIPE" || this.#saidLost) return;
    this.#saidLost = true;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const why = full ? "the disk is full" : code === "EBADF" ? "it is closed" : code;
    this.say(`Lines of this peer are lost, since standard output does not take them: ${why}.`);
  }
}

/** `route 8 -> 9 -> 14 -> 19, 3 hops, 1.2 ms` */
export function routeSentence(route: readonly number[], ms: number): string {
  const hops = Math.max(route.length - 1, 0);
  return `route ${route.join(" -> ")}, ${hops} ${hops === 1 ? "hop" : "hops"}, ${ms.toFixed(1)} ms`;
}
