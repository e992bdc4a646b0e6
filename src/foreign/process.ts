/**
 * One process of somebody else's program: at pipes, or at a terminal of its own where it would keep its
 * output to itself. It leads a session of its own, so that a signal reaches all that it has started.
 */
import { Failure } from "../protocol/model/failure.ts";

export type ProcessPlan = {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** At a terminal both streams are one. */
  readonly terminal: boolean;
};

export type ProcessVoice = { output(bytes: Uint8Array): void; error(bytes: Uint8Array): void };

/** What both kinds of process can do. */
export type Started = {
  readonly pid: number;
  /** Resolves when it has ended, not when all that it printed has been read. */
  readonly exited: Promise<unknown>;
  /** Resolves when nothing more can come from it. */
  readonly read: Promise<unknown>;
  /** The exit code; null while it runs, and where a signal ended it. */
  code(): number | null;
  write(text: string): void;
  /** Lets go of what it is read and written by. */
  close(): void;
};

/** Wide enough that no line of the transcript is broken by it. */
const TERMINAL = { cols: 1_000, rows: 50 } as const;

/** @throws Failure if the program cannot be run */
export function startProcess(plan: ProcessPlan, voice: ProcessVoice): Started {
  try {
    return plan.terminal ? atTerminal(plan, voice) : atPipes(plan, voice);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${plan.command[0]} could not be run: ${why}.`);
  }
}

function atPipes({ command, cwd, env }: ProcessPlan, voice: ProcessVoice): Started {
  const child = Bun.spawn([...command], {
    ...{ cwd, env, detached: true },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const readers = [child.stdout.getReader(), child.stderr.getReader()] as const;
  const read = Promise.all([pump(readers[0], voice.output), pump(readers[1], voice.error)]);
  return {
    pid: child.pid,
    exited: child.exited,
    read,
    code: () => child.exitCode,
    write: (text) => {
      // It may have closed its end, or never read: that is its own affair.
      try {
        child.stdin.write(text);
        Promise.resolve(child.stdin.flush()).catch(() => {});
      } catch {}
    },
    close: () => {
      for (const reader of readers) reader.cancel().catch(() => {});
      try {
        Promise.resolve(child.stdin.end()).catch(() => {});
      } catch {}
    },
  };
}

function atTerminal({ command, cwd, env }: ProcessPlan, voice: ProcessVoice): Started {
  const closed = Promise.withResolvers<void>();
  const terminal = new Bun.Terminal({
    ...TERMINAL,
    data: (_, bytes) => voice.output(bytes),
    exit: () => closed.resolve(),
  });
  // What is typed would come back as output, and Ctrl-C is a signal that we send.
  terminal.setRawMode(true);
  const child = Bun.spawn([...command], { cwd, env, terminal });
  return {
    pid: child.pid,
    exited: child.exited,
    read: closed.promise,
    code: () => child.exitCode,
    write: (text) => {
      if (!terminal.closed) terminal.write(text);
    },
    close: () => terminal.close(),
  };
}

type Reader = {
  read(): Promise<{ readonly done: true } | { readonly done: false; readonly value: Uint8Array }>;
};

async function pump(reader: Reader, take: (bytes: Uint8Array) => void): Promise<void> {
  try {
    for (;;) {
      const piece = await reader.read();
      if (piece.done) return;
      take(piece.value);
    }
  } catch {
    // Cancelled: nobody wants to know any more.
  }
}
