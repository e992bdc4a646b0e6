/** A request that comes late is executed only while its origin, asked, still waits for it. */
import { expect, test } from "bun:test";
import {
  CONFIRM_MS,
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
} from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { BODY, idAt, OnePeer, routedFrom, storeAsk } from "../one-peer.ts";
import { storing } from "../situations.ts";

/** The origin's word to an owner that has asked, or is about to. */
function confirmed(owner: OnePeer, request: number, leftMs: number) {
  const nonce = owner.peer.replication.doubts.get(request)?.nonce ?? 0;
  return { tag: "confirmed", request, nonce, leftMs, onward: [] } as const;
}

/** True if a write is made durable, or others are told of one. */
function executes(effects: readonly Effect[]): boolean {
  return effects.some(
    (e) =>
      e.type === "merge" ||
      e.type === "fetch" ||
      (e.type === "send" && e.message.tag === "replicate"),
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
    expect(owner.to("replicate").sort()).toEqual([14, 9]);
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

test("a store whose time passes while others are asked is asked for before it is given a version", () => {
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

function leftFor(one: OnePeer, asker: number, request: number): number | undefined {
  one.hear(asker, { tag: "confirm", request, nonce: 9, onward: [2, asker], via: [] });
  expect(one.to("confirmed")).toEqual([asker]);
  const told = one.sent("confirmed")[0]?.message;
  expect(told?.nonce).toBe(9);
  return told?.leftMs;
}

test("an origin tells one at a time that it waits, until it sends the request again", () => {
  const { one, request } = storing();
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
    const { one, request } = storing();
    leftFor(one, 8, request);
    const answer = { tag: "answer", request, outcome, via: [], lost: false } as const;
    one.hear(9, { ...answer, route: [2, 9] });
    expect(one.peer.requests.pending.has(request)).toBe(true);
    one.hear(8, { ...answer, route: [2, 8] });
    expect(one.peer.requests.pending.has(request)).toBe(outcome.kind === "unavailable");
  }
  const { one, request } = storing();
  leftFor(one, 8, request);
  const maybe = { kind: "failed", why: "short", maybe: true } as const;
  one.hear(9, { tag: "answer", request, outcome: maybe, route: [2, 9], via: [], lost: false });
  expect(one.peer.requests.pending.has(request)).toBe(false);
});

test("an origin does not wait for what has ended, or was never asked", () => {
  const { one, request } = storing();
  expect(leftFor(one, 8, request + 1)).toBe(0);
  const outcome = { kind: "failed", why: "no", maybe: false } as const;
  one.hear(9, { tag: "answer", request, outcome, route: [2, 9], via: [], lost: false });
  expect(leftFor(one, 8, request)).toBe(0);
});

test("an origin does not wait for a store that nobody has answered in time", () => {
  const { one, request } = storing();
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
