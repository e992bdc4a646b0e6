/** A command at the peer that it was given to: sent, sent again, and given up. */
import { expect, test } from "bun:test";
import {
  REQUEST_GIVE_UP_MS,
  REQUEST_RETRY_MS,
  REQUESTS_IN_FLIGHT,
} from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { idAt, OnePeer, STORE } from "../one-peer.ts";

const READ = { kind: "request", name: "plan", key: 5 } as const;

/** Lets time pass, in which the hops are taken over and nobody answers. */
function inSilence(one: OnePeer, ms: number): readonly Effect[] {
  const all: Effect[] = [];
  for (const end = one.now + ms; one.now < end; ) {
    for (const { to, message } of one.sent("routed")) {
      one.hear(idAt(to), { tag: "ack", request: message.request });
    }
    all.push(...one.pass(100));
  }
  one.effects = all;
  return all;
}

test("without an answer it is sent again under its id, to be answered the way that it goes; in the end it is given up", () => {
  for (const [what, maybe] of [
    [READ, false],
    [STORE, true],
  ] as const) {
    const one = new OnePeer(2);
    one.command(1, what);
    const first = one.sent("routed")[0]?.message;
    expect(first).toMatchObject({ route: [2], back: false, leftMs: expect.any(Number) });
    inSilence(one, REQUEST_GIVE_UP_MS);
    const again = one.sent("routed").map(({ message }) => message);
    expect(again).toHaveLength(Math.floor(REQUEST_GIVE_UP_MS / REQUEST_RETRY_MS));
    for (const each of again) expect(each).toMatchObject({ request: first?.request, back: true });
    expect(one.told("outcome")).toEqual([]);
    inSilence(one, REQUEST_RETRY_MS);
    const outcome = { kind: "failed", maybe, why: expect.stringContaining("no answer") };
    expect(one.told("outcome")).toMatchObject([{ command: 1, outcome }]);
    expect(one.peer.requests.pending.size).toBe(0);
  }
});

test("a peer that is in no ring, or has enough to do, says so and asks nobody", () => {
  const start = { kind: "found" } as const;
  const starting = new OnePeer(2, [], [], {}, { start });
  starting.command(1, READ);
  const full = new OnePeer(2);
  for (let i = 0; i < REQUESTS_IN_FLIGHT; i++) full.command(i, { ...READ, name: `n${i}` });
  full.command(1, READ);
  for (const [one, why] of [
    [starting, "not in the ring yet"],
    [full, "Too many requests"],
  ] as const) {
    const outcome = { kind: "failed", maybe: false, why: expect.stringContaining(why) };
    expect(one.told("outcome")).toMatchObject([{ command: 1, outcome }]);
    expect(one.effects).toHaveLength(1);
  }
});
