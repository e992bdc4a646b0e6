/** A ring of another program's peers, as child processes: starts, kills, freezes and ends them, and hears them. */
import { epochNow } from "../control/types.ts";
import type { ProgramPeer } from "../foreign/peer.ts";
import { Program, type ProgramPlan } from "../foreign/program.ts";
import { LENIENT } from "../foreign/reading.ts";
import { isOfPings, type Told, toldBy } from "../foreign/told.ts";
import { overLimits } from "../foreign/usage.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Signal } from "./child.ts";
import { ForeignView } from "./foreign-view.ts";
import type { Broken } from "./judge.ts";
import { FOREIGN_INTERVALS, KEPT_PORT_MS, KEPT_PORT_PAUSE_MS, STEADY_MS } from "./limits.ts";
import type { NetworkPeer } from "./network.ts";

/** What is heard of the peers: lines, but for those of pings; sentences; and how one has ended. */
export type ForeignVoice = {
  line(id: number, text: string): void;
  note(id: number, text: string): void;
  /** All that was printed, as it was. */
  printed?(id: number, text: string, prompts: readonly string[]): void;
  /** It has ended, and what it printed has been read. */
  ended?(id: number): void;
};

export type ForeignPlan = ProgramPlan & { readonly intervalMs: number };

type Listener = (id: number, told: Told) => boolean;

export class ForeignNetwork {
  readonly view: ForeignView;
  private readonly program: Program;
  private readonly listeners = new Set<Listener>();
  private stopping = false;
  /** Why all of it was ended: it used more than there is for it. */
  private excess = "";
  private readonly unwatch: () => void;

  constructor(
    private readonly plan: ForeignPlan,
    private readonly voice: ForeignVoice,
  ) {
    this.view = new ForeignView(plan.intervalMs);
    this.program = new Program(plan, {
      line: (id, text, prompts) => this.hear(id, text, prompts),
      error: (id, text) => this.note(id, text),
      ended: (id) => this.sayEnd(id),
    });
    this.unwatch = overLimits(plan.ownWorld, (why) => {
      this.excess = `was ended: the program ${why}`;
      void this.program.kill();
    });
  }

  /** How long this program may take to come together, or to heal, in milliseconds. */
  get limitMs(): number {
    return Math.max(STEADY_MS, FOREIGN_INTERVALS * this.plan.intervalMs);
  }

  /** True where something runs and nothing was printed: it may keep its output while at no terminal. */
  get silent(): boolean {
    return this.program.silent;
  }

  /** Starts the peers of a ring, all at once. @throws Failure if the program cannot be run */
  found(ids: readonly number[]): void {
    for (const id of ids) this.foundAgain(ids, id);
  }

  /** Everyone that was ever started, by id. */
  peers(): NetworkPeer[] {
    const { dir } = this.plan;
    const peers = [...this.program.peers].map(([id, { pid, running, frozen }]): NetworkPeer => {
      return { id, pid, dir, state: !running ? "ended" : frozen ? "frozen" : "running" };
    });
    return peers.sort((a, b) => a.id - b.id);
  }

  living(): number[] {
    return this.peers().flatMap(({ id, state }) => (state === "running" ? [id] : []));
  }

  lastWords(id: number): string {
    return this.excess || (this.program.peers.get(id)?.trouble() ?? "");
  }

  /** How it ended, with its last words; null while it runs. */
  howEnded(id: number): string | null {
    const peer = this.program.peers.get(id);
    if (peer === undefined || peer.running) return null;
    return `${peer.howEnded}${peer.lastError === "" ? "" : `: ${peer.lastError}`}`;
  }

  /** Whether it has ended with exit code 0. */
  endedWell(id: number): boolean {
    return this.program.peers.get(id)?.endedWell === true;
  }

  /** Those of these that have ended by themselves: nobody starts them again. */
  fallen(ids: readonly number[]): Broken | null {
    const peers = ids.filter((id) => this.program.peers.get(id)?.running === false);
    const first = peers[0];
    if (first === undefined) return null;
    return { check: "R4", peers, why: `peer ${first} ${this.lastWords(first) || "ended"}` };
  }

  /** @returns when it was sent, in epoch milliseconds @throws Failure if no such peer runs */
  signal(id: number, signal: Signal): number {
    const peer = this.running(id);
    const at = epochNow();
    if (signal === "SIGKILL") {
      peer.kill();
      this.view.forget(id);
    } else if (signal === "SIGSTOP" || signal === "SIGCONT") peer.freeze(signal === "SIGSTOP");
    else peer.interrupt();
    return at;
  }

