/** The peer's terminal: the transcript on standard output, all else on standard error, typed commands in. */
import { createInterface, type Interface } from "node:readline";
import type { LoggedEvent } from "../door/types.ts";
import { LineWriter } from "./lines.ts";

/** A longer line is cut: no command has so many characters. */
const LINE_CHARACTERS = 65_536;

export class Console {
  readonly #prompt: Interface | null;
  readonly #out = new LineWriter(process.stdout);
  readonly #err = new LineWriter(process.stderr);
  #rest = "";

  /**
   * @param typed gets each line that is typed; null where standard input is not for commands
   * @param interrupted is called for Ctrl-C at the prompt
   */
  constructor(typed: ((line: string) => void) | null, interrupted: () => void) {
    const { stdin, stdout } = process;
    const terminal = typed !== null && stdin.isTTY === true && stdout.isTTY === true;
    this.#prompt = terminal
      ? createInterface({ input: stdin, output: stdout, prompt: "> " })
      : null;
    if (this.#prompt !== null) {
      this.#prompt.on("line", (line) => {
        typed?.(line);
        this.#prompt?.prompt();
      });
      this.#prompt.on("SIGINT", interrupted);
      this.#prompt.prompt();
    } else if (typed !== null) {
      stdin.setEncoding("utf8");
      stdin.on("data", (text: string) => this.#take(text, typed));
      stdin.on("end", () => this.#take("\n", typed));
      // A peer lives on without a terminal.
      stdin.on("error", () => {});
    }
  }

  /** A reader of the peer's events: prints those that are for people. */
  readonly read = (event: LoggedEvent): void => {
    if (event.event === "line") this.print(event.text, event.fold);
    else if (event.event === "note" || event.event === "crash") this.say(event.text);
    else if (event.event === "route") this.say(routeSentence(event.route, event.ms));
  };

  /** A line of the transcript; `fold` marks one that a slow reader can do without. */
  print(text: string, fold = false): void {
    if (this.#prompt === null) {
      // Both streams may be one file: what was said first stands first.
      this.#err.flush();
      this.#out.write(text, fold);
    } else this.#around(() => process.stdout.write(`${text}\n`));
  }

  /** A sentence for a person. */
  say(sentence: string): void {
    if (this.#prompt === null) {
      this.#out.flush();
      this.#err.write(sentence, false);
    } else this.#around(() => process.stderr.write(`${sentence}\n`));
  }

  close(): void {
    this.#out.flush();
    this.#err.flush();
    this.#prompt?.close();
    if (this.#prompt !== null) process.stdout.write("\r\x1b[K");
  }

  /** In a terminal the prompt, and what is typed at it, is redrawn below what is printed. */
  #around(write: () => void): void {
    process.stdout.write("\r\x1b[K");
    write();
    this.#prompt?.prompt(true);
  }

  #take(text: string, typed: (line: string) => void): void {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = (lines.pop() ?? "").slice(0, LINE_CHARACTERS);
    for (const line of lines) typed(line);
  }
}

/** `route 8 -> 9 -> 14 -> 19, 3 hops, 1.2 ms` */
export function routeSentence(route: readonly number[], ms: number): string {
  const hops = Math.max(route.length - 1, 0);
  return `route ${route.join(" -> ")}, ${hops} ${hops === 1 ? "hop" : "hops"}, ${ms.toFixed(1)} ms`;
}
