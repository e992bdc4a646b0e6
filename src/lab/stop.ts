/** The wish to end: Ctrl-C, a signal, a reader that went away. Everything long can be cut short by it. */

/** The exit code after Ctrl-C, as a shell has it. */
export const INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Stop {
  /** Resolves, with what brought it about, when the end is wished for. */
  readonly wished: Promise<string>;
  /** What brought it about; null until then. */
  why: string | null = null;
  private resolve: (why: string) => void = () => {};
  private atOnce: (() => void) | null = null;
  private readonly onSignal = (signal: string): void => this.wish(signal);
  private readonly onBrokenPipe = (): void => this.wish("output");

  /** Takes over the signals of this process until `release`. */
  constructor() {
    this.wished = new Promise((resolve) => {
      this.resolve = resolve;
    });
    for (const signal of SIGNALS) process.on(signal, this.onSignal);
    // A reader that went away ends us, as SIGPIPE would.
    process.stdout.on("error", this.onBrokenPipe);
    process.stderr.on("error", this.onBrokenPipe);
  }

  /** Whoever presses Ctrl-C once more, when the end is under way, does not want to wait for it. */
  wish(why: string): void {
    if (this.why !== null && why.startsWith("SIG")) this.atOnce?.();
    this.why ??= why;
    this.resolve(why);
  }

  /** @param atOnce what a second signal does; it is to end this process */
  onAgain(atOnce: () => void): void {
    this.atOnce = atOnce;
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
  }

  /** The exit code of work that was cut short. @throws what was thrown, if it was not that */
  codeAfter(error: unknown): number {
    if (!(error instanceof Stopped)) throw error;
    // That its output was lost is for whoever wrote it to say.
    return this.why === "output" ? 0 : INTERRUPTED;
  }

  /** Waits for a step. @throws Stopped if the end is wished for meanwhile, or was before */
  async unless<T>(step: Promise<T>): Promise<T> {
    // Its failure is nobody's concern once we have gone on.
    step.catch(() => {});
    return await Promise.race([
      step,
      this.wished.then((why): never => {
        throw new Stopped(why);
      }),
    ]);
  }
}

/** Thrown where work was cut short. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}
