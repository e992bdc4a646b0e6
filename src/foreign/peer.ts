/** One peer of somebody else's program: typed at, read, and ended. */
import { displaySize } from "../terminal/display.ts";
import { DRAIN_MS, MAX_OUTPUT_BYTES, MAX_WORDS_CHARS, OUTPUT_MS } from "./limits.ts";
import { LineCutter } from "./line-cutter.ts";
import { type ProcessPlan, type Started, startProcess } from "./process.ts";

export type PeerVoice = {
  line(id: number, text: string, prompts: readonly string[]): void;
  /** A line of its standard error. */
  error?(id: number, text: string): void;
  /** It has ended, and what it printed has been read. */
  ended(id: number): void;
};

export class ProgramPeer {
  /** Bytes of its standard output, or of its terminal. */
  printed = 0;
  /** It printed more than there may be, and was ended for it. */
  flooded = false;
  running = true;
  /** Stopped by SIGSTOP. */
  frozen = false;
  /** Ended without being asked to. */
  endedEarly = false;
  /** The last line of its standard error. */
  lastError = "";
  /** Resolves when it has ended and been read. */
  readonly ended: Promise<void>;
  private readonly process: Started;
  private asked = false;
  /** When the minute began in which so much was printed. */
  private since = performance.now();
  private lately = 0;

  /** @throws Failure if the program cannot be run */
  constructor(
    readonly id: number,
    plan: ProcessPlan,
    voice: PeerVoice,
  ) {
    const output = new LineCutter((text) => voice.line(id, text, output.prompts));
    const errors = new LineCutter((text) => {
      this.lastError = text;
      voice.error?.(id, text);
    });
    this.process = startProcess(plan, {
      output: (bytes) => {
        if (this.allows(bytes)) output.add(bytes);
      },
      error: (bytes) => {
        if (this.allows(bytes)) errors.add(bytes);
      },
    });
    this.ended = this.end(async () => {
      output.end();
      errors.end();
      voice.ended(id);
    });
  }

  get pid(): number {
    return this.process.pid;
  }

  /** It was told to end, and is about to. */
  get isEnding(): boolean {
    return this.asked;
  }

  /** How it ended, in words such as "ended unasked, with exit code 1". */
  get howEnded(): string {
    const code = this.process.code();
    if (this.asked && code === null) return "killed";
    if (this.asked && code === 0) return "ended";
    const how = code === null ? "a signal" : `exit code ${code}`;
    return `ended${this.endedEarly ? " unasked," : ""} with ${how}`;
  }

  /** True once it has ended with exit code 0. */
  get endedWell(): boolean {
    return !this.running && this.process.code() === 0;
  }

  /** What is to be said of how it ended; null where that is nothing. */
  trouble(): string | null {
    if (this.flooded) {
      return `printed more than ${displaySize(MAX_OUTPUT_BYTES)}, and had to be ended`;
    }
    if (this.running || !this.endedEarly) return null;
    const words = this.lastError === "" ? "" : `: ${this.lastError.slice(0, MAX_WORDS_CHARS)}`;
    return `${this.howEnded}${words}`;
  }

  /** Types a line. @param ends the peer is to end by it */
  type(line: string, ends = false): void {
    if (ends) this.asked = true;
    this.process.write(`${line}\n`);
  }

  /** Presses Ctrl-C: as at a terminal, all that it has started hears of it. */
  interrupt(): void {
    this.asked = true;
    this.signal("SIGINT");
  }

  /** Ends it, and what shares its session's first group. */
  kill(): void {
    this.asked = true;
    this.signal("SIGKILL");
  }

  /** Stops it, with its group, or lets it go on. */
  freeze(frozen: boolean): void {
    this.frozen = frozen;
    this.signal(frozen ? "SIGSTOP" : "SIGCONT");
  }

  close(): void {
    this.process.close();
  }

  private signal(signal: "SIGINT" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    for (const target of [-this.pid, this.pid]) {
      try {
        process.kill(target, signal);
        return;
      } catch {
        // There is no such group yet, or nobody in it any more.
      }
    }
  }

  /** Counts what was printed. @returns whether it may be looked at */
  private allows(bytes: Uint8Array): boolean {
    const now = performance.now();
    if (now - this.since > OUTPUT_MS) {
      this.since = now;
      this.lately = 0;
    }
    this.printed += bytes.length;
    this.lately += bytes.length;
    if (this.lately <= MAX_OUTPUT_BYTES) return true;
    if (!this.flooded) {
      this.flooded = true;
      this.kill();
    }
    return false;
  }

  private async end(then: () => Promise<void>): Promise<void> {
    await this.process.exited;
    this.endedEarly = !this.asked;
    // What it has started may hold the other end of its pipes.
    await Promise.race([this.process.read, Bun.sleep(DRAIN_MS)]);
    this.running = false;
    await then();
  }
}
