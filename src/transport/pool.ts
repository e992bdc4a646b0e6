/** The links to all other peers: one per address, so many at a time, the watched ones kept. */
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import { Link, type LinkOptions } from "./link.ts";

export type PoolOptions = {
  readonly dialer: LinkOptions["dialer"];
  readonly links: number;
  hello(beat: number): Uint8Array;
  unreachable(address: Address, how: Unreachable): void;
  greeted(address: Address, by: Member): void;
  dropped(frames: number, to: Address): void;
};

export class Pool {
  readonly #options: PoolOptions;
  readonly #links = new Map<Address, Link>();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#links.size;
  }

  send(to: Address, frame: Uint8Array): void {
    if (!this.#closed) this.#link(to).send(frame);
  }

  /** Has whoever listens at an address say who it is. */
  greet(to: Address): void {
    if (!this.#closed) this.#link(to).greet();
  }

  /** Keeps a link to each of these, and lets the others go idle. */
  watch(addresses: readonly Address[]): void {
    if (this.#closed) return;
    const wanted = new Set(addresses);
    for (const [address, link] of [...this.#links]) {
      if (link.watched && !wanted.has(address)) link.unwatch();
    }
    for (const address of wanted) this.#link(address).watch();
  }

  /** Resets the link to an address: nothing that is under way on it arrives any more. */
  sever(address: Address): void {
    this.#links.get(address)?.sever();
  }

  /** Has every link go on by a new connection. */
  moveOver(): void {
    for (const link of [...this.#links.values()]) link.moveOver();
  }

  /** Resets every link. */
  severAll(): void {
    for (const link of [...this.#links.values()]) link.sever();
  }

  /** An address was just heard from, so it can be reached: what waits for it waits no longer. */
  heard(address: Address, now: number): void {
    this.#links.get(address)?.heard(now);
  }

  sweep(now: number): void {
    for (const link of [...this.#links.values()]) link.sweep(now);
  }

  /** This very process was asleep: no other is to blame for the silence. */
  woke(now: number): void {
    for (const link of this.#links.values()) link.woke(now);
  }

  /** Closes all without another byte. */
  cut(): void {
    this.#closed = true;
    for (const link of [...this.#links.values()]) {
      link.unwatch();
      link.sever();
    }
  }

  close(): void {
    this.#closed = true;
    for (const link of [...this.#links.values()]) link.close();
  }

  #link(address: Address): Link {
    const known = this.#links.get(address);
    if (known !== undefined) return known;
    const link = this.#newLink(address);
    this.#links.set(address, link);
    return link;
  }

  #newLink(address: Address): Link {
    if (this.#links.size >= this.#options.links) this.#leastUsed()?.close();
    const { dialer, hello, unreachable, greeted, dropped } = this.#options;
    const link: Link = new Link({
      address,
      dialer,
      hello,
      greeted: (by) => greeted(address, by),
      dropped: (frames) => dropped(frames, address),
      unreachable: (how) => {
        if (!this.#closed) unreachable(address, how);
      },
      ended: () => {
        if (this.#links.get(address) === link) this.#links.delete(address);
      },
    });
    return link;
  }

  #leastUsed(): Link | undefined {
    let least: Link | undefined;
    for (const link of this.#links.values()) {
      if (!link.watched && link.usedAt < (least?.usedAt ?? Number.POSITIVE_INFINITY)) least = link;
    }
    return least;
  }
}
