/** One peer as a process: what it printed, what is typed at it, its end. */
import { PROGRAM, plainEnvironment } from "./program.ts";
import { reaped } from "./reap.ts";
import { Wake } from "./wake.ts";

export type PrintedLine = {
  readonly text: string;
  /** On standard error. */
  readonly error: boolean;
  readonly at: number;
};

export type End = { readonly code: number | null; readonly signal: NodeJS.Signals | number | null };

export type StartPeer = {
  readonly args: readonly (string | number)[];
  readonly cwd: string;
  /** "ignore" is /dev/null. */
  readonly stdin?: "pipe" | "ignore";
  /** What is run: the compiled program, if nothing else is named. */
  readonly program?: readonly string[];
  /** A command that runs the peer elsewhere, on another host say: put before it. It must become the peer. */
  readonly inside?: readonly string[];
};

export class PeerProcess {
  readonly args: readonly (string | number)[];
  readonly printed: PrintedLine[] = [];
  readonly wake: Wake;
  /** Null as long as it runs. */
  end: End | null = null;
  frozen = false;
  readonly #child: ReturnType<typeof spawn>;

  constructor(
    { args, cwd, stdin = "pipe", program = [PROGRAM], inside = [] }: StartPeer,
    wake = new Wake(),
  ) {
    this.args = args;
    this.wake = wake;
    this.#child = reaped(spawn([...inside, ...program, ...args.map(String)], cwd, stdin));
    const read = [this.#read(this.#child.stdout, false), this.#read(this.#child.stderr, true)];
    // An end counts when all that was printed before it has been read.
    void Promise.all([this.#child.exited, ...read]).then(() => {
      this.end = { code: this.#child.exitCode, signal: this.#child.signalCode };
      wake.ring();
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Lines of standard output, pings left out. */
  get lines(): string[] {
    return this.printed.filter((l) => !l.error && !isPing(l.text)).map((l) => l.text);
  }

  get errors(): string[] {
    return this.printed.filter((l) => l.error).map((l) => l.text);
  }

  type(line: string): void {
    const { stdin } = this.#child;
    if (stdin === undefined) throw new Error("nothing can be typed at a peer without a terminal");
    stdin.write(`${line}\n`);
    stdin.flush();
  }

  closeStdin(): void {
    this.#child.stdin?.end();
  }

  signal(name: "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): void {
    if (name === "SIGSTOP") this.frozen = true;
    if (name === "SIGCONT") this.frozen = false;
    this.#child.kill(name);
  }

  /** Kills it unless it has ended; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#child.exited;
  }

  /** Waits for a line, or one that matches, on either stream, among those from `from` on. */
  waitFor(text: string | RegExp, limitMs = 20_000, from = 0): Promise<PrintedLine> {
    const fits = (said: string) => (typeof text === "string" ? said === text : text.test(said));
    return this.waitForOne(`${text}`, fits, from, limitMs);
  }

  /** Waits for the first line that fits. @param what in words */
  waitForOne(
    what: string,
    fits: (text: string) => boolean,
    from = 0,
    limitMs = 20_000,
  ): Promise<PrintedLine> {
    return this.wake.until(
      `"${what}" of p2p ${this.args.join(" ")}`,
      limitMs,
      () => this.printed.slice(from).find(({ text }) => fits(text)) ?? null,
      () => this.printed.map((l) => `  ${l.error ? "!" : " "} ${l.text}`).join("\n"),
    );
  }

  waitForEnd(limitMs = 30_000): Promise<End> {
    return this.wake.until(`the end of p2p ${this.args.join(" ")}`, limitMs, () => this.end);
  }

  async #read(stream: ReadableStream<Uint8Array>, error: boolean): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      const at = performance.now();
      for (const text of parts) this.printed.push({ text, error, at });
      this.wake.ring();
    }
    if (rest !== "") this.printed.push({ text: rest, error, at: performance.now() });
  }
}

export function isPing(text: string): boolean {
  return text.startsWith("Ping ");
}

function spawn(command: readonly string[], cwd: string, stdin: "pipe" | "ignore") {
  return Bun.spawn([...command], {
    cwd,
    env: plainEnvironment(),
    stdin,
    stdout: "pipe",
    stderr: "pipe",
  });
}
