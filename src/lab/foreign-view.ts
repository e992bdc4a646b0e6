/** A ring of another program, seen through what its peers print: whom each pings, and who pings it. */
import type { CheckName, PeerSnapshot } from "../checks/ring.ts";
import { epochNow, type LoggedEvent } from "../control/types.ts";
import type { Told } from "../foreign/told.ts";
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import type { Seen } from "./follower.ts";
import type { Silence } from "./judge.ts";
import { HEARD_INTERVALS, HEARD_MS } from "./limits.ts";
import type { RingView } from "./ring-view.ts";

/** What one peer has said. Epoch milliseconds. */
type Word = {
  first: number | null;
  second: number | null;
  /** Who pinged it, and when last. */
  readonly pingers: Map<number, number>;
  /** What was last made known of it. */
  snapshot: PeerSnapshot | null;
};

const UNSAID: Silence = [
  "has not printed who its two successors are",
  "have not printed who their two successors are",
];

const ALONE: PeerSnapshot = {
  ...{ id: 0, bits: NUMBERED_BITS, strategy: "successor", lookups: [] },
  ...{ successors: [], predecessors: [], members: [] },
};

const SIZE = 2 ** NUMBERED_BITS;

/** A loop, or a peer that was never replaced, is what a student is to hear of first. */
const BY_PAIRS: readonly CheckName[] = ["R4", "R3", "R1"];

export class ForeignView implements RingView {
  readonly silence = UNSAID;
  version = 0;
  private readonly words = new Map<number, Word>();
  private readonly listeners = new Set<(seen: Seen) => void>();
  private readonly waiting = new Set<() => void>();
  private seq = 0;
  private pingersTold = false;

  constructor(private readonly intervalMs: number) {}

  /** R2 can be told of a program that prints who pings it. */
  get tells(): readonly CheckName[] {
    return this.pingersTold ? [...BY_PAIRS, "R2"] : BY_PAIRS;
  }

  /** Hears a new process of this id. */
  follow(id: number): void {
    this.words.set(id, { first: null, second: null, pingers: new Map(), snapshot: null });
  }

  /** It has ended: what it said is of no interest any more. */
  forget(id: number): void {
    this.words.delete(id);
    for (const [other, word] of this.words) if (word.pingers.has(id)) this.look(other, word);
  }

  /** Takes a line of a peer. */
  take(id: number, told: Told): void {
    const word = this.words.get(id);
    if (word === undefined) return;
    switch (told.kind) {
      case "pings":
        word.first = told.first;
        word.second = told.second;
        break;
      case "successor":
        if (told.place === 0) word.first = told.peer;
        else word.second = told.peer;
        break;
      case "pinged":
        this.pingersTold = true;
        word.pingers.set(told.peer, epochNow());
        break;
      case "dead":
        this.dropped(id, told.peer);
        return;
      default:
        return;
    }
    this.look(id, word);
    // Whom it no longer pings knows nothing of that, and has one who pings it less.
    for (const [other, its] of this.words) if (its.pingers.has(id)) this.look(other, its);
  }

  /** Whether a peer has said who its two successors are. */
  hasSaid(id: number): boolean {
    return this.words.get(id)?.snapshot != null;
  }

  snapshots(ids: readonly number[]): PeerSnapshot[] {
    // One that is alone has nobody to ping.
    const nothing = ids.length === 1 ? ALONE : null;
    return ids.flatMap((id) => {
      const word = this.words.get(id);
      const snapshot = word?.snapshot ?? nothing;
      return word === undefined || snapshot === null ? [] : [{ ...snapshot, id }];
    });
  }

  /** Nobody can be asked: what they last printed counts, unless it is too old by now. */
  async ask(ids: readonly number[]): Promise<PeerSnapshot[]> {
    for (const [id, word] of this.words) this.look(id, word);
    return this.snapshots(ids);
  }

  async changed(since: number, limitMs: number): Promise<void> {
    if (this.version !== since) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.waiting.add(resolve);
    await promise;
    this.waiting.delete(resolve);
    clearTimeout(timer);
  }

  listen(listener: (seen: Seen) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Makes known what has changed of a peer. */
  private look(id: number, word: Word): void {
    const former = word.snapshot;
    const successors = successorsOf(id, word);
    if (successors === null) return;
    const predecessors = this.predecessorsOf(id, word);
    const isAsBefore =
      former?.successors.join() === successors.join() &&
      former.predecessors.join() === predecessors.join();
    if (isAsBefore) return;
    word.snapshot = { ...ALONE, id, successors, predecessors };
    for (const other of former?.successors ?? []) {
      // One that lives may just have got a nearer one before it.
      if (!successors.includes(other) && !this.words.has(other)) this.dropped(id, other);
    }
    this.tell(id, { event: "successors", successors, predecessors }, word.snapshot);
  }

  /** Who says that it pings this peer, and has been heard by it of late; nearest first. */
  private predecessorsOf(id: number, { pingers }: Word): number[] {
    const oldest = epochNow() - HEARD_INTERVALS * this.intervalMs - HEARD_MS;
    const near = [...pingers].flatMap(([pinger, at]) => {
      const its = this.words.get(pinger);
      const says = its !== undefined && [its.first, its.second].includes(id);
      return at >= oldest && says && pinger !== id ? [pinger] : [];
    });
    return near.sort((a, b) => distance(a, id) - distance(b, id));
  }

  /** It no longer holds a peer for alive. */
  private dropped(id: number, other: number): void {
    const event = { event: "member", id: other, state: "dead", memberIncarnation: 0 } as const;
    this.tell(id, { ...event, why: "lost" }, this.words.get(id)?.snapshot ?? null);
  }

  private tell(id: number, event: PeerEvent, snapshot: PeerSnapshot | null): void {
    this.version++;
    const at = epochNow();
    this.seq++;
    const logged: LoggedEvent = { v: 1, at, seq: this.seq, peer: id, incarnation: 0, ...event };
    for (const listener of [...this.listeners]) listener({ id, at, event: logged, snapshot });
    for (const wake of [...this.waiting]) wake();
  }
}

/** In a ring of two the second is the peer itself. */
function successorsOf(id: number, { first, second }: Word): number[] | null {
  if (first === null || second === null) return null;
  return [...new Set([first, second])].filter((each) => each !== id);
}

function distance(from: number, to: number): number {
  return (to - from + SIZE) % SIZE;
}
