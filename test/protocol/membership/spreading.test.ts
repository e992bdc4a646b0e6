/** How views come to agree: what is pushed to whom and when, and what two tell each other where they differ. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { GOSSIP_SPACING_MS, SYNC_SPACING_MS } from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { Sync } from "../../../src/protocol/model/messages.ts";
import { idAt, member, OnePeer, STANDING } from "../one-peer.ts";
import { dies } from "../situations.ts";

const MANY = Array.from({ length: 20 }, (_, i) => 10 * i + 10);

/** A member says that it has left. */
function leaves(one: OnePeer, id: number): void {
  one.hear(makeMember({ ...member(id), state: "left" }), { tag: "ack", request: 1 });
}

/** Whom a peer has told of whom with the last input. */
function pushed(one: OnePeer): { readonly to: number; readonly of: number[] }[] {
  return one.sent("gossip").map(({ to, message }) => {
    return { to: idAt(to), of: message.members.map(({ id }) => id) };
  });
}

test("news goes at once to both neighbours and two others; what follows within a moment goes together", () => {
  const one = new OnePeer(100, MANY);
  one.pass(GOSSIP_SPACING_MS);
  leaves(one, 30);
  const first = pushed(one);
  expect(first.map(({ to }) => to)).toEqual(expect.arrayContaining([90, 110]));
  expect(first.length).toBeLessThanOrEqual(4);
  for (const { of } of first) expect(of).toEqual([30]);
  leaves(one, 150);
  leaves(one, 160);
  expect(pushed(one)).toEqual([]);
  one.pass(GOSSIP_SPACING_MS - 1);
  expect(pushed(one)).toEqual([]);
  one.pass(1);
  const second = pushed(one);
  expect(second.map(({ to }) => to)).toEqual(expect.arrayContaining([90, 110]));
  for (const { of } of second) expect(of).toEqual([150, 160]);
  one.pass(1_000);
  expect(pushed(one)).toEqual([]);
});

test("all who have said that a peer is dead hear from itself that it lives", () => {
  const one = new OnePeer(100, MANY);
  one.pass(GOSSIP_SPACING_MS);
  const dead = makeMember({ ...one.peer.self, state: "dead" });
  const suspecters = [10, 30, 50, 150, 170, 190];
  for (const id of suspecters) one.hear(id, { tag: "gossip", joining: false, members: [dead] });
  one.persisted();
  expect(pushed(one).map(({ to }) => to)).toEqual(expect.arrayContaining(suspecters));
});

test("a digest that differs has the tables compared, once in a while: one that a round or a check has brought", () => {
  const one = new OnePeer(8, [8, 9, 14, 20], [], { bits: 8 });
  const pong = { tag: "pong", ...STANDING, nonce: 1, round: true } as const;
  const { digest } = one.peer.membership.view;
  one.hear(9, { ...pong, digest });
  expect(one.sent("sync")).toEqual([]);
  one.hear(9, { ...pong, round: false });
  expect(one.sent("sync")).toEqual([]);
  one.hear(9, pong);
  expect(one.sent("sync")).toMatchObject([{ to: member(9).address, message: { stage: "open" } }]);
  one.now += SYNC_SPACING_MS - 1;
  one.hear(14, pong);
  expect(one.sent("sync")).toEqual([]);
  one.now += 1;
  one.hear(14, pong);
  expect(one.sent("sync")).toHaveLength(1);
});

test("of two tables that differ only what one knows and the other does not is told, both ways", () => {
  const [one, other] = [
    new OnePeer(8, [8, 9, 14, 60, 120, 131], [], { bits: 8 }),
    new OnePeer(9, [8, 9, 14, 60, 130, 131], [], { bits: 8 }),
  ];
  other.hear(one.peer.self, { tag: "ack", request: 1 });
  one.hear(other.peer.self, { tag: "pong", ...STANDING, nonce: 1, round: true });
  const told: [string, number[]][] = [];
  let [from, to] = [one, other];
  for (let sync: Sync | undefined = one.sent("sync")[0]?.message; sync !== undefined; ) {
    told.push([sync.stage, sync.members.map(({ id }) => id)]);
    to.hear(from.peer.self, sync);
    sync = to.sent("sync")[0]?.message;
    [from, to] = [to, from];
  }
  expect(told).toEqual([
    ["open", []],
    // The one beside it in its part of the circle may differ as well.
    ["answer", [130, 131]],
    ["close", [120]],
  ]);
});

test("a death that was told of is not kept in mind as one to tell of, however many there are in a long life", () => {
  const one = new OnePeer(8);
  for (const id of [101, 102, 103]) {
    learn(one.peer, member(id), "joined");
    one.pass(GOSSIP_SPACING_MS);
    dies(one, id);
    expect(one.peer.membership.tree.seen.size).toBe(1);
    one.pass(GOSSIP_SPACING_MS);
    one.give({ type: "tick" });
    expect(one.peer.membership.tree.seen.size).toBe(0);
  }
});
