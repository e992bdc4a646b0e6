/** The lines typed at a ring: at a prompt in a terminal, without one in a pipe. */
import { createInterface, type Interface } from "node:readline";
import { outlive } from "../terminal/tty.ts";
import { ENDLESS, readTypedLines } from "../terminal/typed-lines.ts";
import { HISTORY_LINES, MAX_WAITING_LINES } from "./limits.ts";
import type { LiveView } from "./ring-live.ts";
import type { Screen } from "./screen.ts";
import type { Typing } from "./typing.ts";

const PROMPT = "> ";

/** To the line's begin, and clear it. */
const WIPE = "\r\x1b[K";

/** Takes away the prompt and what stands behind it, which may be several rows of a narrow terminal. */
function wipe(reader: Interface): void {
  const { columns } = process.stdout;
  if (PROMPT.length + reader.line.length < columns) {
    process.stdout.write(WIPE);
    return;
  }
  const { rows } = reader.getCursorPos();
  process.stdout.write(`${rows > 0 ? `\x1b[${rows}A` : ""}\r\x1b[J`);
  // The reader itself would else go up by as many again, over what is shown now.
  Object.assign(reader, { prevRows: 0 });
}

export class Input {
  /** Null where there is no terminal. */
  private readonly reader: Interface | null;
  private readonly waiting: string[] = [];
  private wake: (() => void) | null = null;
  private room: (() => void) | null = null;
  private ended = false;

  /**
   * @param typing both ends are a terminal: there is a prompt, redrawn after output; null where they are not
   * @param live what shows all else in this terminal, and the line that is typed as well; null for nobody
   * @param onInterrupt called for Ctrl-C, which a terminal being read line by line does not signal
   */
  constructor(
    private readonly screen: Screen,
    typing: Typing | null,
    private readonly live: LiveView | null,
    onInterrupt: () => void,
  ) {
    this.reader = typing === null ? null : this.atTerminal(typing, onInterrupt);
    if (typing === null) this.readPipe().catch(() => this.end());
  }

  /** Shows the prompt from here on, if there is to be one. */
  prompt(): void {
    const { reader } = this;
    if (reader === null || this.ended) return;
    if (this.live !== null) {
      this.live.follow(() => ({ text: reader.line, cursor: reader.cursor }));
      return;
    }
    this.screen.setCurtain({
      open: () => wipe(reader),
      close: () => reader.prompt(true),
    });
    reader.prompt();
  }

  /** The next line, or null when there will be none. */
  async next(): Promise<string | null> {
    while (this.waiting.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const line = this.waiting.shift() ?? null;
    if (this.waiting.length < MAX_WAITING_LINES / 2) {
      this.room?.();
      if (!this.ended) this.reader?.resume();
    }
    // However many lines wait, peers and signals are heard between them.
    await new Promise<void>((resolve) => setImmediate(resolve));
    return line;
  }

  /** Gives the terminal back. */
  close(): void {
    this.screen.setCurtain(null);
    if (this.reader === null) {
      this.end();
      return;
    }
    if (this.live === null) wipe(this.reader);
    if (!this.ended) this.reader.close();
    process.stdin.unref?.();
  }

  private atTerminal(typing: Typing, onInterrupt: () => void): Interface {
    outlive(process.stdin);
    const { live } = this;
    const { input, output } = live ?? { input: process.stdin, output: process.stdout };
    const reader = createInterface({
      ...{ input, output },
      prompt: PROMPT,
      terminal: true,
      crlfDelay: Number.POSITIVE_INFINITY,
      completer: (line: string) => {
        const completed = typing.complete(line);
        live?.offer(completed[0]);
        return completed;
      },
      history: typing.history.read(),
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
    });
    process.stdin.on("error", () => this.end());
    reader.on("line", (line) => {
      typing.note(line);
      this.take(line);
      if (this.waiting.length >= MAX_WAITING_LINES) reader.pause();
      else reader.prompt();
    });
    reader.on("close", () => this.end());
    reader.on("SIGINT", onInterrupt);
    // After Ctrl-Z and `fg` the input rests until it is asked for again.
    reader.on("SIGCONT", () => this.prompt());
    if (live !== null) reader.on("SIGTSTP", () => live.suspend());
    return reader;
  }

  private async readPipe(): Promise<void> {
    const ended = await readTypedLines(Bun.stdin.stream(), async (line) => {
      this.take(line);
      await this.untilRoom();
    });
    if (ended) this.end();
    // That is no wish to end the ring.
    else this.screen.complain(ENDLESS);
  }

  private async untilRoom(): Promise<void> {
    while (this.waiting.length >= MAX_WAITING_LINES && !this.ended) {
      await new Promise<void>((resolve) => {
        this.room = resolve;
      });
    }
  }

  private take(line: string): void {
    this.waiting.push(line);
    this.wake?.();
  }

  private end(): void {
    this.ended = true;
    this.screen.setCurtain(null);
    this.wake?.();
    this.room?.();
  }
}
