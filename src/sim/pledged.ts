/**
 * D8: replicas keep what they promise. One that lets an owner answer alone lets no other do so, and tells
 * nobody else of a write that this owner knows nothing of: the other would acknowledge it, or read it
 * out, while this one still answers with what was before (Gray and Cheriton, "Leases", 1989). Nor does
 * anybody give its word to one that it has never met.
 */
import { standsFor } from "../checks/files.ts";
import { LEASE_MS } from "../protocol/model/config.ts";
import type { FileRecord, WriteId } from "../protocol/model/files.ts";
import type { Address } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { isWithin } from "../protocol/model/range-digest.ts";
import { isReplicating } from "../protocol/replication/wanting.ts";
import { isIn } from "../protocol/state.ts";
import { type Host, localTime } from "./host.ts";
import type { Fail } from "./promises.ts";
import type { Stage } from "./stage.ts";

/** A part of the circle for which an owner wishes to answer alone. */
type Wish = {
  readonly owner: Host;
  readonly instance: string;
  readonly from: number;
  readonly to: number;
};
/** A promise, and which process gave it. */
type Pledge = Wish & { readonly run: number; readonly until: number };

/** Wishes that are kept in mind: far more than are under way. */
const WISHES = 1_000;

export class Pledged {
  readonly #wishes = new Map<number, Wish>();
  readonly #given = new Map<Host, readonly Pledge[]>();

  constructor(
    private readonly stage: Stage,
    private readonly fail: Fail,
  ) {
    stage.world.post.observers.push((host, message, to) => this.#see(host, message, to));
  }

  #see(host: Host, message: Message, to: Address): void {
    const instance = host.peer?.self.instance ?? "";
    if (message.tag === "lease") {
      const { nonce, from, to: end } = message;
      this.#wishes.set(nonce, { owner: host, instance, from, to: end });
      const [first] = this.#wishes.keys();
      if (this.#wishes.size > WISHES && first !== undefined) this.#wishes.delete(first);
    } else if (message.tag === "leased" && message.granted) {
      this.#noteAsker(host, to);
      this.#noteGrant(host, message.nonce);
    } else if (message.tag === "replicated") this.#noteWord(host, to, message.files);
    else if (message.tag === "inquired") {
      this.#noteAsker(host, to);
      this.#noteWord(host, to, message.records);
    }
  }

  /** Word is given to those alone that are counted, or were: two that never met have seen different rings. */
  #noteAsker(host: Host, to: Address): void {
    const asker = this.stage.world.living().find((h) => h.places.includes(to))?.peer?.self;
    // One on its way into the ring has met nobody yet, and says what its disk has.
    if (asker === undefined || host.peer === null || !isIn(host.peer)) return;
    const {
      membership: { view, departed },
    } = host.peer;
    if (view.find(asker.id) !== undefined || departed.get(asker.id) !== undefined) return;
    this.fail("D8", `peer ${host.id} gave its word to peer ${asker.id}, which it has never met`);
  }

  #noteGrant(host: Host, nonce: number): void {
    const wish = this.#wishes.get(nonce);
    if (wish === undefined) return;
    // An owner that asks anew has given up what it was promised before.
    const open = this.#openOf(host).filter((p) => p.instance !== wish.instance);
    const claimant = open.find(
      ({ from, to }) => isWithin(wish.to, from, to) || isWithin(to, wish.from, wish.to),
    );
    if (claimant !== undefined) {
      const both = `${claimant.owner.id} and ${wish.owner.id}`;
      this.fail("D8", `peer ${host.id} promised ${both} at a time that they may answer alone`);
    }
    const until = this.stage.world.now + LEASE_MS;
    this.#given.set(host, [...open, { ...wish, run: host.run, until }]);
  }

  #noteWord(host: Host, to: Address, writes: readonly WriteId[]): void {
    for (const pledge of this.#openOf(host)) {
      const { owner, instance } = pledge;
      if (owner.places.includes(to) || owner.peer?.self.instance !== instance) continue;
      for (const write of writes) {
        const record = host.peer?.replication.files.find(write);
        if (record === undefined || !isWithin(record.key, pledge.from, pledge.to)) continue;
        if (this.#answersAlone(owner, record, host) && !this.#isAuthoritative(owner, record)) {
          const what = `a version of ${record.name} that peer ${owner.id} knows nothing of`;
          this.fail("D8", `peer ${host.id} told of ${what}, and had promised it to wait`);
        }
      }
    }
  }

  /** The promises of the process that runs there which have not passed. */
  #openOf(host: Host): readonly Pledge[] {
    const { now } = this.stage.world;
    return (this.#given.get(host) ?? []).filter((p) => p.run === host.run && p.until > now);
  }

  /** True if an owner answers for a name by itself, on the promise of this replica among others. */
  #answersAlone(owner: Host, { name }: FileRecord, replica: Host): boolean {
    const { peer } = owner;
    if (peer === null || peer.replication.tenure.epoch !== peer.membership.epoch) return false;
    if (peer.replication.knownStale.has(name) || isReplicating(peer, name)) return false;
    // One that had something else when it promised is not counted.
    if (!peer.replication.tenure.agreed.has(replica.peer?.self.instance ?? "")) return false;
    return localTime(owner, this.stage.world.now) < peer.replication.tenure.until;
  }

  /** True if an owner has the write, or what took its place, or is about to have it. */
  #isAuthoritative(owner: Host, record: FileRecord): boolean {
    const { peer } = owner;
    if (peer === null || peer.replication.files.find(record) !== undefined) return true;
    const placed = [...peer.replication.placements.values()].map((p) => p.record);
    const known = [...peer.replication.files.siblings(record.name), ...placed];
    return known.some((v) => standsFor(v, record));
  }
}
