/** What a verdict on a write comes to, at the one peer that owns it. */
import { expect, test } from "bun:test";
import {
  ACKNOWLEDGE_GRACE_MS as GRACE,
  COPIES_WAIT_MS as LIMIT,
} from "../../src/protocol/model/config.ts";
import type { Effect } from "../../src/protocol/model/io.ts";
import { BODY, member, OnePeer, routedFrom, storeAsk } from "./one-peer.ts";

/** Peer 14 of the ring 2, 8, 9, 14, 20, which owns the key 10, with the word of all that there is nothing. */
class Owner extends OnePeer {
  readonly #fetched: readonly Effect[];
  readonly #held;

  constructor(require = 0) {
    super(14);
    const write = { number: 1, after: 0, require };
    this.hear(8, routedFrom(8, 1, storeAsk(1, { key: 10, write })), { body: BODY });
    this.tell(1, [2, 20, 8, 9]);
    this.#fetched = this.effects;
    this.#held = (this.sent("offer")[0]?.message.records ?? []).map(
      ({ name, operation, sha256, stamp }) => ({ name, operation, sha256, stamp }),
    );
  }

  /** Others say that they have it. */
  held(...ids: readonly number[]): void {
    for (const id of ids) {
      this.hear(id, { tag: "replicated", files: this.#held, taking: false });
    }
  }

  /** Its own copy is on its disk. */
  own(): void {
    this.effects = this.#fetched;
    this.durable();
  }

  /** Its disk does not take it. */
  failed(): void {
    const fetch = this.#fetched.find((e) => e.type === "fetch");
    const result = { ok: false, why: "no room", here: true } as const;
    if (fetch !== undefined) this.give({ type: "fetched", job: fetch.job, result });
  }

  get outcomes() {
    const ends = this.sent("answer").map(({ message }) => message.outcome);
    return ends.filter(({ kind }) => kind !== "placed");
  }

  get placements(): number {
    return this.peer.replication.placements.size;
  }
}

test("a store is acknowledged with its copies, clockwise from its key on, and has ended then", () => {
  const owner = new Owner();
  owner.own();
  owner.held(2);
  expect(owner.outcomes).toEqual([]);
  owner.held(20);
  expect(owner.outcomes).toMatchObject([{ kind: "stored", copies: [14, 20, 2], lacking: [] }]);
  expect(owner.placements).toBe(0);
});

test("a majority is enough a moment later, and who lacks it is named", () => {
  const owner = new Owner();
  owner.own();
  owner.held(20);
  owner.pass(GRACE - 1);
  expect(owner.outcomes).toEqual([]);
  owner.pass(1);
  expect(owner.outcomes).toMatchObject([{ kind: "stored", copies: [14, 20], lacking: [2] }]);
});

test("a majority is too few where the origin requires more", () => {
  const owner = new Owner(3);
  owner.own();
  owner.held(20);
  owner.pass(LIMIT - 1);
  expect(owner.outcomes).toEqual([]);
  owner.pass(1);
  expect(owner.outcomes).toMatchObject([{ kind: "failed", maybe: true }]);
  expect(owner.placements).toBe(0);
});

test("an owner whose own content takes its time acknowledges when it is there", () => {
  const owner = new Owner();
  owner.held(20, 2);
  owner.pass(LIMIT + 1);
  owner.held(9);
  owner.pass(LIMIT);
  expect(owner.outcomes).toEqual([]);
  expect(owner.peer.replication.placements.get(1)?.until).toBeGreaterThan(owner.now);
  owner.own();
  expect(owner.outcomes).toMatchObject([{ kind: "stored", copies: [14, 20, 2, 9], lacking: [] }]);
});

test("a stamp whose copy failed here is no word of it either while that is promised to another", () => {
  const owner = new Owner();
  const until = owner.now + 100;
  const promise = { owner: member(8), from: 9, to: 14, until, foreign: new Set<string>() };
  owner.peer.replication.pledges.set(promise.owner.instance, promise);
  owner.failed();
  owner.held(20, 2, 8);
  expect(owner.outcomes).toEqual([]);
  owner.pass(100);
  expect(owner.outcomes).toMatchObject([{ kind: "stored", copies: [20, 2, 8], lacking: [14] }]);
});
