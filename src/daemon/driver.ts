/**
 * Drives one peer's protocol on a real machine: inputs in, one at a time and in order; their effects
 * begun, in order, before the next input; one timer for all its deadlines.
 */
import { HEARTBEAT_MS, type RingConfig } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import type { Effect, Input, StartInput } from "../protocol/model/io.ts";
import { nextDeadline, startPeer, step } from "../protocol/peer.ts";
import { type Snapshot, snapshot } from "../protocol/snapshot.ts";
import type { Peer } from "../protocol/state.ts";
import type { Folder } from "../store/folder.ts";
import type { Transport } from "../transport/types.ts";
import { Awake } from "./awake.ts";
import type { Contents } from "./contents/contents.ts";
import type { Offers } from "./contents/offers.ts";

/** An input without its time, which the driver adds. */
export type Untimed<T = Input> = T extends Input ? Omit<T, "at"> : never;

export type DriverOptions = {
  readonly folder: Folder;
  readonly config: RingConfig;
  readonly contents: () => Contents;
  readonly offers: () => Offers;
  readonly transport: () => Transport;
  readonly look: (name: string) => number | null;
  readonly publish: (event: PeerEvent) => void;
  /** The peer is done; nothing is given to it any more. */
  readonly ended: (code: number, sentence: string | null) => void;
  /** A step or an effect threw: nothing is given to the peer any more, since nobody knows what it is in. */
  readonly failed: (error: unknown) => void;
};

/** What is driven: the protocol. */
export type Driven = {
  readonly startPeer: typeof startPeer;
  readonly step: typeof step;
  readonly nextDeadline: typeof nextDeadline;
};
const PROTOCOL: Driven = { startPeer, step, nextDeadline };

export class Driver {
  readonly #options: DriverOptions;
  readonly #driven: Driven;
  readonly #waiting: { readonly input: Untimed; readonly givenAt: number }[] = [];
  readonly #awake = new Awake();
  #peer: Peer;
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #over = false;
  /** Kinds of messages that the wire could not hold: of each it is said once. */
  readonly #unsent = new Set<string>();

  /** Makes the peer; its first effects begin with `begin`. */
  constructor(options: DriverOptions, start: StartInput, driven: Driven = PROTOCOL) {
    this.#options = options;
    this.#driven = driven;
    const { peer, effects } = driven.startPeer(start, performance.now());
    this.#peer = peer;
    this.#first = effects;
  }

  #first: readonly Effect[];

