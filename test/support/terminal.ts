/** A shell at a terminal of its own, as a person has it: what is on the screen, and the keys that are pressed. */
import { PROGRAM, plainEnvironment } from "./program.ts";
import { reaped } from "./reap.ts";
import { Wake } from "./wake.ts";

/** Keys reach processes as signals only where the terminal is their session's own; not every system can set that. */
export const HAS_TERMINALS = process.platform === "linux";

/** What the keys send. */
export const KEYS = { enter: "\r", ctrlC: "\x03", ctrlD: "\x04", ctrlZ: "\x1a" } as const;

export class AtTerminal {
  /** All that was written to the terminal, escape codes included. */
  text = "";
  readonly wake = new Wake();
  readonly #terminal: Bun.Terminal;
  readonly #child: Bun.Subprocess;

  /** @param script what the shell does, in which `"$0"` is the program under test */
  constructor(script: string, cwd: string) {
    const command = ["setsid", "--ctty", "--wait", "/bin/bash", "--norc", "-c", script, PROGRAM];
    const decoder = new TextDecoder();
    this.#terminal = new Bun.Terminal({
      cols: 200,
      rows: 50,
      data: (_, bytes) => {
        this.text += decoder.decode(bytes, { stream: true });
        this.wake.ring();
      },
    });
    this.#child = reaped(
      Bun.spawn(command, { cwd, env: plainEnvironment(), terminal: this.#terminal }),
    );
    void this.#child.exited.then(() => this.wake.ring());
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  press(keys: string): void {
    this.#terminal.write(keys);
  }

  /** Its window has another size. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Waits for a text behind what was there at `from`. @returns where it ends */
  async waitFor(text: string, from = 0, limitMs = 20_000): Promise<number> {
    return await this.wake.until(
      `"${text}" on the terminal`,
      limitMs,
      () => {
        const at = this.text.indexOf(text, from);
        return at < 0 ? null : at + text.length;
      },
      () => JSON.stringify(this.text),
    );
  }

  async waitForEnd(limitMs = 20_000): Promise<void> {
    const ended = () => this.ended || null;
    await this.wake.until("the shell's end", limitMs, ended, () => JSON.stringify(this.text));
  }

  /** The terminal goes away. */
  hangUp(): void {
    this.#terminal.close();
  }

  /** Hangs up, which ends whatever still runs there. */
  async close(): Promise<void> {
    this.#terminal.close();
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
