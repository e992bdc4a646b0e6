import { expect, test } from "bun:test";
import { Invariants } from "../../src/checks/invariants.ts";
import { SUSPECTERS } from "../../src/protocol/model/config.ts";
import type { Peer } from "../../src/protocol/state.ts";
import { IDS, member, OnePeer, recordOf } from "../protocol/one-peer.ts";

/** Each breaks one statement of a peer that is well. */
const BREAKS: readonly [statement: string, breaks: (peer: Peer) => void][] = [
  ["no deadline is left behind", (p) => p.deadlines.set("watch", 0, p.now - 1)],
  ["no messages to itself are left behind", (p) => p.loopback.push({ tag: "ack", request: 1 })],
  ["asked to be made durable", (p) => (p.membership.incarnationAsked = 0)],
  ["in its own view, as it is", (p) => (p.self = { ...p.self, incarnation: 0 })],
  ["has asked somebody", (p) => (p.phase = "joining")],
  [
    "a gap is locked for a time",
    (p) => (p.lifecycle.lock = { request: 1, joiner: member(3), told: false }),
  ],
  ["every hop has its time", (p) => p.requests.hops.set(1, {} as never)],
  ["every inquiry has its time", (p) => p.replication.inquiries.set(1, {} as never)],
  ["that was sent has its time", (p) => p.requests.pending.set(1, { begun: true } as never)],
  ["acknowledgements that wait", (p) => p.acks.set(1, { to: "10.0.0.1:1", at: 0 })],
  ["word that is gathered", (p) => p.replication.batched.set("10.0.0.1:1", [])],
  ["news that waits", (p) => p.membership.rumours.set(9, member(9))],
  ["an owner's lease", (p) => (p.replication.tenure.until = Number.POSITIVE_INFINITY)],
  [
    "copies wait in line",
    (p) =>
      p.replication.replicaQueue.add({ record: recordOf(8, 3, 7), from: member(9), origin: null }),
  ],
  [
    "there are few suspecters",
    (p) => {
      for (let i = 0; i <= SUSPECTERS; i++) p.membership.suspecters.add(`10.0.0.1:${i}`);
    },
  ],
  ["all in the view are present", (p) => see(p, { ...member(9), state: "dead" })],
  [
    "both in the view and departed",
    (p) => {
      see(p, { ...member(9), incarnation: 2 });
      p.membership.departed.add({ ...member(9), state: "dead" }, p.now);
    },
  ],
  [
    "whoever is awaited is in the view",
    (p) => {
      see(p, { ...member(9), incarnation: 2 });
      p.membership.awaited.set(77, { since: 0, until: 0, retryMs: 0 });
    },
  ],
  ["are the removals among the files", (p) => p.replication.removals.set("a", {} as never)],
];

function see(peer: Peer, seen: Peer["self"]): void {
  peer.membership.view = peer.membership.view.with(seen);
}

/** As many looks as it takes until also what is looked at seldom was looked at. */
function brokenOf(peer: Peer, invariants = new Invariants()): string | null {
  for (let i = 0; i < 20; i++) {
    const broken = invariants.broken(peer);
    if (broken !== null) return broken;
  }
  return null;
}

test("all holds of a peer that is well", () => {
  expect(brokenOf(new OnePeer(8).peer)).toBeNull();
});

test.each(BREAKS)("a breach is seen: %s", (statement, breaks) => {
  const { peer } = new OnePeer(8, IDS, [recordOf(8, 3, 7)]);
  const invariants = new Invariants();
  expect(brokenOf(peer, invariants)).toBeNull();
  breaks(peer);
  expect(brokenOf(peer, invariants)).toContain(statement);
});

test("one that has ended owes nothing", () => {
  const { peer } = new OnePeer(8);
  peer.phase = "ended";
  peer.acks.set(1, { to: "10.0.0.1:1", at: 0 });
  expect(brokenOf(peer)).toBeNull();
});
