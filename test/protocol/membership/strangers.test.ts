/** What one asks that is no member here. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { HOP_ACK_MS } from "../../../src/protocol/model/config.ts";
import { POSTPONED_ENTRIES } from "../../../src/protocol/model/limits.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { inquireOf, member, OnePeer, OTHERS, READ, routedFrom } from "../one-peer.ts";

const LEASE = { tag: "lease", nonce: 5, from: 2, to: 8, asked: [8, 9, 14, 20] } as const;
const WRITE = { number: 1, after: 0, require: 0 } as const;
const REMOVE = { kind: "remove", name: "plan", key: 7, write: WRITE } as const;
/** One that this ring has never seen. */
const STRANGER = 11;

test("what a stranger asks waits until it is a member, or until nobody waits for it", () => {
  for (const [message, answer] of [
    [inquireOf("plan"), "inquired"],
    [LEASE, "leased"],
  ] as const) {
    for (const late of [false, true]) {
      const replica = new OnePeer(9);
      replica.hear(STRANGER, message);
      expect(replica.to(answer)).toEqual([]);
      const tried = replica.effects;
      if (late) replica.now += HOP_ACK_MS;
      replica.effects = tried;
      replica.answerPing(STRANGER);
      expect(replica.to(answer)).toEqual(late ? [] : [STRANGER]);
    }
  }
});

test("nor is a request dealt with whose sender is no member here, but of another ring", () => {
  const owner = new OnePeer(8);
  owner.hear(STRANGER, routedFrom(STRANGER, 1, READ));
  expect([...owner.to("ack"), ...owner.to("inquire")]).toEqual([]);
  owner.answerPing(STRANGER);
  expect(owner.to("inquire")).toContain(STRANGER);
  // A program that is in no ring has seen no other one.
  const other = new OnePeer(8);
  other.hear(makeMember({ ...member(STRANGER), incarnation: 0 }), routedFrom(STRANGER, 2, READ));
  expect(other.to("inquire")).toEqual(OTHERS);
});

test("the time that it waited counts as time under way", () => {
  const owner = new OnePeer(8);
  owner.hear(STRANGER, routedFrom(STRANGER, 1, REMOVE));
  const tried = owner.effects;
  owner.pass(HOP_ACK_MS - 1);
  owner.effects = tried;
  const leftMs = 1_500;
  owner.answerPing(STRANGER);
  const [inquiry] = owner.peer.replication.inquiries.values();
  expect(inquiry?.arrival.validUntil).toBe(owner.now + leftMs - (HOP_ACK_MS - 1));
});

test("one that is held for dead is told so when it asks", () => {
  const replica = new OnePeer(9);
  learn(replica.peer, makeMember({ ...member(14), state: "dead" }), "lost");
  replica.hear(14, inquireOf("plan"));
  expect(replica.to("inquired")).toEqual([]);
  const dead = replica.sent("gossip").flatMap(({ message }) => message.members);
  expect(dead).toMatchObject([{ id: 14, state: "dead" }, ...dead.slice(1)]);
});

test("what strangers ask is kept by how much it is, not by how many messages", () => {
  const replica = new OnePeer(9);
  const asked = Array.from({ length: POSTPONED_ENTRIES / 8 }, (_, i) => i);
  for (let nonce = 0; nonce < 20; nonce++) replica.hear(STRANGER, { ...LEASE, nonce, asked });
  const { strangers } = replica.peer.membership;
  expect(strangers.map(({ entries }) => entries)).toEqual(Array(7).fill(asked.length + 1));
});
