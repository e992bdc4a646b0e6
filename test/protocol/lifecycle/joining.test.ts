/** A joiner's way into the ring: what it asks of the one peer it knows, and what it does with each answer. */
import { expect, test } from "bun:test";
import {
  JOIN_ANSWER_MS,
  JOIN_ATTEMPTS,
  JOIN_BUSY_MS,
  JOIN_GIVE_UP_MS,
} from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { JoinAnswer } from "../../../src/protocol/model/messages.ts";
import { member, OnePeer } from "../one-peer.ts";

const CONTACT = member(8).address;

/** Peer 15, which knows 8 of the ring 2, 8, 20. @param used the incarnation that its folder has used before */
function joiner({ proposed = false, used = 0 } = {}): OnePeer {
  const start = { kind: "join", contact: CONTACT, contactName: "Peer 8", proposed } as const;
  return new OnePeer(15, [], [], {}, { start, incarnation: used });
}

function answer(one: OnePeer, outcome: JoinAnswer["outcome"]): readonly Effect[] {
  const { request = 0 } = one.peer.lifecycle.joining ?? {};
  return one.hear(8, { tag: "join-answer", request, outcome });
}

function exitOf(one: OnePeer) {
  return one.effects.find((e) => e.type === "exit");
}

const GONE = makeMember({ ...member(9), state: "dead" });
const ACCEPTED: JoinAnswer["outcome"] = {
  ...{ kind: "accepted", incarnation: 3, standing: { awayMs: null, forgottenMs: null } },
  members: [2, 8, 20].map(member).concat(GONE),
};

test("while nobody answers it asks again, under the same id, and ends with a sentence", () => {
  const one = joiner();
  const requests = new Set<number>();
  for (let i = 0; i < JOIN_ATTEMPTS; i++) {
    const [{ to = "", message } = {}] = one.sent("routed");
    expect(to).toBe(CONTACT);
    expect(message).toMatchObject({ route: [15], ask: { kind: "join", joiner: { id: 15 } } });
    requests.add(message?.request ?? 0);
    expect(one.peer.phase).toBe("joining");
    one.pass(JOIN_ANSWER_MS);
  }
  expect(requests.size).toBe(1);
  expect(one.to("routed")).toEqual([]);
  expect(exitOf(one)).toMatchObject({ code: 1, sentence: expect.stringContaining("no answer") });
});

test("told that the gap is busy it asks again in a moment, for as long as others may take", () => {
  const one = joiner();
  const began = one.now;
  let last = began;
  while (exitOf(one) === undefined && one.now < began + 2 * JOIN_GIVE_UP_MS) {
    if (one.sent("routed").length > 0) {
      expect(one.now - last).toBeLessThanOrEqual(1.5 * JOIN_BUSY_MS + 1);
      last = one.now;
      answer(one, { kind: "busy" });
      expect(one.effects).toEqual([]);
    }
    one.pass(1);
  }
  expect(one.now - began).toBeGreaterThan(JOIN_GIVE_UP_MS);
  expect(exitOf(one)).toMatchObject({ code: 1, sentence: expect.stringContaining("is busy") });
});

test("a contact that has its request is not called silent, however long the ring takes to answer", () => {
  const one = joiner();
  const began = one.now;
  while (exitOf(one) === undefined && one.now < began + 2 * JOIN_GIVE_UP_MS) {
    const request = one.sent("routed")[0]?.message.request;
    if (request !== undefined) one.hear(8, { tag: "ack", request });
    one.pass(JOIN_ANSWER_MS / 2);
  }
  expect(one.now - began).toBeGreaterThan(JOIN_GIVE_UP_MS);
  expect(exitOf(one)).toMatchObject({ code: 1, sentence: expect.stringContaining("is busy") });
});

test("taken in, it takes part once its incarnation is durable, and not before", () => {
  const one = joiner();
  expect(answer(one, ACCEPTED)).toEqual([{ type: "persist", id: 15, incarnation: 3 }]);
  // A second acceptance is no other one.
  expect(answer(one, ACCEPTED)).toEqual([]);
  one.persisted();
  expect(one.peer.phase).toBe("in");
  expect(one.peer.self).toMatchObject({ id: 15, incarnation: 3, state: "alive" });
  expect(one.peer.membership.view.members.map(({ id }) => id)).toEqual([2, 8, 15, 20]);
  expect(one.peer.membership.departed.members).toEqual([GONE]);
  expect(one.told("line").map(({ text }) => text)).toEqual([
    "Join request has been accepted",
    "My first successor is Peer 20",
    "My second successor is Peer 2",
  ]);
  expect(one.told("joined")).toEqual([{ event: "joined", id: 15 }]);
  expect(one.to("join-done")).toEqual([8]);
  expect(one.effects).toContainEqual({
    ...{ type: "watch", addresses: [member(20).address, member(2).address] },
  });
});

test("its incarnation is above what the ring knows, and above what its folder has used", () => {
  for (const [used, incarnation] of [
    [0, 3],
    [2, 3],
    [3, 4],
    [7, 8],
  ] as const) {
    expect(answer(joiner({ used }), ACCEPTED)).toMatchObject([{ type: "persist", incarnation }]);
  }
});

test("where its id is taken it ends; where that was the ring's idea, it asks for another one", () => {
  const taken = { kind: "taken", by: "127.0.0.1:4000" } as const;
  const named = joiner();
  answer(named, taken);
  expect(exitOf(named)).toMatchObject({ code: 1, sentence: expect.stringContaining(taken.by) });
  const one = joiner({ proposed: true });
  const former = one.peer.lifecycle.joining?.request ?? 0;
  answer(one, taken);
  expect(one.to("introduce")).toEqual([8]);
  one.hear(8, {
    ...{ tag: "introduction", request: former, bits: 48, strategy: "direct" },
    ...{ pingIntervalMs: 1_000, replicationFactor: 3, proposedId: 40 },
  });
  const [{ message } = {}] = one.sent("routed");
  expect(message).toMatchObject({ origin: { id: 40 }, ask: { kind: "join", joiner: { id: 40 } } });
  expect(message?.request).not.toBe(former);
  expect(one.peer.self.id).toBe(40);
});

test("what answers another request than its own is no answer", () => {
  const one = joiner();
  const { request = 0 } = one.peer.lifecycle.joining ?? {};
  for (const outcome of [ACCEPTED, { kind: "taken", by: "127.0.0.1:4000" }] as const) {
    expect(one.hear(8, { tag: "join-answer", request: request + 1, outcome })).toEqual([]);
  }
});
