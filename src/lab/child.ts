/** One peer as a child process. Its standard input is kept open: a child ends when that does. */

import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { DRAIN_MS } from "./limits.ts";
import { readLines } from "./lines.ts";
import { CHILD_ENV } from "./tiers.ts";

export type Signal = "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM" | "SIGINT";

export const SIGNALS: readonly Signal[] = ["SIGKILL", "SIGSTOP", "SIGCONT", "SIGTERM", "SIGINT"];

/**
 * How a child ended: by itself, with a code, or by a signal. `emulated`: its process goes on, for other peers, and
 * had it end as if it were killed.
 */
export type ChildEnd = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly emulated?: true;
};

/** What a child says: a line of its transcript, or a sentence on its standard error. */
export type ChildVoice = { line(text: string): void; note(text: string): void };

/** A peer that was started, in a process of its own or in one with others. */
export type PeerChild = {
  readonly pid: number;
  /** Others run in its process. */
  readonly shared: boolean;
  readonly running: boolean;
  readonly frozen: boolean;
  readonly killed: boolean;
  readonly ended: Promise<ChildEnd>;
  readonly lastNote: string;
  /**
   * @returns when it was sent, in epoch milliseconds; to one that has ended nothing is sent
   * @throws Failure for what a peer that shares its process cannot suffer
   */
  signal(signal: Signal): number;
};

export class Child implements PeerChild {
  readonly shared = false;
  readonly pid: number;
  /** Stopped by SIGSTOP: it answers nobody. */
  frozen = false;
  /** Sent SIGKILL: it is about to end. */
  killed = false;
  /** Resolves when the process has ended and what it said has been read. */
  readonly ended: Promise<ChildEnd>;
  /** The last sentence on its standard error. */
  lastNote = "";
  private readonly process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  private hasEnded = false;

  /**
   * @param environment beside this process's own
   * @throws Failure if the program cannot be run
   */
  constructor(
    command: readonly string[],
    cwd: string,
    voice: ChildVoice,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.process = spawn(command, cwd, environment);
    this.pid = this.process.pid;
    const said = Promise.all([
      readLines(this.process.stdout, voice.line),
      readLines(this.process.stderr, (text) => {
        this.lastNote = text;
        voice.note(text);
      }),
    ]);
    this.ended = this.end(said);
  }

  get running(): boolean {
    return !this.hasEnded;
  }

  /** Types at it; what it does not read is lost with it. */
  write(text: string): void {
    if (this.hasEnded) return;
    // Where it ends at this moment, its end is told of all the same.
    try {
      this.process.stdin.write(text);
      Promise.resolve(this.process.stdin.flush()).catch(() => {});
    } catch {}
  }

  signal(signal: Signal): number {
    const at = epochNow();
    if (this.hasEnded) return at;
    this.process.kill(signal);
    if (signal === "SIGKILL") this.killed = true;
    if (signal === "SIGSTOP") this.frozen = true;
    if (signal === "SIGCONT") this.frozen = false;
    return at;
  }

  private async end(said: Promise<unknown>): Promise<ChildEnd> {
    await this.process.exited;
    this.hasEnded = true;
    // Someone else may hold the other end of its pipes.
    await Promise.race([said.catch(() => {}), Bun.sleep(DRAIN_MS)]);
    const { exitCode, signalCode } = this.process;
    return { code: exitCode, signal: signalCode === null ? null : String(signalCode) };
  }
}

function spawn(
  command: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Bun.Subprocess<"pipe", "pipe", "pipe"> {
  try {
    return Bun.spawn([...command], {
      cwd,
      env: { ...process.env, ...CHILD_ENV, ...environment },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${command[0]} could not be run: ${why}.`);
  }
}
