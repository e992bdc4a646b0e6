/** When an owner may answer alone, and until when. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { LEASE_MS, REPLICATE_RECORDS } from "../../../src/protocol/model/config.ts";
import type { Range } from "../../../src/protocol/model/files.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { CatchUp, CaughtUp } from "../../../src/protocol/model/messages.ts";
import { isAuthoritative } from "../../../src/protocol/replication/tenure.ts";
import { IDS, member, OnePeer, OTHERS, READ, recordOf, routedFrom, STANDING } from "../one-peer.ts";
import { leased, read } from "../situations.ts";

/** True if a read is answered without asking anybody. */
function answersAlone(owner: OnePeer, request: number): boolean {
  read(owner, request);
  const asked = owner.to("inquire").length > 0;
  expect(owner.outcomes()).toEqual(asked ? [] : ["missing"]);
  return !asked;
}

test("of two that have just met none answers alone, nor by a lease without the other", () => {
  const alone = new OnePeer(8, [8]);
  expect(isAuthoritative(alone.peer, { name: "plan", key: 7 })).toBe(true);
  learn(alone.peer, member(9), "returned");
  expect(answersAlone(alone, 2)).toBe(false);
  const owner = new OnePeer(8);
  learn(owner.peer, member(10), "returned");
  expect(answersAlone(owner, 1)).toBe(false);
  owner.grant([9, 14, 20]);
  expect(answersAlone(owner, 2)).toBe(false);
});

test("one promise alone is no lease, and none without catching up", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  const { effects } = owner;
  const nonce = owner.sent("lease")[0]?.message.nonce ?? 0;
  owner.grant([9]);
  expect(answersAlone(owner, 2)).toBe(false);
  owner.effects = effects;
  for (const id of OTHERS) owner.hear(id, { tag: "leased", nonce, granted: true, clean: false });
  expect(answersAlone(owner, 3)).toBe(false);
});

test("a lease lasts for so long after it was asked for, and is renewed while it is used", () => {
  const owner = leased();
  owner.pass(LEASE_MS - 1);
  read(owner, 3);
  expect(owner.to("inquire")).toEqual([]);
  // What both have is known from now on: a promise is enough.
  expect(owner.to("catch-up")).toEqual([]);
  owner.grant([9, 20]);
  owner.pass(1);
  expect(answersAlone(owner, 4)).toBe(false);
  const again = leased();
  again.pass(LEASE_MS - 1);
  read(again, 3);
  again.grant([9, 14]);
  again.pass(LEASE_MS - 1);
  expect(answersAlone(again, 4)).toBe(true);
  again.pass(LEASE_MS);
  expect(answersAlone(again, 5)).toBe(false);
});

test("a lease ends with a sleep, and with a change of the view", () => {
  const slept = leased();
  slept.give({ type: "woke", sleptMs: 10 });
  expect(answersAlone(slept, 3)).toBe(false);
  const changed = leased();
  learn(changed.peer, makeMember({ ...member(2), state: "left" }), "left");
  expect(answersAlone(changed, 3)).toBe(false);
});

test("a promise that was given before a sleep, or for another lease, is none", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  const { effects } = owner;
  owner.give({ type: "woke", sleptMs: 10 });
  owner.effects = effects;
  owner.grant([9, 14]);
  expect(answersAlone(owner, 2)).toBe(false);
});

test("an owner whose view has changed asks before it speaks", () => {
  const owner = leased([2, 8, 9], [2, 9]);
  owner.hear(9, routedFrom(9, 5, READ));
  expect(owner.to("inquire")).toEqual([]);
  expect(owner.to("answer")).toEqual([9]);
  const left = makeMember({ ...member(2), state: "left" });
  owner.hear(left, { tag: "gossip", joining: false, members: [left] });
  // Of two every write is at both; so another comes first.
  owner.hear(4, { tag: "ping", nonce: 1, ...STANDING });
  owner.answerPing(4);
  expect(owner.peer.membership.view.size).toBe(3);
  owner.hear(9, routedFrom(9, 9, READ));
  expect(owner.to("inquire").sort()).toEqual([4, 9]);
  expect(owner.to("answer")).toEqual([]);
});

/** What 14 has versioned in the part of the circle that 8 owns; and what 8 has itself, under 5. */
const FOREIGN = recordOf(14, 3, 7);
const OWN = recordOf(8, 5, 8, { name: "own" });
/** All of that part, with so many writes. */
const all = (count: number): Range => ({ from: 2, to: 8, count, digest: count });

