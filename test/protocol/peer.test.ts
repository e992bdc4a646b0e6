import { expect, test } from "bun:test";
import type { Effect, Input, StartInput } from "../../src/protocol/model/io.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { nextDeadline, startPeer, step } from "../../src/protocol/peer.ts";

const START: StartInput = {
  type: "start",
  config: {
    ring: 12_000,
    bits: 8,
    strategy: "successor",
    pingIntervalMs: 1_000,
    replicationFactor: 3,
  },
  id: 8,
  address: "127.0.0.1:12008",
  instance: "00000000000000aa",
  seed: 5,
  start: {
    kind: "init",
    successors: [
      { id: 9, address: "127.0.0.1:12009" },
      { id: 14, address: "127.0.0.1:12014" },
    ],
  },
  incarnation: 0,
  restored: [],
  files: [],
};
const NINE = makeMember({
  id: 9,
  incarnation: 1,
  instance: "00000000000000bb",
  state: "alive",
  address: "127.0.0.1:12009",
});

/** A short life: up, a ping from 9 and its answer, a store, a broken link, and silence. */
function live(): Effect[] {
  const { peer, effects } = startPeer(START, 100);
  const all = [...effects];
  const give = (input: Input) => all.push(...step(peer, input));
  give({ type: "persisted", at: 101, incarnation: 1 });
  const ping = {
    tag: "ping",
    nonce: 1,
    round: true,
    digest: 0,
    room: 0,
    awayMs: null,
    forgottenMs: null,
  } as const;
  give({
    type: "message",
    at: 102,
    from: NINE,
    channel: "datagram",
    message: ping,
    body: null,
    heldMs: null,
  });
  const sha256 = "ab".repeat(32);
  const content = { size: 10, sha256, body: null, require: 0 };
  const what = { kind: "store", name: "0009", key: 9, ...content } as const;
  give({ type: "command", at: 103, command: 1, what });
  give({ type: "unreachable", at: 150, address: "127.0.0.1:12009", how: "refused", broke: true });
  for (let i = 0; i < 200; i++) give({ type: "tick", at: nextDeadline(peer) });
  return all;
}

test("the same state and the same inputs give the same effects", () => {
  const once = live();
  expect(once.length).toBeGreaterThan(100);
  expect(live()).toEqual(once);
});

test("nothing is done before the incarnation is durable", () => {
  const { effects } = startPeer(START, 100);
  expect(effects).toEqual([{ type: "persist", id: 8, incarnation: 1 }]);
});

test("a peer that has ended asks for nothing and does nothing", () => {
  const { peer } = startPeer({ ...START, start: { kind: "found" } }, 100);
  step(peer, { type: "persisted", at: 101, incarnation: 1 });
  const effects = step(peer, { type: "command", at: 102, command: 1, what: { kind: "quit" } });
  expect(effects.at(-1)).toEqual({ type: "exit", code: 0, sentence: null });
  expect(nextDeadline(peer)).toBe(Number.POSITIVE_INFINITY);
  expect(step(peer, { type: "tick", at: 5_000 })).toEqual([]);
});
