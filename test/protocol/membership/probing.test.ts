/** Trying one member: by which ways, and whose answer counts. */
import { expect, test } from "bun:test";
import { SILENCE_MS } from "../../../src/protocol/membership/patience.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { member, OnePeer, STANDING } from "../one-peer.ts";

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

test("a new member that moves on is tried where it is", () => {
  const one = new OnePeer(8, [2, 8, 9]);
  const { address: former } = member(9);
  one.give({ type: "unreachable", address: former, how: "timeout", broke: false });
  for (const [incarnation, address] of [
    [2, "127.0.1.9:12009"],
    [3, "127.0.2.9:12009"],
  ] as const) {
    const instance = `${incarnation}`.repeat(16);
    const back = makeMember({ ...member(9), address, incarnation, instance });
    one.hear(back, { tag: "ping", nonce: 1, ...STANDING });
    expect(one.sent("ping").filter(({ to }) => to === address)).toHaveLength(1);
  }
  const probes = [...one.peer.membership.probes.values()];
  expect(probes.filter(({ reason }) => reason === "unverified")).toHaveLength(1);
});
