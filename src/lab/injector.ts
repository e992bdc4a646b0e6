/** Puts the faults of networks and full disks into the peers, keeps them there, and takes them away. */
import type { LabFaults, LinkFault } from "../control/lab.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { LabRing } from "./lab-ring.ts";
import { INJECT_MS, RENEW_MS } from "./limits.ts";
import { PeerFaults, type Wanted } from "./peer-faults.ts";
import type { PlannedFault } from "./run-lines.ts";

/** The first cannot send to the second. */
export type Pair = readonly [from: number, to: number];

export class Injector {
  private readonly active = new Map<number, PlannedFault>();
  private readonly peers = new Map<number, PeerFaults>();
  private readonly timer: Timer;

  /** @param changed called whenever a cut has been made or mended, or may have been */
  constructor(
    private readonly ring: Pick<LabRing, "watch" | "basePort" | "labToken">,
    private readonly changed: () => void,
  ) {
    this.timer = setInterval(() => this.renew(), RENEW_MS);
  }

  /** Those that run, the frozen too; kept up to date by who starts and ends them. */
  came(id: number): void {
    this.peerOf(id).begun();
  }

  ended(id: number): void {
    this.peers.delete(id);
  }

  /** What is on at a peer from its start; to be asked for just before that. */
  earlyFor(id: number): LabFaults | null {
    const peer = this.peerOf(id);
    peer.want(this.wantedAt(id));
    return this.ring.labToken === null ? null : peer.early;
  }

  /** Resolves when those that answer have it. */
  async begin(fault: PlannedFault): Promise<void> {
    this.active.set(fault.n, fault);
    await this.tellAll(fault);
  }

  async end(fault: PlannedFault): Promise<void> {
    this.active.delete(fault.n);
    await this.tellAll(fault);
  }

  /** Breaks all streams of some peers, at their own end. */
  async reset(ids: readonly number[]): Promise<void> {
    const all = [...this.peers.keys()].map((id) => this.addressOf(id));
    await this.push(ids, (peer) => peer.reset(all));
  }

  /** Takes all away, as far as peers answer; the others lose it with its lease. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.active.clear();
    const on = [...this.peers].filter(([, peer]) => peer.isOn).map(([id]) => id);
    await this.push(on, (peer, id) => peer.want(this.wantedAt(id)));
  }

  severed(): Pair[] {
    return [...this.peers].flatMap(([to, { cuts }]) => [...cuts].map((from): Pair => [from, to]));
  }

  passing(): Pair[] {
    return [...this.peers].flatMap(([to, { passing }]) => passing.map((from): Pair => [from, to]));
  }

  /** True if nothing comes from the one to the other, or from the other to the one. */
  areApart(one: number, other: number): boolean {
    const { cuts } = this.wantedAt(one);
    return cuts.has(other) || this.wantedAt(other).cuts.has(one);
  }

  private async tellAll({ peers, others }: PlannedFault): Promise<void> {
    const ids = others.length > 0 ? [...peers, ...others] : [...this.peers.keys()];
    await this.push(ids, (peer, id) => peer.want(this.wantedAt(id)));
  }

  /** Those that are not there any more are left out. */
  private async push(
    ids: readonly number[],
    change: (peer: PeerFaults, id: number) => void,
  ): Promise<void> {
    const there = ids.flatMap((id) => {
      const peer = this.peers.get(id);
      if (peer !== undefined) change(peer, id);
      return peer ?? [];
    });
    this.changed();
    await Promise.all(there.map((peer) => peer.push()));
  }

  private renew(): void {
    for (const peer of this.peers.values()) if (peer.isOn) void peer.push();
  }

  /** What all faults that are on come to at one peer. */
  private wantedAt(id: number): Wanted {
    const cuts = new Set<number>();
    const unanswered = new Set<number>();
    const links: LinkFault[] = [];
    let fullDisk = false;
    for (const { kind, peers, others, amount } of this.active.values()) {
      const isOne = peers.includes(id);
      if (kind === "full-disk") fullDisk ||= isOne;
      else if (kind === "partition") {
        for (const other of isOne ? others : others.includes(id) ? peers : []) cuts.add(other);
      } else if (kind === "one-way") {
        for (const other of others.includes(id) ? peers : []) cuts.add(other);
        for (const other of isOne ? others : []) unanswered.add(other);
      } else if (
        kind === "loss" ||
        kind === "delay" ||
        kind === "duplicate" ||
        kind === "reorder"
      ) {
        const from = isOne ? [...this.peers.keys()].filter((other) => other !== id) : peers;
        links.push({ kind, from: from.map((other) => this.addressOf(other)), amount: amount ?? 0 });
      }
    }
    return { cuts, fullDisk, links: [...this.cutting(cuts, unanswered), ...links] };
  }

  private cutting(cuts: ReadonlySet<number>, unanswered: ReadonlySet<number>): LinkFault[] {
    const kinds = [
      ["cut", cuts],
      ["unanswered", unanswered],
    ] as const;
    return kinds.flatMap(([kind, ids]) =>
      ids.size === 0 ? [] : [{ kind, from: [...ids].map((id) => this.addressOf(id)), amount: 0 }],
    );
  }

  private peerOf(id: number): PeerFaults {
    const known = this.peers.get(id);
    if (known !== undefined) return known;
    const inject = async (faults: LabFaults): Promise<void> => {
      const { labToken, watch } = this.ring;
      const control = watch.control(id);
      if (labToken === null || control === undefined) throw new Failure(`Peer ${id} is not there.`);
      await control.inject(labToken, faults, INJECT_MS);
    };
    const peer = new PeerFaults(inject, this.changed);
    this.peers.set(id, peer);
    return peer;
  }

  private addressOf(id: number): string {
    return `127.0.0.1:${this.ring.basePort + id}`;
  }
}
