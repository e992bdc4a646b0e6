/** Those that were lost, and may only have been cut off; and those that reach this peer through others alone. */
import { expect, test } from "bun:test";
import { SILENCE_MS } from "../../src/protocol/membership/patience.ts";
import { learn } from "../../src/protocol/membership/records.ts";
import { LOST_TRY_FOR_MS, LOST_TRY_MS } from "../../src/protocol/model/config.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { member, OnePeer } from "./one-peer.ts";

const MANY = Array.from({ length: 20 }, (_, i) => 10 * i + 10);

/** Peer 10 after all but it were lost, at once. */
function alone(): OnePeer {
  const one = new OnePeer(10, MANY);
  for (const id of MANY) learn(one.peer, makeMember({ ...member(id), state: "dead" }), "lost");
  one.give({ type: "tick" });
  return one;
}

/** Lets time pass, in which nobody answers. @returns to how many others a ping was sent */
function passInSilence(one: OnePeer, ms: number): number {
  const end = one.now + ms;
  const pinged = new Set<string>();
  while (one.now < end) {
    one.now += 50;
    one.give({ type: "tick" });
    for (const { to } of one.sent("ping")) pinged.add(to);
  }
  return pinged.size;
}

test("all that were lost beside a peer are pinged each second: one of many may be back from behind a cut", () => {
  const one = alone();
  expect(passInSilence(one, LOST_TRY_MS + 50)).toBe(MANY.length - 1);
  expect(passInSilence(one, LOST_TRY_MS)).toBe(MANY.length - 1);
  one.now += LOST_TRY_FOR_MS;
  one.give({ type: "tick" });
  expect(passInSilence(one, 2 * LOST_TRY_MS)).toBe(0);
});

test("one that is held for dead and lives is told so, and tried, by datagram and by stream", () => {
  const one = new OnePeer(8);
  learn(one.peer, makeMember({ ...member(9), state: "dead" }), "lost");
  const standing = { room: 1, awayMs: null, forgottenMs: null };
  const ping = { tag: "ping", nonce: 1, round: false, digest: 0, ...standing } as const;
  const message = { type: "message", channel: "datagram", body: null, heldMs: null } as const;
  one.give({ ...message, from: member(9), message: ping });
  const ways = (tag: "gossip" | "ping") =>
    one.sent(tag).flatMap(({ to, channel }) => (to === member(9).address ? [channel] : []));
  expect(ways("gossip").sort()).toEqual(["datagram", "stream"]);
  one.give({ ...message, from: makeMember({ ...member(9), incarnation: 2 }), message: ping });
  expect(ways("ping").sort()).toEqual(["datagram", "stream"]);
});

test("a new member that cannot answer this peer is believed when another had its answer", () => {
  const one = new OnePeer(8);
  const unverified = member(30);
  one.hear(9, { tag: "gossip", joining: false, members: [unverified] });
  expect(one.peer.membership.view.find(30)).toBeUndefined();
  let pingReq = one.sent("ping-req")[0];
  for (const end = one.now + SILENCE_MS; pingReq === undefined && one.now < end; ) {
    one.now += 50;
    one.give({ type: "tick" });
    pingReq = one.sent("ping-req")[0];
  }
  expect(pingReq?.message.target.id).toBe(30);
  const nonce = pingReq?.message.nonce ?? 0;
  // Another run of it is another peer.
  const other = makeMember({ ...unverified, instance: "f".repeat(16) });
  one.hear(9, { tag: "ping-req-ack", nonce, target: other });
  expect(one.peer.membership.view.find(30)).toBeUndefined();
  one.hear(9, { tag: "ping-req-ack", nonce, target: unverified });
  expect(one.peer.membership.view.find(30)).toBeDefined();
});
