/** Who asks something of a member and gets no answer finds out first that it is silent, and goes on without it. */
import { expect, test } from "bun:test";
import { SILENCE_MS } from "../../../src/protocol/membership/patience.ts";
import { HOP_ACK_MS, UNAVAILABLE_MS } from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { idAt, member, OnePeer, STORE } from "../one-peer.ts";

const READ = { kind: "request", name: "plan", key: 5 } as const;
const OWNER = member(8).address;

/** Peer 2, whose request to its owner, 8, has been routed around. */
function unanswered(silent: readonly string[]) {
  const one = new OnePeer(2);
  one.command(1, READ);
  expect(one.to("routed")).toEqual([8]);
  const all = one.pass(HOP_ACK_MS, silent);
  const pings = all.filter((e) => e.type === "send" && e.message.tag === "ping" && e.to === OWNER);
  return { one, pings };
}

test("what gets no answer goes on to the next, and has the silent one tried at once, by every way", () => {
  const { one, pings } = unanswered([OWNER]);
  expect(one.sent("routed").map(({ to, message }) => [idAt(to), message.avoid])).toEqual([
    [9, [8]],
  ]);
  expect(new Set(pings.map((e) => (e.type === "send" ? e.channel : null)))).toEqual(
    new Set(["datagram", "stream"]),
  );
});

test("one that answers the ping is asked again; one that does not is passed over until it does", () => {
  const slow = unanswered([]).one;
  slow.pass(HOP_ACK_MS);
  slow.command(2, READ);
  expect(slow.to("routed")).toEqual([8]);
  const silent = unanswered([OWNER]).one;
  silent.pass(HOP_ACK_MS, [OWNER]);
  silent.command(2, READ);
  expect(silent.sent("routed").map(({ to, message }) => [idAt(to), message.avoid])).toEqual([
    [9, [8]],
  ]);
  silent.pass(HOP_ACK_MS);
  silent.command(3, READ);
  expect(silent.to("routed")).toEqual([8]);
});

test("no request is a death: that takes as long a silence as any other", () => {
  const { one } = unanswered([OWNER]);
  // It was being watched when the first request came.
  const end = one.now + SILENCE_MS - HOP_ACK_MS;
  const ring = () => one.peer.membership.view.find(8) !== undefined;
  while (one.now < end - 100) {
    one.command(one.now, READ);
    one.pass(100, [OWNER]);
    expect(ring()).toBe(true);
  }
  one.pass(SILENCE_MS, [OWNER]);
  expect(ring()).toBe(false);
});

/** How the command 1 of a peer ends that all others are silent to, and after how long. */
function inCutOff(what: typeof READ | typeof STORE) {
  const one = new OnePeer(2);
  const began = one.now;
  const others = [8, 9, 14, 20].map((id) => member(id).address);
  one.command(1, what);
  let all: readonly Effect[] = [];
  const ends = () =>
    all.flatMap((e) => (e.type === "event" && e.event.event === "outcome" ? [e.event] : []));
  while (ends().length === 0 && one.now < began + 60_000) all = one.pass(25, others);
  return { ms: one.now - began, end: ends()[0]?.outcome };
}

test("where nobody answers a person is told so soon, and of a store that it may appear", () => {
  const read = inCutOff(READ);
  expect(read.end).toMatchObject({ kind: "failed", maybe: false });
  expect(read.ms).toBeLessThan(UNAVAILABLE_MS + 100);
  const store = inCutOff(STORE);
  expect(store.end).toMatchObject({ kind: "failed", maybe: true });
  expect(store.ms).toBeLessThan(UNAVAILABLE_MS + 100);
});
