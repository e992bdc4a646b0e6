/** Two whose views differ: what one asks that is no member here, and what is said by one that knows of others. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { HOP_ACK_MS } from "../../../src/protocol/model/config.ts";
import { type Member, makeMember, NO_INSTANCE } from "../../../src/protocol/model/member.ts";
import { IDS, inquireOf, member, OnePeer, OTHERS, READ, routedFrom } from "../one-peer.ts";

const LEASE = { tag: "lease", nonce: 5, from: 2, to: 8, asked: [8, 9, 14, 20] } as const;
const WRITE = { number: 1, after: 0, require: 0 } as const;
const REMOVE = { kind: "remove", name: "plan", key: 7, write: WRITE } as const;
/** One that this ring has never seen. */
const STRANGER = 11;

/** Word of 9 for the request 1, which knows of these as well. */
function inquired(others: readonly Member[]) {
  const rest = { rejected: false, lost: [], room: 1_000_000, others };
  return { tag: "inquired", request: 1, records: [], ...rest } as const;
}

function outcomes(peer: OnePeer): string[] {
  return peer.sent("answer").map(({ message }) => message.outcome.kind);
}

/** It answers the ping of whoever tries it, and so becomes a member there. */
function answerPing(peer: OnePeer, id: number): void {
  const ping = peer.sent("ping").find(({ to }) => to === member(id).address);
  if (ping === undefined) throw new Error(`nobody has pinged ${id}`);
  const { digest, room, awayMs, forgottenMs, nonce } = ping.message;
  const standing = { awayMs, forgottenMs };
  peer.hear(id, { tag: "pong", nonce, round: false, digest, room, ...standing });
}

test("what a stranger asks waits until it is a member, or until nobody waits for it", () => {
  for (const [message, answer] of [
    [inquireOf("plan"), "inquired"],
    [LEASE, "leased"],
  ] as const) {
    for (const late of [false, true]) {
      const holder = new OnePeer(9);
      holder.hear(STRANGER, message);
      expect(holder.to(answer)).toEqual([]);
      const tried = holder.effects;
      if (late) holder.now += HOP_ACK_MS;
      holder.effects = tried;
      answerPing(holder, STRANGER);
      expect(holder.to(answer)).toEqual(late ? [] : [STRANGER]);
    }
  }
});

test("nor is a request dealt with whose sender is no member here, but of another ring", () => {
  const owner = new OnePeer(8);
  owner.hear(STRANGER, routedFrom(STRANGER, 1, READ));
  expect([...owner.to("ack"), ...owner.to("inquire")]).toEqual([]);
  answerPing(owner, STRANGER);
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
  answerPing(owner, STRANGER);
  const [inquiry] = owner.peer.replication.inquiries.values();
  expect(inquiry?.arrival.validUntil).toBe(owner.now + leftMs - (HOP_ACK_MS - 1));
});

test("one that is held for dead is told so when it asks", () => {
  const holder = new OnePeer(9);
  learn(holder.peer, makeMember({ ...member(14), state: "dead" }), "lost");
  holder.hear(14, inquireOf("plan"));
  expect(holder.to("inquired")).toEqual([]);
  const dead = holder.sent("gossip").flatMap(({ message }) => message.members);
  expect(dead).toMatchObject([{ id: 14, state: "dead" }, ...dead.slice(1)]);
});

test("word counts once those that its sender knows of have been asked as well, or are gone", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, READ));
  expect(owner.sent("inquire")[0]?.message.asked).toEqual([8, ...OTHERS]);
  owner.hear(9, inquired([member(STRANGER)]));
  const tried = owner.effects;
  owner.tell(1, [14]);
  expect(outcomes(owner)).toEqual([]);
  owner.effects = tried;
  answerPing(owner, STRANGER);
  expect(owner.to("inquire")).toEqual([STRANGER]);
  expect(outcomes(owner)).toEqual([]);
  owner.tell(1, [STRANGER, 20]);
  expect(outcomes(owner)).toEqual(["missing"]);

  const departed = new OnePeer(8);
  departed.hear(2, routedFrom(2, 1, READ));
  departed.hear(9, inquired([member(STRANGER)]));
  learn(departed.peer, makeMember({ ...member(STRANGER), state: "dead" }), "lost");
  // After a death all have to speak.
  departed.tell(1, [14, 20]);
  expect(outcomes(departed)).toEqual(["missing"]);
});

test("one that is only expected has not been asked, and one that was restarted is asked anew", () => {
  const owner = new OnePeer(8, [8, 9, 20]);
  const expected = makeMember({ ...member(14), instance: NO_INSTANCE, incarnation: 0 });
  owner.peer.membership.view = owner.peer.membership.view.with(expected);
  owner.hear(9, routedFrom(9, 1, READ));
  owner.hear(9, inquired([member(14)]));
  expect(outcomes(owner)).toEqual([]);
  const again = new OnePeer(8);
  learn(again.peer, makeMember({ ...member(STRANGER), state: "dead" }), "lost");
  again.hear(2, routedFrom(2, 1, READ));
  again.hear(9, inquired([makeMember({ ...member(STRANGER), incarnation: 3 })]));
  again.tell(1, [14, 20]);
  expect(outcomes(again)).toEqual([]);
});

test("a holder names those that were not asked, and promises nothing to an owner that does not know them", () => {
  const holder = new OnePeer(9);
  holder.hear(8, inquireOf("plan", 1, [8, 9, 14]));
  expect(holder.sent("inquired")[0]?.message.others.map((m) => m.id)).toEqual([20]);
  holder.hear(8, inquireOf("plan", 2, IDS));
  expect(holder.sent("inquired")[0]?.message.others).toEqual([]);
  for (const [asked, granted] of [
    [[8, 9, 14], false],
    [[8, 9, 14, 20], true],
  ] as const) {
    holder.hear(8, { ...LEASE, asked });
    expect(holder.sent("leased")[0]?.message.granted).toBe(granted);
  }
});
