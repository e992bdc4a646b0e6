/**
 * Drives one peer's protocol on a real machine: inputs in, one at a time and in order; their effects
 * begun, in order, before the next input; one timer for all its deadlines.
 */
import { Checkpoint } from "../protocol/checkpoint.ts";
import { ownRoom } from "../protocol/membership/room.ts";
import { HEARTBEAT_MS, type RingConfig } from "../protocol/model/config.ts";
import { EXIT_FAILED } from "../protocol/model/failure.ts";
import type { Effect, Input, StartInput } from "../protocol/model/io.ts";
import type { SharedViews } from "../protocol/model/view.ts";
import { nextDeadline, startPeer, step } from "../protocol/peer.ts";
import { isOwnReplica } from "../protocol/replication/replica-set.ts";
import { type Snapshot, snapshot } from "../protocol/snapshot.ts";
import type { Peer } from "../protocol/state.ts";
import type { Folder } from "../store/folder.ts";
import type { Transport } from "../transport/types.ts";
import { Awake } from "./awake.ts";
import type { Contents } from "./contents/contents.ts";
import type { Offers } from "./contents/offers.ts";
import { type EventStream, tellOfThrown } from "./events.ts";
import type { OwnRecord } from "./own-record.ts";
import { type Reception, timed } from "./reception.ts";

export type DriverOptions = {
  readonly reception: Reception;
  readonly own: OwnRecord;
  readonly events: EventStream;
  readonly folder: Folder;
  readonly config: RingConfig;
  readonly contents: Contents;
  readonly offers: Offers;
  readonly transport: Transport;
  readonly look: (name: string) => number | null;
  /** Tables that peers of one process share; null for a peer by itself. */
  readonly views: SharedViews | null;
};

/** How a peer ended: as its protocol says, or since a step or an effect threw, and nobody knows what it is in. */
export type End =
  | { readonly kind: "exit"; readonly code: number; readonly sentence: string | null }
  | { readonly kind: "crash"; readonly error: unknown }
  /** As if its process had been. */
  | { readonly kind: "killed" };

export class Driver {
  /** Resolves when the peer is done; nothing is given to it any more. */
  readonly ended: Promise<End>;
  readonly #end: (end: End) => void;
  readonly #options: DriverOptions;
  readonly #awake = new Awake();
  #peer: Peer;
  readonly #checkpoint: Checkpoint;
  readonly #tellOfThrown: ReturnType<typeof tellOfThrown>;
  #first: readonly Effect[];
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  /** Makes the peer; its first effects begin with `begin`. */
  constructor(options: DriverOptions, start: StartInput) {
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#end = resolve;
    this.#options = options;
    const { peer, effects } = startPeer(start, performance.now(), options.views);
    this.#peer = peer;
    this.#checkpoint = new Checkpoint(peer, step);
    this.#tellOfThrown = tellOfThrown(options.events);
    this.#first = effects;
    options.own.self = peer.self;
  }