function asking(files = [OWN]): { owner: OnePeer; asked: CatchUp } {
  const owner = new OnePeer(8, IDS, files);
  owner.hear(20, routedFrom(20, 1, READ));
  expect(owner.to("catch-up")).toEqual(OTHERS);
  const asked = owner.sent("catch-up")[0]?.message;
  if (asked === undefined) throw new Error("nothing was asked");
  return { owner, asked };
}

function told({ nonce, counter }: CatchUp, more: Partial<CaughtUp>): CaughtUp {
  return { tag: "caught-up", nonce, counter, same: [], differ: [], ...more };
}

test("an owner asks for all that it owns, and more closely where much differs", () => {
  const { owner, asked } = asking();
  expect(asked).toMatchObject({
    counter: 5,
    ranges: [owner.peer.replication.files.range(2, 8, null)],
  });
  owner.hear(9, told(asked, { differ: [all(REPLICATE_RECORDS + 1)] }));
  expect(owner.to("catch-up")).toEqual([9]);
  const ranges = [2, 3, 4, 5, 6, 7].map((from) => expect.objectContaining({ from, to: from + 1 }));
  expect(owner.sent("catch-up")[0]?.message).toEqual({ ...asked, ranges });
  // Little is offered by who has it. Nor does an owner offer what it has.
  expect(owner.hear(9, told(asked, { differ: [all(REPLICATE_RECORDS)] }))).toEqual([]);
});

test("nothing is asked of one that has nothing, however much the owner has", () => {
  const names = Array.from({ length: REPLICATE_RECORDS + 1 }, (_, i) => `own ${i}`);
  const { owner, asked } = asking(names.map((name, i) => recordOf(8, 5, i + 1, { name })));
  expect(owner.hear(9, told(asked, { differ: [all(0)] }))).toEqual([]);
  owner.hear(9, told(asked, { differ: [all(1)] }));
  expect(owner.to("catch-up")).toEqual([9]);
});

test("who has the same in all of it, or nothing there, has nothing else", () => {
  const { owner, asked } = asking();
  const agrees = (more: Partial<CaughtUp>) => {
    owner.hear(9, told(asked, more));
    return owner.peer.replication.tenure.agreed.delete(member(9).instance);
  };
  expect(agrees({ same: asked.ranges })).toBe(true);
  expect(agrees({ differ: [all(0)] })).toBe(true);
  expect(agrees({ differ: [all(1)] })).toBe(false);
  expect(agrees({ same: [{ ...all(1), to: 7 }] })).toBe(false);
  expect(agrees({ same: asked.ranges, nonce: asked.nonce + 1 })).toBe(false);
  // Anti-entropy says nothing of it.
  owner.hear(9, { tag: "compared", same: asked.ranges, differ: [], taking: false });
  expect(owner.peer.replication.tenure.agreed.size).toBe(0);
});

test("a replica sends what an owner lacks, but for what that has given a version since, and then says what differs", () => {
  const replica = new OnePeer(9, IDS, [FOREIGN, OWN]);
  replica.hear(8, { tag: "catch-up", nonce: 1, counter: 4, ranges: [all(0)] });
  expect(replica.effects).toMatchObject([
    { message: { tag: "replicate", records: [{ operation: FOREIGN.operation }] } },
    { message: { tag: "caught-up", nonce: 1, counter: 4, same: [], differ: [{ count: 1 }] } },
  ]);
  replica.hear(8, { tag: "catch-up", nonce: 2, counter: 5, ranges: [all(0)] });
  expect(replica.sent("caught-up")[0]?.message.differ).toMatchObject([{ count: 2 }]);
});

test("what an owner has as well it has confirmed in anti-entropy alone", () => {
  const replica = new OnePeer(9, IDS, [FOREIGN]);
  const confirmed = () => replica.peer.replication.confirmed.get(FOREIGN) ?? [];
  const ranges = [replica.peer.replication.files.range(2, 8, null)];
  replica.hear(8, { tag: "catch-up", nonce: 1, counter: 0, ranges });
  expect(replica.sent("caught-up")[0]?.message.same).toEqual(ranges);
  expect(confirmed()).toEqual([]);
  replica.hear(8, { tag: "compare", ranges });
  expect(replica.sent("compared")[0]?.message.same).toEqual(ranges);
  expect(confirmed()).toEqual([member(8).instance]);
});
