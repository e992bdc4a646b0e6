import { expect, test } from "bun:test";
import {
  CONFIRM_MS,
  HOP_ACK_MS,
  INQUIRE_MS,
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
  UNAVAILABLE_MS,
} from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { BODY, CONTENT, idAt, member, OnePeer, routedFrom, storeAsk } from "../one-peer.ts";

const STORE = { kind: "store", name: "plan", key: 5, ...CONTENT, body: BODY, require: 0 } as const;

/** The origin's word to an owner that has asked, or is about to. */
function confirmed(owner: OnePeer, request: number, leftMs: number) {
  const nonce = owner.peer.replication.doubts.get(request)?.nonce ?? 0;
  return { tag: "confirmed", request, nonce, leftMs, onward: [] } as const;
}

/** True if a version is made durable, or others are told of one. */
function executes(effects: readonly Effect[]): boolean {
  return effects.some(
    (e) =>
      e.type === "merge" || e.type === "fetch" || (e.type === "send" && e.message.tag === "offer"),
  );
}

for (const heldMs of [1_501, 60_000, null]) {
  test(`a store that was under way for ${heldMs} ms waits for its origin's word`, () => {
    const owner = new OnePeer(8);
    owner.hear(2, routedFrom(2, 1, storeAsk(1)), { heldMs, body: BODY });
    expect(owner.sent("confirm")[0]).toMatchObject({
      to: "127.0.0.1:12002",
      message: { request: 1, onward: [2, 8], via: [] },
    });
    expect(owner.to("inquire")).toEqual([]);
    expect(executes(owner.effects)).toBe(false);
    owner.hear(2, confirmed(owner, 1, 1_000));
    owner.tell(1, [9, 14]);
    expect(owner.to("offer").sort()).toEqual([14, 9]);
    expect(executes(owner.effects)).toBe(true);
  });
}

test("a store that comes in time is executed unasked", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { heldMs: 1_500, body: BODY });
  expect(owner.to("confirm")).toEqual([]);
  owner.tell(1, [9, 14]);
  expect(executes(owner.effects)).toBe(true);
});

test("what its origin has given up, or does not answer for, is never executed", () => {
  for (const leftMs of [0, null]) {
    const owner = new OnePeer(8);
    owner.hear(2, routedFrom(2, 1, storeAsk(1)), { heldMs: null, body: BODY });
    if (leftMs !== null) owner.hear(2, confirmed(owner, 1, leftMs));
    const after = [...owner.effects, ...owner.pass(60_000)];
    // Word that comes later is word of another time.
    after.push(...owner.hear(2, confirmed(owner, 1, 5_000)));
    expect(after.some((e) => e.type === "send" && e.message.tag === "inquire")).toBe(false);
    expect(executes(after)).toBe(false);
  }
});

test("the origin's word counts from when it was asked for", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { heldMs: null, body: BODY });
  owner.pass(800);
  owner.hear(2, confirmed(owner, 1, 700));
  expect(owner.to("inquire")).toEqual([]);
  expect(executes(owner.pass(5_000))).toBe(false);
});

test("late word of an earlier question says nothing of now", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { heldMs: null, body: BODY });
  const late = confirmed(owner, 1, 1_500);
  owner.pass(CONFIRM_MS);
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { heldMs: null, body: BODY });
  expect(owner.to("confirm")).toEqual([2]);
  owner.hear(2, late);
  expect(owner.to("inquire")).toEqual([]);
  owner.hear(2, confirmed(owner, 1, 1_500));
  expect(owner.to("inquire").length).toBeGreaterThan(0);
});

test("a store whose time passes while others are asked is asked for before it is stamped", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(1), { leftMs: 200 }), { body: BODY });
  owner.pass(300);
  owner.tell(1, [9, 14]);
  expect(owner.to("confirm")).toEqual([2]);
  expect(executes(owner.effects)).toBe(false);
  owner.hear(2, confirmed(owner, 1, 1_000));
  owner.tell(1, [9, 14]);
  expect(executes(owner.effects)).toBe(true);
});

/** Peer 2, which has just sent a store of its own to 8. */
function origin(): { one: OnePeer; request: number } {
  const one = new OnePeer(2);
  one.command(1, STORE);
  const [sent] = one.sent("routed");
  expect(one.to("routed")).toEqual([8]);
  return { one, request: sent?.message.request ?? 0 };
}

function leftFor(one: OnePeer, asker: number, request: number): number | undefined {
  one.hear(asker, { tag: "confirm", request, nonce: 9, onward: [2, asker], via: [] });
  expect(one.to("confirmed")).toEqual([asker]);
  const told = one.sent("confirmed")[0]?.message;
  expect(told?.nonce).toBe(9);
  return told?.leftMs;
}

test("an origin tells one at a time that it waits, until it sends the request again", () => {
  const { one, request } = origin();
  expect(leftFor(one, 8, request)).toBe(REQUEST_RETRY_MS);
  one.pass(100);
  expect(leftFor(one, 9, request)).toBe(0);
  expect(leftFor(one, 8, request)).toBe(REQUEST_RETRY_MS - 100);
  one.pass(REQUEST_RETRY_MS);
  expect(leftFor(one, 9, request)).toBeGreaterThan(0);
  expect(leftFor(one, 8, request)).toBe(0);
});

