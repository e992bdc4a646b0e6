/** What a ring shows: lines marked with their peer, never in the way of what is being typed. */

import { lines } from "../protocol/model/transcript.ts";
import { shown, shownLine } from "../terminal/shown.ts";
import { MAX_UNREAD_BYTES } from "./limits.ts";

/** Marks are as wide as the longest id and two blanks, so that the lines stand below each other. */
const MARK_WIDTH = 4;
/** Bright colors of terminals, without black, white and the red of errors. */
const COLORS = [92, 93, 94, 95, 96, 32, 33, 34, 35, 36];

/** Takes the prompt away before a line is shown, and puts it back after. */
export type Curtain = { open(): void; close(): void };

export class Screen {
  /** Nothing is shown any more. */
  muted = false;
  /** When something was last shown, on the clock of `performance.now()`. */
  shownAt = 0;
  private curtain: Curtain | null = null;
  private leftOut = 0;
  private unreadBytes = 0;

  /** @param log where all of it goes instead, of a ring that has no terminal */
  constructor(
    private readonly color: boolean,
    private readonly log: { write(line: string): void } | null = null,
  ) {}

  setCurtain(curtain: Curtain | null): void {
    this.curtain = curtain;
  }

  /** A line of a peer's transcript; those of pings are folded away. */
  line(id: number, text: string): void {
    if (!isPingLine(text)) this.show(process.stdout, `${this.mark(id)}${shownLine(text)}`);
  }

  /** A sentence of a peer. */
  note(id: number, text: string): void {
    this.show(process.stderr, `${this.mark(id)}${shownLine(text)}`);
  }

  /** A line of the ring's own. */
  say(text: string): void {
    this.show(process.stdout, shown(text));
  }

  /** A sentence of the ring's own, about something that went wrong. */
  complain(sentence: string): void {
    this.show(process.stderr, shown(sentence));
  }

  private mark(id: number): string {
    const mark = String(id).padEnd(MARK_WIDTH);
    return this.color ? `\x1b[${COLORS[id % COLORS.length]}m${mark}\x1b[39m` : mark;
  }

  private show(stream: NodeJS.WriteStream, text: string): void {
    if (this.muted) return;
    this.shownAt = performance.now();
    if (this.log !== null) {
      this.log.write(`${text}\n`);
      return;
    }
    // Memory has an end, a reader's slowness has none.
    if (this.unreadBytes > MAX_UNREAD_BYTES) {
      this.leftOut++;
      return;
    }
    const gap = this.leftOut === 0 ? "" : `(${this.leftOut} lines left out: read faster)\n`;
    this.leftOut = 0;
    this.curtain?.open();
    const bytes = gap.length + text.length + 1;
    this.unreadBytes += bytes;
    stream.write(`${gap}${text}\n`, () => {
      this.unreadBytes -= bytes;
    });
    this.curtain?.close();
  }
}

const PINGS = [lines.pingsSent(0, 0), lines.pingReceived(0), lines.pongReceived(0)].map(
  (line) => new RegExp(`^${line.replaceAll("0", "\\d+")}$`),
);

/** True of the lines of a round of pings, which come again and again. */
export function isPingLine(text: string): boolean {
  return PINGS.some((pattern) => pattern.test(text));
}