  begin(): void {
    const first = this.#first;
    this.#first = [];
    this.attempt(() => this.#perform(first));
    this.#drain();
  }

  get snapshot(): Snapshot {
    return snapshot(this.#peer);
  }

  get self(): Peer["self"] {
    return this.#peer.self;
  }

  /** Gives an input now, or right after those that wait. */
  give(input: Untimed): void {
    if (this.#over) return;
    this.#waiting.push({ input, givenAt: performance.now() });
    this.#drain();
  }

  /** Ends the peer for an error that nobody expected, whoever was called when it was thrown. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.length = 0;
    this.#disarm();
    this.#options.failed(error);
  }

  /** Does what must not throw: if it does, the peer ends. */
  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The wire could not hold a message of this kind, which was left out: said once, and no reason to end. */
  unsent(kind: string, why: string): void {
    if (this.#unsent.has(kind) || this.#over) return;
    this.#unsent.add(kind);
    const text = `A message of the kind "${kind}" does not fit the wire (${why}): it is left out, as all others like it (a bug in p2p).`;
    this.#options.publish({ event: "note", text });
  }

  #drain(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.attempt(() => {
      for (let at = this.#look(); !this.#over; at = this.#look()) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        this.#perform(this.#driven.step(this.#peer, timed(next.input, at, at - next.givenAt)));
        if (this.#waiting.length === 0) return;
      }
    });
    this.#busy = false;
    this.attempt(() => this.#arm());
  }

  /** The time; a sleep is told to the peer before anything that comes after it. */
  #look(): number {
    const { at, sleptMs } = this.#awake.look(this.#driven.nextDeadline(this.#peer));
    if (sleptMs !== null && !this.#over) {
      this.#perform(this.#driven.step(this.#peer, { type: "woke", sleptMs, at }));
    }
    return at;
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#begin(effect);
  }

  #begin(effect: Effect): void {
    const { folder, transport, contents, offers, publish } = this.#options;
    switch (effect.type) {
      case "send":
        transport().send(
          effect.to,
          effect.channel,
          effect.message,
          effect.body === null ? null : contents().bodyOf(effect.body),
        );
        return;
      case "watch":
        transport().watch(effect.addresses);
        return;
      case "sever":
        transport().sever(effect.address);
        return;
      case "sever-dialled":
        transport().severDialled();
        return;
      case "dial":
        transport().dial(effect.address);
        return;
      case "persist":
        void this.#persist(effect.id, effect.incarnation);
        return;
      case "save":
        folder.saveView([...effect.members, ...effect.departed], effect.left);
        return;
      case "event":
        publish(effect.event);
        return;
      case "fetch":
        void this.#await(effect.job, contents().fetch(effect));
        return;
      case "merge":
        void this.#await(effect.job, contents().mergeRecord(effect.record));
        return;
      case "serve":
        offers().serve(effect.request, effect.what);
        return;
      case "look": {
        const { request, name } = effect;
        this.give({ type: "looked", request, size: this.#options.look(name) });
        return;
      }
      case "drop":
        folder.files.drop(effect.version);
        return;
      case "apart":
        for (const version of effect.versions) folder.files.setApart(version);
        return;
      case "alive":
        folder.saveAlive(effect.awayMs, effect.forgottenMs);
        return;
      case "exit":
        this.#over = true;
        this.#disarm();
        this.#options.ended(effect.code, effect.sentence);
    }
  }

  async #await(job: number, fetching: ReturnType<Contents["fetch"]>): Promise<void> {
    this.give({ type: "fetched", job, result: await fetching });
  }

  async #persist(id: number, incarnation: number): Promise<void> {
    try {
      const { config, folder } = this.#options;
      await folder.saveIdentity({ id, ring: config.ring, incarnation, config });
    } catch (error) {
      // Without a durable incarnation the ring could not tell this peer from its former self.
      const why = error instanceof Error ? error.message : String(error);
      this.#begin({
        type: "exit",
        code: 1,
        sentence: `The data folder ${this.#options.folder.dir} cannot be written (${why}): free some space, or choose another with --data.`,
      });
      return;
    }
    this.give({ type: "persisted", incarnation });
  }

  #arm(): void {
    const next = this.#driven.nextDeadline(this.#peer);
    // A timer that is due earlier does no harm: it finds nothing and arms again.
    if (this.#over || (this.#timer !== null && next >= this.#timerAt)) return;
    const now = performance.now();
    // Without a deadline it is the heart's beat: only a sleep is noticed by it.
    const at = Math.min(next, now + HEARTBEAT_MS);
    this.#disarm();
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#beat(), Math.max(0, at - now));
  }

  #beat(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.attempt(() => {
      const givenAt = performance.now();
      const due = this.#driven.nextDeadline(this.#peer) <= givenAt;
      if (due) this.#waiting.push({ input: { type: "tick" }, givenAt });
    });
    this.#drain();
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}

/** A message that has waited here, or while this process was stopped, is older by as much. */
function timed(input: Untimed, at: number, waitedMs: number): Input {
  // The most frequent are made field by field: a spread takes longer.
  if (input.type === "fetched") {
    const { type, job, result } = input;
    return { type, job, result, at };
  }
  if (input.type !== "message") return { ...input, at };
  const { type, from, channel, message, body, heldMs } = input;
  const held = heldMs === null ? null : heldMs + waitedMs;
  return { type, from, channel, message, body, heldMs: held, at };
}