  /** Starts a peer of the first ring as it was started then, without waiting for anything. */
  foundAgain(ids: readonly number[], id: number): void {
    const at = ids.indexOf(id);
    const next = (steps: number): number => ids[(at + steps) % ids.length] ?? id;
    this.spawn(id, ["init", id, next(1), next(2)]);
  }

  /**
   * Starts a peer, new or once more, through a living one, and waits until it has said who its successors are.
   * @returns through whom it joined
   * @throws Failure if it ended, or did not say so in time
   */
  async start(id: number, known: number | null = null): Promise<number> {
    const former = this.program.peers.get(id);
    if (former?.running && !former.isEnding) {
      const hint = former.frozen ? `is frozen: thaw it with cont ${id}` : "runs: nothing to start";
      throw new Failure(`Peer ${id} ${hint}.`);
    }
    await former?.ended;
    const through = known ?? this.contactFor(id);
    if (through === null) throw new Failure(`No peer is left that ${id} could join through.`);
    const limit = performance.now() + KEPT_PORT_MS;
    for (;;) {
      const peer = this.spawn(id, ["join", id, through]);
      if (await this.untilIn(peer)) return through;
      if (peer.running) {
        const seconds = this.limitMs / 1000;
        throw new Failure(`Peer ${id} did not say within ${seconds} s who its successors are.`);
      }
      const isKept = /address already in use|EADDRINUSE/i.test(peer.lastError);
      if (!isKept || performance.now() > limit || this.stopping) {
        throw new Failure(`Peer ${id} ${peer.trouble() ?? "ended"}.`);
      }
      await Bun.sleep(KEPT_PORT_PAUSE_MS);
    }
  }

  /** @throws Failure if no such peer runs */
  type(id: number, line: string): void {
    const peer = this.running(id);
    if (peer.frozen) throw new Failure(`Peer ${id} is frozen: thaw it with cont ${id}.`);
    peer.type(line, /^\s*quit\s*$/i.test(line));
  }

  /** Resolves with whether something that fits was said, after `limitMs` at the latest. */
  async told(fits: (id: number, told: Told) => boolean, limitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), limitMs);
    const listener: Listener = (id, told) => {
      if (!fits(id, told)) return false;
      resolve(true);
      return true;
    };
    this.listeners.add(listener);
    const heard = await promise;
    this.listeners.delete(listener);
    clearTimeout(timer);
    return heard;
  }

  /** Resolves when the peer has ended, or after `limitMs`. @returns whether it has */
  async untilEnded(id: number, limitMs: number): Promise<boolean> {
    const peer = this.program.peers.get(id);
    if (peer === undefined) return true;
    await Promise.race([peer.ended, Bun.sleep(limitMs)]);
    return !peer.running;
  }

  /** Ends all that was started. Never rejects. @returns how many processes would not go */
  async stop(): Promise<number> {
    this.stopping = true;
    this.unwatch();
    return await this.program.close();
  }

  private spawn(id: number, args: readonly (string | number)[]): ProgramPeer {
    if (this.stopping) throw new Failure("This ring is ending.");
    this.view.follow(id);
    return this.program.start(id, [...args, this.plan.intervalMs / 1000]);
  }

  private async untilIn(peer: ProgramPeer): Promise<boolean> {
    const limit = performance.now() + this.limitMs;
    while (peer.running && !this.view.hasSaid(peer.id)) {
      const left = limit - performance.now();
      if (left <= 0 || this.stopping) return false;
      await Promise.race([this.view.changed(this.view.version, Math.min(left, 250)), peer.ended]);
    }
    return peer.running;
  }

  private running(id: number): ProgramPeer {
    const peer = this.program.peers.get(id);
    if (peer === undefined) throw new Failure(`There is no peer ${id} in this ring.`);
    if (!peer.running) throw new Failure(`Peer ${id} has ended: start it with start ${id}.`);
    return peer;
  }

  private hear(id: number, printed: string, prompts: readonly string[]): void {
    this.voice.printed?.(id, printed, prompts);
    for (const part of LENIENT.parts(printed)) {
      const told = toldBy(part, prompts);
      if (told !== null) {
        this.view.take(id, told);
        for (const listener of [...this.listeners]) listener(id, told);
      }
      if (!isOfPings(told) && !this.stopping) this.voice.line(id, LENIENT.bare(part, prompts));
    }
  }

  private note(id: number, text: string): void {
    if (!this.stopping) this.voice.note(id, text);
  }

  private sayEnd(id: number): void {
    const peer = this.program.peers.get(id);
    if (peer?.running !== false) return;
    this.view.forget(id);
    this.voice.ended?.(id);
    this.note(id, peer.flooded ? (peer.trouble() ?? "") : peer.howEnded);
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
