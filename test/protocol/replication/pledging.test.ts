/** What a replica has promised an owner, and what it says to others meanwhile. */
import { expect, test } from "bun:test";
import { BATCH_SPACING_MS, PROMISE_MS, PROMISES } from "../../../src/protocol/model/config.ts";
import { type FileRecord, heldVersion } from "../../../src/protocol/model/files.ts";
import { FOREIGN_WRITES } from "../../../src/protocol/model/limits.ts";
import { BODY, IDS, inquireOf, OnePeer, recordOf, routedFrom, storeAsk } from "../one-peer.ts";

/** A write to which 14 gave its version, in the part of the circle that 8 owns; and one of 8's own. */
const FOREIGN = recordOf(14, 3, 7);
const OWN = recordOf(8, 3, 8, { name: "own" });

const lease = (nonce = 5, from = 2, to = 8) =>
  ({ tag: "lease", nonce, from, to, asked: IDS }) as const;

function answerTo(replica: OnePeer, owner = 8) {
  expect(replica.to("leased")).toEqual([owner]);
  const { granted, clean } = replica.sent("leased")[0]?.message ?? {};
  return { granted, clean };
}

/** Has it taken in and durable here, as offered by a member. */
function take(replica: OnePeer, from: number, record: FileRecord): void {
  replica.hear(from, { tag: "replicate", records: [record], origin: null }, { body: BODY });
  replica.durable();
}

function promised(): OnePeer {
  const replica = new OnePeer(9);
  replica.hear(8, lease());
  expect(answerTo(replica)).toEqual({ granted: true, clean: false });
  return replica;
}

test("while it is promised, word of another's write is kept back from others, and said afterwards", () => {
  const replica = promised();
  take(replica, 14, FOREIGN);
  expect(replica.to("replicated")).toEqual([]);
  replica.hear(14, inquireOf("plan"));
  expect(replica.to("inquired")).toEqual([]);
  // The owner itself hears of it soon.
  replica.pass(BATCH_SPACING_MS);
  expect(replica.to("replicated")).toEqual([8]);
  replica.hear(8, inquireOf("plan", 2));
  expect(replica.to("inquired")).toEqual([8]);
  // Of another name there is nothing to keep back.
  replica.hear(14, inquireOf("other", 3));
  expect(replica.to("inquired")).toEqual([14]);
  replica.pass(PROMISE_MS - BATCH_SPACING_MS - 1);
  expect([...replica.to("replicated"), ...replica.to("inquired")]).toEqual([]);
  replica.pass(1);
  expect(replica.to("replicated")).toContain(14);
  const { operation } = FOREIGN;
  expect(replica.sent("inquired")).toMatchObject([
    { message: { request: 1, records: [{ operation }] } },
  ]);
});

test("nor does another replica hear of it that did not give it", () => {
  const replica = promised();
  take(replica, 20, FOREIGN);
  replica.pass(BATCH_SPACING_MS);
  expect(replica.to("replicated")).toEqual([8]);
  replica.pass(PROMISE_MS);
  expect(replica.to("replicated").sort()).toEqual([14, 20]);
});

test("a promise that holds is forgotten for no other", () => {
  const owners = Array.from({ length: PROMISES + 2 }, (_, i) => 1_000 + 10 * i);
  const replica = new OnePeer(9, [8, 9, ...owners]);
  const asked = [8, 9, ...owners];
  const granted = owners.map((id) => {
    replica.hear(id, { tag: "lease", nonce: 5, from: id - 10, to: id, asked });
    return replica.sent("leased")[0]?.message.granted;
  });
  expect(granted.filter((each) => each === true)).toHaveLength(PROMISES);
  expect(granted.slice(-2)).toEqual([false, false]);
  replica.now += PROMISE_MS;
  replica.hear(1_000 + 10 * (PROMISES + 1), {
    tag: "lease",
    nonce: 6,
    from: 3_000,
    to: 9_000,
    asked,
  });
  expect(replica.sent("leased")[0]?.message.granted).toBe(true);
});

test("nothing is kept back of what the owner made, gave or knows, nor without a promise", () => {
  for (const [from, record, sent] of [
    [8, FOREIGN, true],
    [8, OWN, true],
    [14, { ...OWN, version: { ...OWN.version, instance: 8 } }, true],
    [14, FOREIGN, false],
    [14, recordOf(14, 3, 7, { key: 9 }), true],
  ] as const) {
    const replica = sent ? promised() : new OnePeer(9);
    take(replica, from, record);
    expect(replica.to("replicated")).toContain(from);
    replica.hear(20, inquireOf(record.name));
    expect(replica.to("inquired")).toEqual([20]);
  }
  const replica = promised();
  take(replica, 14, FOREIGN);
  const { name, operation, sha256, version } = FOREIGN;
  replica.hear(8, {
    tag: "replicated",
    files: [{ name, operation, sha256, version }],
    taking: false,
  });
  replica.hear(14, inquireOf("plan"));
  expect(replica.to("inquired")).toEqual([14]);
});

