/** One that was down or asleep does not go by what it and the few that it still counts know. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { SEEK_MS } from "../../../src/protocol/membership/seeking.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { isAuthoritative } from "../../../src/protocol/replication/tenure.ts";
import { member, OnePeer, READ, routedFrom } from "../one-peer.ts";

/** A ring of which only 8 is left, and slept so long. */
function woken(lost: readonly number[], sleptMs = 8_000): OnePeer {
  const peer = new OnePeer(8, [8, ...lost]);
  for (const id of lost) learn(peer.peer, makeMember({ ...member(id), state: "dead" }), "lost");
  peer.give({ type: "woke", sleptMs });
  return peer;
}

const PLAN = { name: "plan", key: 7 };

test("after a long sleep it answers nothing by itself, until the lost have had their time", () => {
  const peer = woken([9, 14]);
  expect(peer.to("ping").sort()).toEqual([14, 9]);
  expect(isAuthoritative(peer.peer, PLAN)).toBe(false);
  peer.now += SEEK_MS - 1;
  peer.give({ type: "tick" });
  expect(isAuthoritative(peer.peer, PLAN)).toBe(false);
  peer.now += 1;
  peer.give({ type: "tick" });
  expect(isAuthoritative(peer.peer, PLAN)).toBe(true);
});

test("where nobody listens, as it finds twice, it need not wait; nor where it slept briefly", () => {
  const peer = woken([9, 14]);
  const refused = (id: number) =>
    peer.give({
      ...{ type: "unreachable", address: member(id).address },
      ...{ how: "refused", broke: false },
    });
  refused(9);
  refused(14);
  refused(9);
  expect(isAuthoritative(peer.peer, PLAN)).toBe(false);
  refused(14);
  expect(isAuthoritative(peer.peer, PLAN)).toBe(true);
  // One may have gone on alone.
  expect(isAuthoritative(woken([9]).peer, PLAN)).toBe(false);
  expect(isAuthoritative(woken([9, 14], 400).peer, PLAN)).toBe(true);
});

test("one that comes back is asked, and has to give its word", () => {
  const peer = woken([9, 14]);
  const nine = makeMember({ ...member(9), incarnation: 2 });
  learn(peer.peer, nine, "returned");
  peer.hear(nine, routedFrom(9, 1, READ));
  expect(peer.to("inquire")).toEqual([9]);
});
