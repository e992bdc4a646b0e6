/** A ring of child processes: starts, kills, freezes and ends its peers, and follows them. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { LAB_FAULTS_VARIABLE, LAB_TOKEN_VARIABLE, type LabFaults } from "../control/lab.ts";
import { epochNow } from "../control/types.ts";
import type { ProcessState } from "../page/ring-lines.ts";
import { Failure } from "../protocol/model/failure.ts";
import { Child, type ChildEnd, type PeerChild, type Signal } from "./child.ts";
import { END_MS, RING_ASK_MS, STEADY_MS } from "./limits.ts";
import { initArgs, joinArgs, type PeerPlace, peerDir } from "./program.ts";
import { SharedChild } from "./shared-child.ts";
import { Watch } from "./watch.ts";

/** What is heard from the children: lines, sentences, and that one has ended. */
export type NetworkVoice = {
  line(id: number, text: string): void;
  note(id: number, text: string): void;
  ended(id: number, end: ChildEnd): void;
  /** What becomes of its process, and when, in epoch milliseconds; left out where nobody asks. */
  process?(id: number, state: ProcessState, at: number): void;
};

export type NetworkPlan = PeerPlace & {
  /** How to run a peer: a program and its first arguments. */
  readonly program: readonly string[];
  /** The working folder of the peers. */
  readonly cwd: string;
  /** The folder at which a peer is called, where somebody stands before it; by default its data folder. */
  readonly calledAt?: (id: number) => string;
  /** So many peers share a process; 1, or left out, where each has its own. */
  readonly perProcess?: number;
};

/** A peer as the ring's own control socket tells of it. */
export type NetworkPeer = {
  readonly id: number;
  readonly pid: number;
  readonly dir: string;
  readonly state: "running" | "frozen" | "ended";
  /** It shares its process: a kill is emulated, and it cannot be frozen. */
  readonly shared?: true;
};

/** What a signal makes of a process at once. */
const BECAME: Partial<Record<Signal, ProcessState>> = {
  SIGKILL: "killed",
  SIGSTOP: "frozen",
  SIGCONT: "thawed",
};

export class Network {
  readonly watch = new Watch();
  /** With it the peers take faults: they know it from their start. */
  readonly labToken = randomBytes(16).toString("hex");
  private readonly children = new Map<number, PeerChild>();
  private readonly processes: SharedChild[] = [];
  private stopping = false;

  constructor(
    private readonly plan: NetworkPlan,
    private readonly voice: NetworkVoice,
  ) {}

  /** Peer N listens on it plus N. */
  get basePort(): number {
    return this.plan.basePort;
  }

  /**
   * Founds the ring, with all these peers at once.
   * @param size how many there will be
   * @throws Failure if the program cannot be run
   */
  found(ids: readonly number[], size = ids.length): void {
    const { perProcess = 1, program, cwd } = this.plan;
    // Neighbours in different processes: one that stands still or ends is not a whole stretch of the ring.
    const processes = perProcess > 1 ? Math.ceil(size / perProcess) : 0;
    const token = { [LAB_TOKEN_VARIABLE]: this.labToken };
    while (this.processes.length < processes) {
      this.processes.push(new SharedChild(program, cwd, perProcess, token));
    }
    for (const id of ids) this.spawn(id, initArgs(ids, id, this.plan));
  }

  /** Everyone that was ever started, by id. */
  peers(): NetworkPeer[] {
    const peers = [...this.children].map(([id, child]): NetworkPeer => {
      const state = !child.running ? "ended" : child.frozen ? "frozen" : "running";
      const dir = resolve(peerDir(this.plan.ringDir, id));
      return { id, pid: child.pid, dir, state, ...(child.shared ? { shared: true } : {}) };
    });
    return peers.sort((a, b) => a.id - b.id);
  }

  /** The ids of those that run and are not frozen, in ascending order. */
  living(): number[] {
    return this.peers().flatMap(({ id, state }) => (state === "running" ? [id] : []));
  }

  /** The last sentence of a peer; empty if it said nothing. */
  lastWords(id: number): string {
    return this.children.get(id)?.lastNote ?? "";
  }

  /**
   * @returns when it was sent, in epoch milliseconds
   * @throws Failure if no such peer runs
   */
  signal(id: number, signal: Signal): number {
    const child = this.children.get(id);
    if (child === undefined) throw new Failure(`There is no peer ${id} in this ring.`);
    if (!child.running) throw new Failure(`Peer ${id} has ended: start it with start ${id}.`);
    const at = child.signal(signal);
    const became = BECAME[signal];
    if (became !== undefined) this.voice.process?.(id, became, at);
    // What it said before is of no interest any more.
    if (signal === "SIGKILL") this.watch.forget(id);
    return at;
  }

