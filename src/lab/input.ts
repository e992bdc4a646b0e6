/** The lines typed at a ring: at a prompt in a terminal, without one in a pipe. */
import { createInterface, type Interface } from "node:readline";
import { MAX_WAITING_LINES } from "./limits.ts";
import type { Screen } from "./screen.ts";

const PROMPT = "> ";
/** To the line's begin, and clear it. */
const WIPE = "\r\x1b[K";

export class Input {
  private readonly reader: Interface;
  private readonly waiting: string[] = [];
  private wake: (() => void) | null = null;
  private ended = false;

  /**
   * @param interactive both ends are a terminal: there is a prompt, redrawn after output
   * @param onInterrupt called for Ctrl-C, which a terminal being read line by line does not signal
   */
  constructor(
    private readonly screen: Screen,
    private readonly interactive: boolean,
    onInterrupt: () => void,
  ) {
    this.reader = createInterface({
      input: process.stdin,
      ...(interactive ? { output: process.stdout, prompt: PROMPT } : {}),
      terminal: interactive,
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    process.stdin.on("error", () => this.end());
    this.reader.on("line", (line) => this.take(line));
    this.reader.on("close", () => this.end());
    this.reader.on("SIGINT", onInterrupt);
    // After Ctrl-Z and `fg` the input rests until it is asked for again.
    this.reader.on("SIGCONT", () => this.prompt());
  }

  /** Shows the prompt from here on, if there is to be one. */
  prompt(): void {
    if (!this.interactive || this.ended) return;
    this.screen.setCurtain({
      open: () => process.stdout.write(WIPE),
      close: () => this.reader.prompt(true),
    });
    this.reader.prompt();
  }

  /** The next line, or null when there will be none. */
  async next(): Promise<string | null> {
    while (this.waiting.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const line = this.waiting.shift() ?? null;
    if (!this.ended && this.waiting.length < MAX_WAITING_LINES / 2) this.reader.resume();
    return line;
  }

  /** Gives the terminal back. */
  close(): void {
    this.screen.setCurtain(null);
    if (!this.ended) this.reader.close();
    if (this.interactive) process.stdout.write(WIPE);
    // Else a pipe that stays open would keep this process.
    process.stdin.unref?.();
  }

  private take(line: string): void {
    this.waiting.push(line);
    if (this.waiting.length >= MAX_WAITING_LINES) this.reader.pause();
    if (this.interactive) this.reader.prompt();
    this.wake?.();
  }

  private end(): void {
    this.ended = true;
    this.screen.setCurtain(null);
    this.wake?.();
  }
}
