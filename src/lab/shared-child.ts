/**
 * Peers that share a child process, as a lab sees them: each is started, killed and heard by itself. What the
 * process of one cannot suffer alone is refused, and what is done in its stead is told as emulated.
 */

import { readNews, type SharedOrder } from "../control/shared-peers.ts";
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { Child, type ChildEnd, type ChildVoice, type PeerChild, type Signal } from "./child.ts";
import { SHARED_ENV } from "./tiers.ts";

/** A process for several peers. */
export class SharedChild {
  private readonly child: Child;
  private readonly residents = new Map<number, Resident>();

  /**
   * @param program how to run this program
   * @param most how many peers it may come to have
   * @throws Failure if the program cannot be run
   */
  constructor(
    program: readonly string[],
    cwd: string,
    private readonly most: number,
    environment: Readonly<Record<string, string>>,
  ) {
    const voice = {
      line: (text: string) => this.hear(text),
      note: (text: string) => this.say(text),
    };
    const command = [...program, "peers", String(most)];
    this.child = new Child(command, cwd, voice, { ...SHARED_ENV, ...environment });
    void this.child.ended.then((end) => {
      for (const resident of [...this.residents.values()]) resident.end(end);
      this.residents.clear();
    });
  }

  get pid(): number {
    return this.child.pid;
  }

  get hasRoom(): boolean {
    return this.child.running && !this.child.killed && this.residents.size < this.most;
  }

  get size(): number {
    return this.residents.size;
  }

  /** @param faults what is on at it from its start, as JSON; empty for nothing */
  start(id: number, words: readonly string[], voice: ChildVoice, faults: string): PeerChild {
    const resident = new Resident(id, this, voice);
    this.residents.set(id, resident);
    this.tell({ order: "start", id, words, faults });
    return resident;
  }

  tell(order: SharedOrder): void {
    this.child.write(`${JSON.stringify(order)}\n`);
  }

  /** Ends it with all its peers. */
  kill(): void {
    this.child.signal("SIGKILL");
  }

  private hear(line: string): void {
    const news = readNews(line);
    const resident = news === null ? undefined : this.residents.get(news.id);
    if (news === null || resident === undefined) return;
    if ("line" in news) resident.voice.line(news.line);
    else if ("note" in news) resident.note(news.note);
    else {
      this.residents.delete(news.id);
      const { code } = news;
      const killed: ChildEnd = { code: null, signal: "SIGKILL", emulated: true };
      resident.end(code === null ? killed : { code, signal: null });
    }
  }

  /** A sentence of the process itself: nobody knows whose it is. */
  private say(text: string): void {
    const [first] = this.residents.values();
    first?.note(text);
  }
}

/** A peer in such a process. */
class Resident implements PeerChild {
  readonly frozen = false;
  readonly shared = true;
  killed = false;
  lastNote = "";
  running = true;
  readonly ended: Promise<ChildEnd>;
  private readonly resolve: (end: ChildEnd) => void;

  constructor(
    private readonly id: number,
    private readonly process: SharedChild,
    readonly voice: ChildVoice,
  ) {
    const { promise, resolve } = Promise.withResolvers<ChildEnd>();
    this.ended = promise;
    this.resolve = resolve;
  }

  get pid(): number {
    return this.process.pid;
  }

  note(text: string): void {
    this.lastNote = text;
    this.voice.note(text);
  }

  end(end: ChildEnd): void {
    this.running = false;
    this.resolve(end);
  }

  /** @throws Failure for what only a whole process can suffer */
  signal(signal: Signal): number {
    const at = epochNow();
    if (!this.running) return at;
    const { id } = this;
    if (signal === "SIGSTOP") {
      throw new Failure(
        `Peer ${id} shares process ${this.pid} with others, which would stand still with it: a ring started with --per-process 1 can have it frozen.`,
      );
    }
    if (signal === "SIGTERM") this.process.tell({ order: "quit", id });
    else if (signal !== "SIGCONT") {
      this.killed = true;
      this.process.tell({ order: "kill", id });
    }
    return at;
  }
}
