/** This peer's own record: its number and its address, and who raises or moves them. */
import { expect, test } from "bun:test";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { type Address, makeMember } from "../../../src/protocol/model/member.ts";
import { OnePeer } from "../one-peer.ts";

/** Has 2 say that peer 8 is seen at an address. */
function seenAt(one: OnePeer, address: Address): readonly Effect[] {
  const members = [makeMember({ ...one.peer.self, address })];
  return one.hear(2, { tag: "gossip", joining: false, members });
}

test("a peer takes over the greater of its addresses, and refutes nothing by that", () => {
  const one = new OnePeer(8, [2, 8, 9]);
  const former = one.peer.self.address;
  const taken = seenAt(one, "127.0.1.8:12008");
  expect(taken.filter((e) => e.type === "persist")).toEqual([]);
  expect(one.peer.self.address).toBe("127.0.1.8:12008");
  expect(one.peer.membership.view.find(8)).toBe(one.peer.self);
  expect(seenAt(one, former)).toEqual([]);
  expect(one.peer.self.address).toBe("127.0.1.8:12008");
});

test("a peer that is dead where it was refutes that from where it is seen now", () => {
  const one = new OnePeer(8, [2, 8, 9]);
  const { self } = one.peer;
  const address = "1.0.0.8:12008";
  const members = [makeMember({ ...self, address }), makeMember({ ...self, state: "dead" })];
  const effects = one.hear(2, { tag: "gossip", joining: false, members });
  const incarnation = self.incarnation + 1;
  expect(effects).toContainEqual({ type: "persist", id: 8, incarnation });
  one.give({ type: "persisted", incarnation });
  expect(one.peer.self).toMatchObject({ incarnation, address });
});

test("one that moves resets what it dialled from its former address", () => {
  const one = new OnePeer(8, [2, 8, 9]);
  const severs = () => seenAt(one, "127.0.1.8:12008").some((e) => e.type === "sever-dialled");
  expect([severs(), severs()]).toEqual([true, false]);
});

/** Has 2 say that peer 8 is dead, as of an incarnation. */
function deadAs(one: OnePeer, incarnation: number): readonly Effect[] {
  const dead = makeMember({ ...one.peer.self, incarnation, state: "dead" });
  return one.hear(2, { tag: "gossip", joining: false, members: [dead] });
}

test("word of its death is refuted above that word, and not before that is durable", () => {
  const one = new OnePeer(8, [2, 8, 9]);
  one.pass(1_000);
  const { incarnation } = one.peer.self;
  expect(deadAs(one, 7)).toContainEqual({ type: "persist", id: 8, incarnation: 8 });
  // What is on its way to the disk is asked for once, and used by nobody.
  expect(deadAs(one, 7).filter(({ type }) => type === "persist")).toEqual([]);
  one.give({ type: "persisted", incarnation: 7 });
  expect(one.peer.self.incarnation).toBe(incarnation);
  expect(one.sent("gossip")).toEqual([]);
  one.give({ type: "persisted", incarnation: 8 });
  expect(one.peer.self.incarnation).toBe(8);
  for (const { message } of one.sent("gossip")) expect(message.members).toEqual([one.peer.self]);
  expect(one.to("gossip")).toEqual(expect.arrayContaining([2, 9]));
  expect(deadAs(one, 7)).not.toContainEqual(expect.objectContaining({ type: "persist" }));
});
