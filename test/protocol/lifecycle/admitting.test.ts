import { expect, test } from "bun:test";
import { GREETING_MS } from "../../../src/protocol/membership/greeting.ts";
import {
  JOIN_LOCK_MS,
  PROBES_AT_ONCE,
  SUCCESSOR_CHANGE_MS,
} from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { member, OnePeer, routedFrom } from "../one-peer.ts";

/** Another process that wants the id 9, which 8 takes for a living member's. */
const JOINER = makeMember({ ...member(9), instance: "c".repeat(16), address: "127.0.0.1:4000" });
const JOIN = routedFrom(2, 7, { kind: "join", joiner: JOINER });

test("whoever wants an id that is taken waits until its holder was probed", () => {
  const acceptor = new OnePeer(8);
  acceptor.hear(2, JOIN);
  expect(acceptor.sent("join-answer")).toEqual([]);
  expect([...acceptor.peer.lifecycle.contested.keys()]).toEqual([9]);
});

test("where no probe can begin it is told to ask again, and nothing waits", () => {
  const acceptor = new OnePeer(8);
  const { probes } = acceptor.peer.membership;
  for (let i = 0; i < PROBES_AT_ONCE; i++) probes.set(1_000 + i, {} as never);
  acceptor.hear(2, JOIN);
  expect(acceptor.sent("join-answer")[0]?.message.outcome).toEqual({ kind: "busy" });
  expect(acceptor.peer.lifecycle.contested.size).toBe(0);
});

/** Whoever wants an id that nobody has. */
const unlet = (id: number) => makeMember({ ...member(id), incarnation: 0 });

function joining(id: number, request: number) {
  return routedFrom(id, request, { kind: "join", joiner: unlet(id) });
}

test("who is not there is not let in, locks no gap, and is forgotten", () => {
  const acceptor = new OnePeer(9);
  acceptor.hear(2, joining(11, 1));
  const { address, instance } = unlet(11);
  // Somebody else listens there.
  acceptor.give({ type: "greeted", address, id: 12, instance });
  acceptor.give({ type: "greeted", address, id: 11, instance: "d".repeat(16) });
  expect(acceptor.peer.lifecycle.lock).toBeNull();
  expect(acceptor.peer.membership.view.find(11)).toBeUndefined();
  acceptor.pass(GREETING_MS);
  expect(acceptor.peer.membership.greetings.size).toBe(0);
  // It is there after all, and asks again.
  acceptor.hear(2, joining(11, 1));
  acceptor.greeted(unlet(11));
  expect(acceptor.to("successor-change")).toEqual([8]);
});

test("a predecessor believes in whom it has met, and its word is not waited for", () => {
  const predecessor = new OnePeer(8);
  const joiner = member(11);
  const change = { tag: "successor-change", request: 1, joiner } as const;
  predecessor.hear(9, change);
  expect(predecessor.sent("ack")).toEqual([]);
  expect(predecessor.peer.membership.view.find(11)).toBeUndefined();
  predecessor.hear(9, change);
  predecessor.give({ type: "greeted", ...joiner });
  expect(predecessor.to("ack")).toEqual([9]);
  expect(predecessor.peer.membership.view.find(11)).toEqual(joiner);
  // It is known: whoever asks again is told at once.
  predecessor.hear(9, change);
  expect(predecessor.to("ack")).toEqual([9]);
});

test("one at a time is let into a gap: its predecessor's word comes first, or that has had its time", () => {
  for (const silent of [false, true]) {
    const acceptor = new OnePeer(9);
    acceptor.hear(2, joining(11, 1));
    acceptor.greeted(unlet(11));
    expect(acceptor.sent("successor-change")).toMatchObject([
      { to: member(8).address, message: { request: 1, joiner: { id: 11, incarnation: 1 } } },
    ]);
    expect(acceptor.sent("join-answer")).toEqual([]);
    acceptor.hear(2, joining(10, 2));
    expect(acceptor.sent("join-answer")).toMatchObject([
      { to: member(10).address, message: { request: 2, outcome: { kind: "busy" } } },
    ]);
    if (silent) acceptor.pass(SUCCESSOR_CHANGE_MS);
    else acceptor.hear(8, { tag: "ack", request: 1 });
    const [{ to, message } = {}] = acceptor.sent("join-answer");
    expect(to).toBe(member(11).address);
    expect(message?.outcome).toMatchObject({ kind: "accepted", incarnation: 1 });
    acceptor.hear(11, { tag: "join-done", request: 1 });
    acceptor.hear(2, joining(10, 2));
    acceptor.greeted(unlet(10));
    expect(acceptor.to("successor-change")).toEqual([8]);
  }
});

test("a joiner that says nothing more holds up the next for a moment only", () => {
  const acceptor = new OnePeer(9);
  acceptor.hear(2, joining(11, 1));
  acceptor.greeted(unlet(11));
  acceptor.pass(JOIN_LOCK_MS);
  acceptor.hear(2, joining(10, 2));
  acceptor.greeted(unlet(10));
  expect(acceptor.to("successor-change")).toEqual([8]);
});
