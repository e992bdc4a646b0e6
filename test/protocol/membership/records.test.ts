/** How word that is believed changes the table of members; and this peer's own record: who raises or moves it. */
import { expect, test } from "bun:test";
import { adoptView, learn, rememberDeparted } from "../../../src/protocol/membership/records.ts";
import { REFUSALS } from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { type Address, makeMember, NO_INSTANCE } from "../../../src/protocol/model/member.ts";
import { View } from "../../../src/protocol/model/view.ts";
import { quorumFor } from "../../../src/protocol/replication/quorum.ts";
import { member, OnePeer, recordOf, STANDING } from "../one-peer.ts";

test("nobody has departed who is in the view that is taken over, before or after", () => {
  const { peer } = new OnePeer(8, [8]);
  const { departed } = peer.membership;
  const dead = makeMember({ ...member(9), state: "dead" });
  rememberDeparted(peer, dead);
  expect(departed.get(9)).toEqual(dead);
  adoptView(peer, View.of([peer.self, makeMember({ ...member(9), incarnation: 2 })]));
  expect(departed.get(9)).toBeUndefined();
  rememberDeparted(peer, dead);
  expect(departed.get(9)).toBeUndefined();
});

test("one that was named by hand is no new member when it is met, and one that comes unknown is", () => {
  const owner = new OnePeer(8);
  owner.peer.membership.view = owner.peer.membership.view.with(
    makeMember({ ...member(11), instance: NO_INSTANCE, incarnation: 0 }),
  );
  owner.hear(11, { tag: "ack", request: 1 });
  expect(owner.peer.membership.view.find(11)?.instance).toBe(member(11).instance);
  const fresh = () => quorumFor(owner.peer, 5, 0).fresh.map((m) => m.id);
  expect(fresh()).toEqual([]);
  learn(owner.peer, member(12), "joined");
  expect(fresh()).toEqual([12]);
});

/** Another run of 9, from another place, while its silence at the former one is not decided yet. */
test.each(["watch", "suspicion"] as const)(
  "a new member does not wait for the %s probe of its former self",
  (reason) => {
    const one = new OnePeer(8, [2, 8, 9], [], { pingIntervalMs: 5_000 });
    const former = member(9).address;
    const dead = makeMember({ ...member(9), state: "dead" });
    if (reason === "suspicion") one.hear(2, { tag: "gossip", joining: false, members: [dead] });
    else one.give({ type: "unreachable", address: former, how: "timeout", broke: false });
    expect([...one.peer.membership.probes.values()].map((t) => t.reason)).toContain(reason);
    const address = "127.0.1.9:12009";
    const back = makeMember({
      ...{ ...member(9), address },
      ...{ incarnation: 2, instance: "b".repeat(16) },
    });
    one.hear(back, { tag: "ping", nonce: 1, ...STANDING });
    const tried = one.sent("ping").find(({ to }) => to === address)?.message;
    expect(tried).toBeDefined();
    // The verdict on the former run changes nothing for the new member.
    for (let i = 0; i < REFUSALS; i++)
      one.give({ type: "unreachable", address: former, how: "refused", broke: true });
    expect(one.peer.membership.view.find(9)).toBeUndefined();
    one.hear(back, { tag: "pong", ...STANDING, nonce: tried?.nonce ?? 0 });
    expect(one.peer.membership.view.find(9)).toEqual(back);
    one.pass(20_000, [former]);
    expect(one.peer.membership.view.find(9)).toEqual(back);
  },
);

test("whoever dies or moves has its links reset, and whoever leaves has not: it may still be heard", () => {
  const nine = member(9);
  for (const [word, why, severed] of [
    [{ state: "dead" }, "lost", true],
    [{ address: "127.0.1.9:12009" }, "heard", true],
    [{ incarnation: 2 }, "heard", false],
    [{ state: "left" }, "left", false],
  ] as const) {
    const { peer } = new OnePeer(8);
    expect(learn(peer, makeMember({ ...nine, ...word }), why)).toBe(true);
    const severs = peer.effects.filter((e) => e.type === "sever");
    expect(severs).toEqual(severed ? [{ type: "sever", address: nine.address }] : []);
  }
});

test("what is believed is told once: to readers, to the folder and to others; and what is known is no news", () => {
  const one = new OnePeer(8);
  one.pass(1_000);
  const [ten, dead] = [member(10), makeMember({ ...member(10), state: "dead" })];
  for (const [word, why, news] of [
    [ten, "joined", true],
    [ten, "joined", false],
    [dead, "lost", true],
    [ten, "joined", false],
  ] as const) {
    one.now += 1_000;
    expect(learn(one.peer, word, why)).toBe(news);
    one.give({ type: "tick" });
    expect(one.told("member")).toHaveLength(news ? 1 : 0);
    expect(one.effects.filter((e) => e.type === "save")).toHaveLength(news ? 1 : 0);
    expect(one.sent("gossip").some(({ message }) => message.members.includes(word))).toBe(news);
  }
  expect(one.peer.membership.departed.get(10)).toEqual(dead);
});

test("after each change of the view an owner asks anew, its next version leaps, and its copies are looked after", () => {
  const one = new OnePeer(8, undefined, [recordOf(8, 3, 1)]);
  one.pass(100_000);
  const { membership, replication } = one.peer;
  const { epoch } = membership;
  Object.assign(replication, { leap: false, rescan: false });
  learn(one.peer, member(10), "joined");
  expect(membership.epoch).toBeGreaterThan(epoch);
  expect(replication).toMatchObject({ leap: true, rescan: true });
});

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
