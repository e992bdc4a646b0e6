/** When a store is acknowledged, and when not yet. */
import { expect, test } from "bun:test";
import {
  ACKNOWLEDGE_GRACE_MS,
  ACKNOWLEDGE_GRACE_MS as GRACE,
  REPLICAS_WAIT_MS,
} from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { BODY, IDS, member, OnePeer, replicated, routedFrom, storeAsk } from "../one-peer.ts";
import { dies, stamping, versionedBy } from "../situations.ts";

/** What 8 asks of the others, so that it may answer alone. */
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

test("an owner that has promised another waits with its own write as well, also where its disk is full", () => {
  for (const ok of [true, false]) {
    const owner = new OnePeer(9);
    owner.hear(8, LEASE);
    dies(owner, 8);
    owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
    owner.tell(1, [14, 20, 2]);
    const record = versionedBy(owner);
    if (ok) owner.durable();
    else {
      const job = owner.effects.find((e) => e.type === "fetch")?.job ?? 0;
      owner.give({ type: "fetched", job, result: { ok: false, here: true, why: "full" } });
    }
    const all = [20, 14, 2].flatMap((id) => [...owner.hear(id, replicated([record]))]);
    const told = (effects: typeof all) =>
      effects.some((e) => e.type === "send" && e.message.tag === "answer");
    expect(told(all)).toBe(false);
    expect(told([...owner.pass(1_000)])).toBe(true);
  }
});

test("neither a promise nor a moment's grace ends the wait for a majority", () => {
  const stand = stamping(9, { avoid: [8] });
  stand.owner.hear(8, LEASE);
  const { size, sha256 } = stand.record;
  stand.owner.give({ type: "fetched", job: stand.job, result: { ok: true, size, sha256 } });
  stand.owner.pass(3_000);
  expect(stand.owner.peer.replication.placements.size).toBe(1);
  const { owner, record, job } = stamping();
  owner.give({ type: "fetched", job, result: { ok: true, size, sha256 } });
  owner.hear(9, replicated([record]));
  dies(owner, 9);
  owner.pass(ACKNOWLEDGE_GRACE_MS);
  expect(owner.peer.replication.placements.size).toBe(1);
});

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
    this.#held = (this.sent("replicate")[0]?.message.records ?? []).map(
      ({ name, operation, sha256, version }) => ({ name, operation, sha256, version }),
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

  get ends() {
    const told = this.sent("answer").map(({ message }) => message.outcome);
    return told.filter(({ kind }) => kind !== "placed");
  }

  get placements(): number {
    return this.peer.replication.placements.size;
  }
}

test("a store is acknowledged with its copies, clockwise from its key on, and has ended then", () => {
  const owner = new Owner();
  owner.own();
  owner.held(2);
  expect(owner.ends).toEqual([]);
  owner.held(20);
  expect(owner.ends).toMatchObject([{ kind: "stored", replicas: [14, 20, 2], withoutReplica: [] }]);
  expect(owner.placements).toBe(0);
});

test("a majority is enough a moment later, and who lacks it is named", () => {
  const owner = new Owner();
  owner.own();
  owner.held(20);
  owner.pass(GRACE - 1);
  expect(owner.ends).toEqual([]);
  owner.pass(1);
  expect(owner.ends).toMatchObject([{ kind: "stored", replicas: [14, 20], withoutReplica: [2] }]);
});

test("a majority is too few where the origin requires more", () => {
  const owner = new Owner(3);
  owner.own();
  owner.held(20);
  owner.pass(REPLICAS_WAIT_MS - 1);
  expect(owner.ends).toEqual([]);
  owner.pass(1);
  expect(owner.ends).toMatchObject([{ kind: "failed", maybe: true }]);
  expect(owner.placements).toBe(0);
});

test("an owner whose own content takes its time acknowledges when it is there", () => {
  const owner = new Owner();
  owner.held(20, 2);
  owner.pass(REPLICAS_WAIT_MS + 1);
  owner.held(9);
  owner.pass(REPLICAS_WAIT_MS);
  expect(owner.ends).toEqual([]);
  expect(owner.peer.replication.placements.get(1)?.until).toBeGreaterThan(owner.now);
  owner.own();
  expect(owner.ends).toMatchObject([
    { kind: "stored", replicas: [14, 20, 2, 9], withoutReplica: [] },
  ]);
});

test("word that comes just when the time is over ends nothing while the owner's content comes in", () => {
  const owner = new Owner();
  owner.held(20);
  owner.pass(REPLICAS_WAIT_MS - 1);
  owner.now += 1;
  // The step takes what has come first, and looks at its deadlines then.
  owner.held(9);
  expect(owner.ends).toEqual([]);
  owner.own();
  owner.pass(GRACE);
  expect(owner.ends).toMatchObject([
    { kind: "stored", replicas: [14, 20, 9], withoutReplica: [2] },
  ]);
});

test("a version whose copy failed here is no word of it either while that is promised to another", () => {
  const owner = new Owner();
  const until = owner.now + 100;
  const promise = { owner: member(8), from: 9, to: 14, until, foreign: new Set<string>() };
  owner.peer.replication.pledges.set(promise.owner.instance, promise);
  owner.failed();
  owner.held(20, 2, 8);
  expect(owner.ends).toEqual([]);
  owner.pass(100);
  expect(owner.ends).toMatchObject([
    { kind: "stored", replicas: [20, 2, 8], withoutReplica: [14] },
  ]);
});

test("that a write is durable counts of members alone, as which many may speak", () => {
  const { owner, record } = stamping();
  const [placement] = owner.peer.replication.placements.values();
  const many = Array.from({ length: 20 }, (_, i) =>
    makeMember({ ...member(1_000 + i), address: "127.0.0.1:1" }),
  );
  for (const from of many) owner.hear(from, replicated([record]));
  expect(placement?.durable.size).toBe(0);
  owner.hear(9, replicated([record]));
  expect([...(placement?.durable ?? [])]).toEqual([member(9).instance]);
});
