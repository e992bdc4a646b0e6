/** What a holder has promised an owner, and what it says to others meanwhile. */
import { expect, test } from "bun:test";
import { BATCH_SPACING_MS, PROMISE_MS, PROMISES } from "../../../src/protocol/model/config.ts";
import type { FileRecord } from "../../../src/protocol/model/files.ts";
import { BODY, IDS, inquireOf, OnePeer, routedFrom, storeAsk, version } from "../one-peer.ts";

/** What 14 has stamped in the part of the circle that 8 owns; and what 8 has itself. */
const FOREIGN = version(14, 3, 7);
const OWN = version(8, 3, 8, { name: "own" });

const lease = (nonce = 5, from = 2, to = 8) =>
  ({ tag: "lease", nonce, from, to, asked: IDS }) as const;

function answerTo(holder: OnePeer, owner = 8) {
  expect(holder.to("leased")).toEqual([owner]);
  const { granted, clean } = holder.sent("leased")[0]?.message ?? {};
  return { granted, clean };
}

/** Has it taken in and durable here, as offered by a member. */
function take(holder: OnePeer, from: number, record: FileRecord): void {
  holder.hear(from, { tag: "offer", records: [record], origin: null }, { body: BODY });
  holder.durable();
}

function promised(): OnePeer {
  const holder = new OnePeer(9);
  holder.hear(8, lease());
  expect(answerTo(holder)).toEqual({ granted: true, clean: false });
  return holder;
}

test("while it is promised, word of another's version is kept back from others, and said afterwards", () => {
  const holder = promised();
  take(holder, 14, FOREIGN);
  expect(holder.to("replicated")).toEqual([]);
  holder.hear(14, inquireOf("plan"));
  expect(holder.to("inquired")).toEqual([]);
  // The owner itself hears of it soon.
  holder.pass(BATCH_SPACING_MS);
  expect(holder.to("replicated")).toEqual([8]);
  holder.hear(8, inquireOf("plan", 2));
  expect(holder.to("inquired")).toEqual([8]);
  // Of another name there is nothing to keep back.
  holder.hear(14, inquireOf("other", 3));
  expect(holder.to("inquired")).toEqual([14]);
  holder.pass(PROMISE_MS - BATCH_SPACING_MS - 1);
  expect([...holder.to("replicated"), ...holder.to("inquired")]).toEqual([]);
  holder.pass(1);
  expect(holder.to("replicated")).toContain(14);
  const { operation } = FOREIGN;
  expect(holder.sent("inquired")).toMatchObject([
    { message: { request: 1, records: [{ operation }] } },
  ]);
});

test("nor does another holder hear of it that did not give it", () => {
  const holder = promised();
  take(holder, 20, FOREIGN);
  holder.pass(BATCH_SPACING_MS);
  expect(holder.to("replicated")).toEqual([8]);
  holder.pass(PROMISE_MS);
  expect(holder.to("replicated").sort()).toEqual([14, 20]);
});

test("a promise that holds is forgotten for no other", () => {
  const owners = Array.from({ length: PROMISES + 2 }, (_, i) => 1_000 + 10 * i);
  const holder = new OnePeer(9, [8, 9, ...owners]);
  const asked = [8, 9, ...owners];
  const granted = owners.map((id) => {
    holder.hear(id, { tag: "lease", nonce: 5, from: id - 10, to: id, asked });
    return holder.sent("leased")[0]?.message.granted;
  });
  expect(granted.filter((each) => each === true)).toHaveLength(PROMISES);
  expect(granted.slice(-2)).toEqual([false, false]);
  holder.now += PROMISE_MS;
  holder.hear(1_000 + 10 * (PROMISES + 1), {
    tag: "lease",
    nonce: 6,
    from: 3_000,
    to: 9_000,
    asked,
  });
  expect(holder.sent("leased")[0]?.message.granted).toBe(true);
});

test("nothing is kept back of what the owner stamped, gave or knows, nor without a promise", () => {
  for (const [from, record, offered] of [
    [8, FOREIGN, true],
    [8, OWN, true],
    [14, { ...OWN, stamp: { ...OWN.stamp, run: 8 } }, true],
    [14, FOREIGN, false],
    [14, version(14, 3, 7, { key: 9 }), true],
  ] as const) {
    const holder = offered ? promised() : new OnePeer(9);
    take(holder, from, record);
    expect(holder.to("replicated")).toContain(from);
    holder.hear(20, inquireOf(record.name));
    expect(holder.to("inquired")).toEqual([20]);
  }
  const holder = promised();
  take(holder, 14, FOREIGN);
  const { name, operation, sha256, stamp } = FOREIGN;
  holder.hear(8, { tag: "replicated", files: [{ name, operation, sha256, stamp }], taking: false });
  holder.hear(14, inquireOf("plan"));
  expect(holder.to("inquired")).toEqual([14]);
});

test("a lease is not given while a version is unknown to the owner, and again once it knows", () => {
  const holder = promised();
  holder.hear(8, lease(6));
  expect(answerTo(holder)).toEqual({ granted: true, clean: true });
  take(holder, 14, FOREIGN);
  holder.hear(8, lease(7));
  expect(answerTo(holder)).toEqual({ granted: false, clean: true });
  holder.pass(2 * PROMISE_MS);
  holder.hear(8, lease(8));
  expect(answerTo(holder).granted).toBe(false);
  const { name, operation, sha256, stamp } = FOREIGN;
  holder.hear(8, { tag: "replicated", files: [{ name, operation, sha256, stamp }], taking: false });
  holder.hear(8, lease(9));
  expect(answerTo(holder).granted).toBe(true);
  // The same where it has caught up; what both have as holders is another matter.
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
  const holder = promised();
  for (const [from, to] of [
    [2, 9],
    [4, 20],
    [5, 8],
  ] as const) {
    holder.hear(20, lease(6, from, to));
    expect(answerTo(holder, 20).granted).toBe(false);
  }
  holder.hear(20, lease(6, 14, 20));
  expect(answerTo(holder, 20).granted).toBe(true);
  holder.pass(PROMISE_MS);
  holder.hear(14, lease(7, 2, 9));
  expect(answerTo(holder, 14).granted).toBe(true);
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
  // 20 takes itself for the owner, and 9 stands in for 8; the holders have their copies at once.
  const holder = new OnePeer(9);
  holder.hear(20, lease(5, 2, 20));
  holder.hear(2, routedFrom(2, 1, storeAsk(1), { avoid: [8] }), { body: BODY });
  holder.tell(1, [2, 14, 20]);
  const record = holder.sent("offer")[0]?.message.records[0];
  if (record === undefined) throw new Error("nothing was stamped");
  holder.durable();
  const { name, operation, sha256, stamp } = record;
  const files = [{ name, operation, sha256, stamp }];
  const stored = () => holder.sent("answer").map(({ message }) => message.outcome.kind);
  for (const id of [8, 14]) {
    holder.hear(id, { tag: "replicated", files, taking: false });
    expect(stored()).toEqual([]);
  }
  holder.pass(PROMISE_MS - 1);
  expect(stored()).toEqual([]);
  holder.pass(1);
  expect(stored()).toEqual(["stored"]);
});