test("where too many come to be told apart, all of its part of the circle is kept back, and nobody's word clears it", () => {
  const replica = promised();
  const [pledge] = replica.peer.replication.pledges.values();
  const first = recordOf(14, 2, 6, { name: "first" });
  take(replica, 14, first);
  for (let i = 1; i < FOREIGN_WRITES; i++) pledge?.foreign.add(`write ${i}`);
  take(replica, 14, FOREIGN);
  expect(pledge?.foreign.size).toBe(FOREIGN_WRITES);
  expect(replica.to("replicated")).toEqual([]);
  replica.hear(14, inquireOf("plan"));
  replica.hear(8, { tag: "replicated", files: [heldVersion(first)], taking: false });
  replica.hear(14, inquireOf("plan", 2));
  expect(replica.to("inquired")).toEqual([]);
  const range = replica.peer.replication.files.range(2, 8, null);
  replica.hear(14, { tag: "compare", ranges: [range] });
  expect(replica.sent("compared")).toMatchObject([{ message: { same: [] } }]);
  // Of other parts there is nothing to keep back.
  take(replica, 14, recordOf(14, 4, 9, { name: "beyond", key: 9 }));
  expect(replica.to("replicated")).toContain(14);
  replica.hear(8, lease(6));
  expect(answerTo(replica).granted).toBe(false);
});

test("a promise to one that is gone does not gather others' writes for ever", () => {
  const replica = promised();
  const { pledges } = replica.peer.replication;
  const [pledge] = pledges.values();
  for (let i = 0; i < FOREIGN_WRITES; i++) pledge?.foreign.add(`write ${i}`);
  replica.now += PROMISE_MS;
  take(replica, 14, FOREIGN);
  expect(pledges.size).toBe(0);
  // Should it come back after all, it has to catch up.
  replica.hear(8, lease(6));
  expect(answerTo(replica)).toEqual({ granted: true, clean: false });
});

test("a lease is not given while a write is unknown to the owner, and again once it knows", () => {
  const replica = promised();
  replica.hear(8, lease(6));
  expect(answerTo(replica)).toEqual({ granted: true, clean: true });
  take(replica, 14, FOREIGN);
  replica.hear(8, lease(7));
  expect(answerTo(replica)).toEqual({ granted: false, clean: true });
  replica.pass(2 * PROMISE_MS);
  replica.hear(8, lease(8));
  expect(answerTo(replica).granted).toBe(false);
  const { name, operation, sha256, version } = FOREIGN;
  replica.hear(8, {
    tag: "replicated",
    files: [{ name, operation, sha256, version }],
    taking: false,
  });
  replica.hear(8, lease(9));
  expect(answerTo(replica).granted).toBe(true);
  // The same where it has caught up; what both have as replicas is another matter.
  const other = promised();
  take(other, 14, FOREIGN);
  const range = other.peer.replication.files.range(2, 8, null);
  other.hear(8, { tag: "compare", ranges: [range] });
  other.hear(8, lease(6));
  expect(answerTo(other).granted).toBe(false);
  other.hear(8, { tag: "catch-up", nonce: 1, counter: 0, ranges: [range] });
  other.hear(8, lease(6));
  expect(answerTo(other).granted).toBe(true);
});

test("no two owners have the promise for one place, until that of the first has passed", () => {
  const replica = promised();
  for (const [from, to] of [
    [2, 9],
    [4, 20],
    [5, 8],
  ] as const) {
    replica.hear(20, lease(6, from, to));
    expect(answerTo(replica, 20).granted).toBe(false);
  }
  replica.hear(20, lease(6, 14, 20));
  expect(answerTo(replica, 20).granted).toBe(true);
  replica.pass(PROMISE_MS);
  replica.hear(14, lease(7, 2, 9));
  expect(answerTo(replica, 14).granted).toBe(true);
});

test("one that answers alone itself promises nobody the same", () => {
  const owner = new OnePeer(8);
  owner.peer.replication.tenure.until = owner.now + 250;
  owner.hear(9, lease(5, 2, 9));
  expect(answerTo(owner, 9).granted).toBe(false);
  owner.hear(9, lease(5, 8, 9));
  expect(answerTo(owner, 9).granted).toBe(true);
});

test("an owner's own copy is word as well, which it has promised another to keep back", () => {
  // 20 takes itself for the owner, and 9 stands in for 8; the replicas have their copies at once.
  const replica = new OnePeer(9);
  replica.hear(20, lease(5, 2, 20));
  replica.hear(2, routedFrom(2, 1, storeAsk(1), { avoid: [8] }), { body: BODY });
  replica.tell(1, [2, 14, 20]);
  const record = replica.sent("replicate")[0]?.message.records[0];
  if (record === undefined) throw new Error("nothing was written");
  replica.durable();
  const { name, operation, sha256, version } = record;
  const files = [{ name, operation, sha256, version }];
  const stored = () => replica.sent("answer").map(({ message }) => message.outcome.kind);
  for (const id of [8, 14]) {
    replica.hear(id, { tag: "replicated", files, taking: false });
    expect(stored()).toEqual([]);
  }
  replica.pass(PROMISE_MS - 1);
  expect(stored()).toEqual([]);
  replica.pass(1);
  expect(stored()).toEqual(["stored"]);
});