test("while one is told so, another's refusal does not count; what was done counts from anyone", () => {
  for (const outcome of [
    { kind: "failed", why: "no", maybe: false },
    { kind: "missing" },
    { kind: "unavailable", answered: 1, needed: 3 },
  ] as const) {
    const { one, request } = origin();
    leftFor(one, 8, request);
    const answer = { tag: "answer", request, outcome, via: [], lost: false } as const;
    one.hear(9, { ...answer, route: [2, 9] });
    expect(one.peer.requests.pending.has(request)).toBe(true);
    one.hear(8, { ...answer, route: [2, 8] });
    expect(one.peer.requests.pending.has(request)).toBe(outcome.kind === "unavailable");
  }
  const { one, request } = origin();
  leftFor(one, 8, request);
  const maybe = { kind: "failed", why: "short", maybe: true } as const;
  one.hear(9, { tag: "answer", request, outcome: maybe, route: [2, 9], via: [], lost: false });
  expect(one.peer.requests.pending.has(request)).toBe(false);
});

test("an origin does not wait for what has ended, or was never asked", () => {
  const { one, request } = origin();
  expect(leftFor(one, 8, request + 1)).toBe(0);
  const outcome = { kind: "failed", why: "no", maybe: false } as const;
  one.hear(9, { tag: "answer", request, outcome, route: [2, 9], via: [], lost: false });
  expect(leftFor(one, 8, request)).toBe(0);
});

test("an origin does not wait for a store that nobody has answered in time", () => {
  const { one, request } = origin();
  // The others live, and take the request over, but its owner says nothing.
  for (let i = 0; i < REQUEST_GIVE_UP_MS / 100 + 20; i++) {
    for (const { to, message } of one.sent("routed")) {
      one.hear(idAt(to), { tag: "ack", request: message.request });
    }
    one.pass(100);
  }
  expect(one.peer.membership.view.size).toBe(5);
  expect(one.peer.requests.pending.size).toBe(0);
  expect(leftFor(one, 8, request)).toBe(0);
});

test("a refusal of a copy that went another way says that the first may still be executed", () => {
  // 9 is on the way from 2 to 20, which takes the hop over and is not heard of again.
  const between = new OnePeer(9);
  const ask = storeAsk(1, { key: 15 });
  between.hear(2, routedFrom(2, 1, ask, { route: [2] }), { body: BODY });
  expect(between.to("routed")).toEqual([20]);
  between.pass(HOP_ACK_MS);
  const [again] = between.sent("routed");
  expect(again?.message).toMatchObject({ lost: true, back: true });
  // Whoever it goes to says so with its answer, also where it works on an earlier copy.
  const { one, request } = origin();
  const outcome = { kind: "unavailable", answered: 1, needed: 3 } as const;
  const answer = { tag: "answer", request, outcome, route: [2, 9, 8], via: [] } as const;
  const all = [...one.hear(8, { ...answer, lost: true })];
  for (let i = 0; i < (2 * UNAVAILABLE_MS) / 100; i++) {
    all.push(...one.pass(100), ...one.hear(8, { ...answer, lost: false }));
  }
  const ends = all.flatMap((e) =>
    e.type === "event" && e.event.event === "outcome" ? [e.event.outcome] : [],
  );
  expect(ends).toMatchObject([{ kind: "failed", maybe: true }]);
});

test("an owner that is sent a second copy answers for both", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
  owner.hear(9, routedFrom(2, 1, storeAsk(1), { route: [2, 9], lost: true }), { body: BODY });
  owner.pass(5_000);
  for (const { message } of owner.sent("answer")) {
    if (message.outcome.kind === "unavailable") expect(message.lost).toBe(true);
  }
  const refused = owner.sent("answer").some((s) => s.message.outcome.kind === "unavailable");
  expect(refused).toBe(true);
});

test("a copy that goes on to another owner is not refused here, where an earlier one still is at work", () => {
  const origin = new OnePeer(8, [8, 9, 14]);
  origin.command(1, STORE);
  expect(origin.to("inquire")).not.toEqual([]);
  // Too few answer, which is told once; then another owns the name.
  origin.pass(INQUIRE_MS);
  const six = member(6);
  origin.hear(six, { tag: "gossip", joining: true, members: [six] });
  const all: Effect[] = [];
  for (let at = 0; at < 4 * INQUIRE_MS; at += 50) {
    all.push(...origin.pass(50));
    for (const { message } of origin.sent("routed")) {
      all.push(...origin.hear(six, { tag: "ack", request: message.request }));
    }
  }
  expect(all.some((e) => e.type === "send" && e.message.tag === "routed" && idAt(e.to) === 6)).toBe(
    true,
  );
  expect(
    all.flatMap((e) => (e.type === "event" && e.event.event === "outcome" ? [e] : [])),
  ).toEqual([]);
});