  begin(): void {
    const { reception, offers } = this.#options;
    reception.begin({
      wake: () => this.#drain(),
      fail: (error) => this.fail(error),
      open: (...asked) => offers.openFor(...asked),
      view: () => this.#peer.membership.view,
    });
    const first = this.#first;
    this.#first = [];
    this.attempt(() => this.#perform(first));
    this.#drain();
  }

  get snapshot(): Snapshot {
    return snapshot(this.#peer);
  }

  /**
   * True if this peer is to hold a content, as far as it knows, and has room for it twice: a first copy must not
   * take away the room that the ring asks for.
   */
  holds(what: { readonly name: string; readonly key: number; readonly size: number }): boolean {
    return 2 * what.size <= ownRoom(this.#peer) && isOwnReplica(this.#peer, what);
  }

  /** Ends the peer for an error that nobody expected, whoever was called when it was thrown. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#stop({ kind: "crash", error });
  }

  /** Ends the peer where it stands, as one that failed, with a sentence. */
  giveUp(sentence: string): void {
    if (!this.#over) this.#stop({ kind: "exit", code: EXIT_FAILED, sentence });
  }

  /** Ends the peer where it stands: nothing more is done, nor said to anyone. */
  kill(): void {
    if (!this.#over) this.#stop({ kind: "killed" });
  }

  /** Does what must not throw: if it does, the peer ends. */
  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  get #over(): boolean {
    return this.#options.reception.isOver;
  }

  #stop(end: End): void {
    this.#options.reception.end();
    this.#disarm();
    this.#end(end);
  }

  #drain(): void {
    if (this.#busy) return;
    this.#busy = true;
    const { reception } = this.#options;
    this.attempt(() => {
      for (let at = this.#look(); !this.#over; at = this.#look()) {
        const next = reception.next();
        if (next === undefined) return;
        this.#step(timed(next.input, at, at - next.givenAt));
        if (reception.isEmpty) return;
      }
    });
    this.#busy = false;
    this.attempt(() => this.#arm());
  }

  /** The time; a sleep is told to the peer before anything that comes after it. */
  #look(): number {
    const { at, sleptMs } = this.#awake.look(nextDeadline(this.#peer));
    if (sleptMs !== null && !this.#over) {
      this.#step({ type: "woke", sleptMs, at });
    }
    return at;
  }

  #step(input: Input): void {
    const effects = this.#dealtWith(input);
    this.#options.own.self = this.#peer.self;
    this.#perform(effects);
  }

  /** A message is dealt with whole or not at all. @throws what any other input makes the peer throw */
  #dealtWith(input: Input): readonly Effect[] {
    try {
      const effects = step(this.#peer, input);
      this.#checkpoint.note(this.#peer, input);
      return effects;
    } catch (error) {
      if (input.type !== "message") throw error;
      this.#peer = this.#checkpoint.restore();
      const { message, from } = input;
      this.#options.transport.drops.count(
        "message",
        `dealing with "${message.tag}" failed`,
        from.address,
      );
      this.#tellOfThrown(message.tag, from.address, error);
      return [];
    }
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#begin(effect);
  }

  #begin(effect: Effect): void {
    const { reception, folder, transport, contents, offers, events } = this.#options;
    switch (effect.type) {
      case "send":
        transport.send(
          effect.to,
          effect.channel,
          effect.message,
          effect.body === null ? null : contents.bodyOf(effect.body),
        );
        return;
      case "watch":
        transport.watch(effect.addresses);
        return;
      case "sever":
        transport.sever(effect.address);
        return;
      case "sever-dialled":
        transport.severDialled();
        return;
      case "dial":
        transport.dial(effect.address);
        return;
      case "greet":
        transport.greet(effect.address);
        return;
      case "persist":
        void this.#persist(effect.id, effect.incarnation);
        return;
      case "save":
        folder.saveView([...effect.members, ...effect.departed], effect.left);
        return;
      case "event":
        events.publish(effect.event);
        return;
      case "fetch":
        void this.#await(effect.job, contents.fetch(effect));
        return;
      case "merge":
        void this.#await(effect.job, contents.mergeRecord(effect.record));
        return;
      case "serve":
        offers.serve(effect.request, effect.what);
        return;
      case "look": {
        const { request, name } = effect;
        reception.give({ type: "looked", request, size: this.#options.look(name) });
        return;
      }
      case "drop":
        folder.files.drop(effect.write);
        return;
      case "apart":
        for (const write of effect.writes) folder.files.setApart(write);
        return;
      case "alive":
        folder.saveAlive(effect.awayMs, effect.forgottenMs);
        return;
      case "exit":
        this.#stop({ kind: "exit", code: effect.code, sentence: effect.sentence });
    }
  }

  async #await(job: number, fetching: ReturnType<Contents["fetch"]>): Promise<void> {
    this.#options.reception.give({ type: "fetched", job, result: await fetching });
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
    this.#options.reception.give({ type: "persisted", incarnation });
  }

  #arm(): void {
    const next = nextDeadline(this.#peer);
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
      const isDue = nextDeadline(this.#peer) <= performance.now();
      if (isDue) this.#options.reception.give({ type: "tick" });
      else this.#drain();
    });
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}
