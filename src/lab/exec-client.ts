/** Load made by a program of somebody else's, which prints each operation that it made as a line of JSON. */
import type { Operation } from "../checks/history.ts";
import { Failure } from "../protocol/model/failure.ts";
import { quote } from "../terminal/words.ts";
import { Asker, type ClientRing, type OutcomeCounts } from "./asker.ts";
import type { Load } from "./clients.ts";
import { CLIENT_END_MS, MAX_OPERATION_CHARS } from "./limits.ts";
import { ownProgram } from "./program.ts";
import { fieldsOf, Malformed } from "./readers.ts";
import { operation } from "./run-line-reader.ts";

/** What it is told, in its environment. */
export type Surroundings = {
  /** Of each peer its id, and the data folder that its control socket is in. */
  readonly peers: readonly { readonly id: number; readonly data: string }[];
  /** Names that nobody else uses. */
  readonly names: readonly string[];
};

export class ExecClient implements Load {
  private readonly asker: Asker;
  private child: Bun.Subprocess<"ignore", "pipe", "inherit"> | null = null;
  private reading: Promise<void> = Promise.resolve();
  private lines = 0;
  /** The first thing that it did against the rules. */
  private wrong: string | null = null;

  /**
   * @param command its words
   * @param surroundings asked anew at each start
   * @param tell is given each operation when it was printed
   * @param endMs how long it may take to end
   */
  constructor(
    private readonly command: readonly string[],
    ring: ClientRing,
    private readonly surroundings: () => Surroundings,
    seed: number,
    tell: (operation: Operation) => void = () => {},
    private readonly endMs = CLIENT_END_MS,
  ) {
    this.asker = new Asker(ring, seed, tell);
  }

  get names(): readonly string[] {
    return [...new Set(this.asker.operations.map(({ name }) => name))].sort();
  }

  get operations(): Operation[] {
    return this.asker.operations;
  }

  get busy(): boolean {
    return this.child !== null;
  }

  counts(): OutcomeCounts {
    return this.asker.counts();
  }

  start(): void {
    if (this.child !== null || this.wrong !== null) return;
    const { peers, names } = this.surroundings();
    const env = {
      ...process.env,
      P2P: ownProgram().join(" "),
      P2P_PEERS: JSON.stringify(peers),
      P2P_NAMES: names.join(" "),
    };
    try {
      const child = Bun.spawn([...this.command], { env, stdio: ["ignore", "pipe", "inherit"] });
      this.child = child;
      // It is not to outlive this process, whatever ends that.
      const kill = (): void => child.kill("SIGKILL");
      process.once("exit", kill);
      void child.exited.then(() => process.off("exit", kill));
      this.reading = this.read(child.stdout).catch(() => {});
    } catch (error) {
      this.blame(`cannot be run (${error instanceof Error ? error.message : error})`);
    }
  }

  /** It is told to end, and may print what it still has. */
  halt(): void {
    this.child?.kill("SIGTERM");
  }

  /** @throws Failure if what it printed makes no sense, or it had to be killed */
  async stop(): Promise<void> {
    this.halt();
    const { child } = this;
    if (child !== null) {
      const ended = await Promise.race([child.exited, Bun.sleep(this.endMs).then(() => null)]);
      if (ended === null) {
        child.kill("SIGKILL");
        this.blame("did not end when it was told to, and was killed");
      }
      await Promise.race([this.reading, Bun.sleep(this.endMs)]);
      this.child = null;
    }
    if (this.wrong !== null) throw new Failure(`The client ${this.wrong}.`);
  }

  async readAll(): Promise<void> {
    await this.asker.readAll(this.names);
  }

  private async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const piece of stream) {
      const rows = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = rows.pop() ?? "";
      for (const row of rows) this.take(row);
      if (rest.length > MAX_OPERATION_CHARS) {
        this.blame(`printed a line of more than ${MAX_OPERATION_CHARS} characters`);
        this.child?.kill("SIGKILL");
        return;
      }
    }
    this.take(rest);
  }

  private take(row: string): void {
    this.lines += 1;
    if (row.trim() === "") return;
    try {
      this.asker.note(readOperation(row));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.blame(`printed no operation in line ${this.lines} (${error.message}): ${quote(row)}`);
    }
  }

  private blame(what: string): void {
    this.wrong ??= what;
  }
}

/** @throws Malformed */
function readOperation(row: string): Operation {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch {
    throw new Malformed("it is no JSON");
  }
  const read = operation(fieldsOf(value, "it"));
  // 0 is who reads all names in the end.
  if (read.client > 0) return read;
  throw new Malformed(`"client" is 0, and they count from 1`);
}
