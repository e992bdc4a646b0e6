/** The ways into a ring, up to the moment when a peer is in one: by itself, with those named to it, or as before. */
import { expect, test } from "bun:test";
import { AWAITED_NOTICE_MS, RESTORED_GRACE_MS } from "../../../src/protocol/model/config.ts";
import type { StartInput } from "../../../src/protocol/model/io.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { member, OnePeer } from "../one-peer.ts";

const [NINE, FOURTEEN] = [member(9), member(14)];
const DEAD = [20, 30].map((id) => makeMember({ ...member(id), state: "dead" }));

function begun(start: StartInput["start"], more: Partial<StartInput> = {}): OnePeer {
  return new OnePeer(8, [], [], {}, { incarnation: 4, ...more, start });
}

function awaited({ peer }: OnePeer): (readonly [number, number])[] {
  return [...peer.membership.awaited].map(([id, { until }]) => [id, until - peer.now] as const);
}

function saved({ effects }: OnePeer) {
  return effects.findLast((e) => e.type === "save");
}

test("a founder is alone in its ring, once an incarnation is durable that it has not used", () => {
  const one = begun({ kind: "found" });
  expect(one.effects).toEqual([{ type: "persist", id: 8, incarnation: 5 }]);
  one.persisted();
  expect(one.peer.self.incarnation).toBe(5);
  expect(one.told("joined")).toEqual([{ event: "joined", id: 8 }]);
  expect(one.effects.filter((e) => e.type === "send")).toEqual([]);
  expect(saved(one)).toMatchObject({ members: [{ id: 8, incarnation: 5 }], departed: [] });
});

test("those that are named may start at any time: they are asked, awaited without end, and made known to nobody", () => {
  const successors = [NINE, FOURTEEN].map(({ id, address }) => ({ id, address }));
  const one = begun({ kind: "init", successors });
  one.persisted();
  const round = one.sent("ping").filter(({ message }) => message.round);
  expect(round.map(({ to }) => to)).toEqual([NINE.address, FOURTEEN.address]);
  expect(one.peer.membership.view.successorPair(8)).toEqual([9, 14]);
  const forEver = Number.POSITIVE_INFINITY;
  expect(awaited(one)).toEqual([
    [9, forEver],
    [14, forEver],
  ]);
  expect(saved(one)).toMatchObject({ members: [{ id: 8 }] });
  one.pass(AWAITED_NOTICE_MS, [NINE.address, FOURTEEN.address]);
  expect(one.told("note")).toMatchObject([{ text: expect.stringContaining("Peers 9 and 14") }]);
  expect(one.peer.membership.view.size).toBe(3);
  // The first that answers is a member.
  one.hear(9, { tag: "ack", request: 1 });
  expect(awaited(one).map(([id]) => id)).toEqual([14]);
  expect(saved(one)).toMatchObject({ members: [{ id: 8 }, NINE] });
});

test("those known from an earlier run have their time to answer; the lost may be back, and are asked both ways", () => {
  const one = begun({ kind: "found" }, { restored: [NINE, FOURTEEN, ...DEAD] });
  one.persisted();
  expect(awaited(one)).toEqual([
    [9, RESTORED_GRACE_MS],
    [14, RESTORED_GRACE_MS],
  ]);
  const asked = one.sent("ping").map(({ to, channel }) => `${to} ${channel}`);
  const ways = DEAD.flatMap(({ address }) => [`${address} datagram`, `${address} stream`]);
  expect(asked).toEqual(expect.arrayContaining(ways));
  expect(one.peer.membership.departed.members).toEqual(DEAD);
  one.pass(RESTORED_GRACE_MS + 2_000, [NINE.address]);
  expect(one.peer.membership.view.members.map(({ id }) => id)).toEqual([8, 14]);
});

test("a joiner whose contact cannot be reached ends, or comes back to those it knows from an earlier run", () => {
  const contact = member(2).address;
  const start = { kind: "join", contact, contactName: "Peer 2", proposed: false } as const;
  const lost = (how: "refused" | "timeout", more: Partial<StartInput>) => {
    const one = begun(start, more);
    one.give({ type: "unreachable", address: contact, how, broke: false });
    return one;
  };
  for (const [how, says] of [
    ["refused", "does not run"],
    ["timeout", "gave no answer"],
  ] as const) {
    // What it left in good order it does not come back to by itself.
    for (const more of [{}, { restored: [NINE], left: true }]) {
      const sentence = expect.stringContaining(says);
      expect(lost(how, more).effects).toContainEqual({ type: "exit", code: 1, sentence });
    }
    const one = lost(how, { restored: [NINE] });
    expect(one.told("note")).toMatchObject([{ text: expect.stringContaining("earlier run") }]);
    one.persisted();
    expect(one.peer.phase).toBe("in");
    expect(awaited(one).map(([id]) => id)).toEqual([9]);
  }
});
