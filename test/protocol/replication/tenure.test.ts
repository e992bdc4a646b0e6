/** When an owner may answer alone, and until when. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { LEASE_MS } from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { isAuthoritative } from "../../../src/protocol/replication/tenure.ts";
import { member, OnePeer, OTHERS, READ, routedFrom, STANDING } from "../one-peer.ts";
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

test("one promise alone is no lease, and none without a comparison", () => {
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
  expect(owner.to("compare")).toEqual([]);
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
  // Of two every version is at both; so another comes first.
  owner.hear(4, { tag: "ping", nonce: 1, ...STANDING });
  owner.answerPing(4);
  expect(owner.peer.membership.view.size).toBe(3);
  owner.hear(9, routedFrom(9, 9, READ));
  expect(owner.to("inquire").sort()).toEqual([4, 9]);
  expect(owner.to("answer")).toEqual([]);
});