  /**
   * Starts a peer, new or once more, through a living one, and waits until it is in the ring.
   * @param known through whom; by default a living peer far from its place
   * @param faults what is on at it from its start
   * @returns through whom it joined
   * @throws Failure with the peer's own sentence if it ended, or if it was not in after 30 s
   */
  async start(
    id: number,
    known: number | null = null,
    faults: LabFaults | null = null,
  ): Promise<number> {
    const former = this.children.get(id);
    if (former?.running && !former.killed) {
      const hint = former.frozen ? `is frozen: thaw it with cont ${id}` : "runs: nothing to start";
      throw new Failure(`Peer ${id} ${hint}.`);
    }
    const through = known ?? this.contactFor(id);
    if (through === null) throw new Failure(`No peer is left that ${id} could join through.`);
    await former?.ended;
    const child = this.spawn(id, joinArgs(id, through, this.plan), faults);
    await this.untilIn(id, child, through);
    return through;
  }

  /** Resolves when the peer has ended, or after `limitMs`. @returns whether it has */
  async untilEnded(id: number, limitMs: number): Promise<boolean> {
    const child = this.children.get(id);
    if (child === undefined) return true;
    await Promise.race([child.ended, Bun.sleep(limitMs)]);
    return !child.running;
  }

  /**
   * Removes the data folder of a peer that was killed: it starts with an empty one.
   * @throws Failure if it runs
   */
  async loseDisk(id: number): Promise<void> {
    if (!(await this.untilEnded(id, RING_ASK_MS)))
      throw new Failure(`Peer ${id} runs: kill it before it loses its data folder.`);
    await rm(peerDir(this.plan.ringDir, id), { recursive: true, force: true });
  }

  /** Ends all peers, frozen ones included, and waits until they are gone. Never rejects. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.watch.close();
    const running = [...this.children.values()].filter((child) => child.running);
    // An abrupt end: nothing is handed on when a whole ring stops.
    for (const shared of this.processes) shared.kill();
    for (const child of running) child.signal(child.frozen ? "SIGKILL" : "SIGINT");
    const all = Promise.all(running.map((child) => child.ended));
    await Promise.race([all, Bun.sleep(END_MS)]);
    for (const child of running) child.signal("SIGKILL");
    await all;
  }

  /** Kills all peers and waits for none: their process is about to end. */
  killAll(): void {
    this.stopping = true;
    for (const shared of this.processes) shared.kill();
    for (const child of this.children.values()) child.signal("SIGKILL");
  }

  private spawn(id: number, args: readonly string[], faults: LabFaults | null = null): PeerChild {
    if (this.stopping) throw new Failure("This ring is ending.");
    const { ringDir, calledAt } = this.plan;
    const child = this.childFor(id, args, faults === null ? "" : JSON.stringify(faults));
    this.children.set(id, child);
    this.voice.process?.(id, "started", epochNow());
    this.watch.follow(id, calledAt?.(id) ?? peerDir(ringDir, id));
    void child.ended.then((end) => {
      if (this.children.get(id) === child) this.watch.forget(id);
      if (this.stopping) return;
      this.voice.process?.(id, "ended", epochNow());
      this.voice.ended(id, end);
    });
    return child;
  }

  private childFor(id: number, args: readonly string[], faults: string): PeerChild {
    const { program, cwd, perProcess = 1 } = this.plan;
    const voice = {
      line: (text: string) => this.voice.line(id, text),
      note: (text: string) => this.voice.note(id, text),
    };
    const token = { [LAB_TOKEN_VARIABLE]: this.labToken };
    if (perProcess > 1)
      return this.processWithRoom(perProcess, token).start(id, args, voice, faults);
    return new Child([...program, ...args], cwd, voice, {
      ...token,
      [LAB_FAULTS_VARIABLE]: faults,
    });
  }

  private processWithRoom(most: number, environment: Record<string, string>): SharedChild {
    const roomy = this.processes.filter((shared) => shared.hasRoom);
    const least = roomy.sort((a, b) => a.size - b.size)[0];
    if (least !== undefined) return least;
    const { program, cwd } = this.plan;
    const shared = new SharedChild(program, cwd, most, environment);
    this.processes.push(shared);
    return shared;
  }

  private async untilIn(id: number, child: PeerChild, through: number): Promise<void> {
    const limit = epochNow() + STEADY_MS;
    while (child.running && this.watch.get(id)?.joined !== true) {
      const left = limit - epochNow();
      if (left <= 0) {
        throw new Failure(`Peer ${id} was not in the ring within ${STEADY_MS / 1000} s.`);
      }
      const seen = this.watch.changed(this.watch.version, Math.min(left, 250));
      await Promise.race([seen, child.ended]);
    }
    if (child.running) return;
    await child.ended;
    throw new Failure(child.lastNote || `Peer ${id} ended while joining through ${through}.`);
  }

  /** The living peer across the ring, so that the request travels. */
  private contactFor(id: number): number | null {
    const living = this.living().filter((other) => other !== id);
    const next = Math.max(
      0,
      living.findIndex((other) => other > id),
    );
    return living[(next + Math.floor(living.length / 2)) % living.length] ?? null;
  }
}
