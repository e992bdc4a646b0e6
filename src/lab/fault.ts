/**
 * When a fault was detected and when it had healed, told from what was seen at each peer. Everything
 * seen has its own time, and comes in no order among peers; so it is put in order before it is judged.
 * Pure.
 */
import type { CheckName, PeerSnapshot } from "../checks/ring.ts";
import type { Seen } from "./follower.ts";
import {
  ALL_CHECKS,
  afterEvent,
  type Broken,
  firstBroken,
  healChecks,
  tellsOfView,
} from "./judge.ts";

/** Since when the checks have held without a break; null while one does not, which is told. */
export type Health = { readonly since: number | null; readonly broken: Broken | null };

export class Fault {
  private readonly seen: Seen[] = [];
  private judged: Health | null = null;

  /**
   * @param at when the fault was injected, in epoch milliseconds
   * @param watchers the peers that must drop the victim
   * @param before what was known of the peers that live on, before the fault
   * @param tells the checks that can be told of this ring
   */
  constructor(
    readonly victim: number,
    readonly at: number,
    private readonly watchers: readonly number[],
    private readonly before: readonly PeerSnapshot[],
    private readonly tells: readonly CheckName[] = ALL_CHECKS,
  ) {}

  /** Takes note of what was seen at a peer, in any order. */
  observe(seen: Seen): void {
    if (seen.event !== null && !tellsOfView(seen.event)) return;
    if (seen.event === null && seen.snapshot === null) return;
    this.seen.push(seen);
    this.judged = null;
  }

  /** How it stands by all that was seen so far. */
  health(): Health {
    this.judged ??= this.judge();
    return this.judged;
  }

  /** From the fault until the last watcher had dropped the victim, in milliseconds; null if one has not. */
  detectMs(): number | null {
    const times = this.watchers.map((id) => this.droppedAt(id));
    if (times.length === 0 || times.some((at) => at === null)) return null;
    return Math.max(...times.map((at) => at ?? 0)) - this.at;
  }

  private droppedAt(watcher: number): number | null {
    for (const { id, at, event } of this.inOrder()) {
      if (id !== watcher || at < this.at || event === null) continue;
      if (event.event === "member" && event.id === this.victim && event.state !== "alive") {
        return at;
      }
    }
    return null;
  }

  private judge(): Health {
    const peers = new Map(this.before.map((peer) => [peer.id, peer]));
    const ids = [...peers.keys()];
    const checks = healChecks(this.tells);
    const brokenNow = (): Broken | null => firstBroken(ids, [...peers.values()], checks);
    let broken = brokenNow();
    let since = broken === null ? this.at : null;
    for (const { id, at, event, snapshot } of this.inOrder()) {
      const peer = peers.get(id);
      if (peer === undefined) continue;
      const next = event === null ? (snapshot ?? peer) : afterEvent(peer, event);
      if (next === peer) continue;
      peers.set(id, next);
      broken = brokenNow();
      since = broken === null ? (since ?? Math.max(at, this.at)) : null;
    }
    return { since, broken };
  }

  private inOrder(): Seen[] {
    return this.seen.sort((a, b) => a.at - b.at);
  }
}
