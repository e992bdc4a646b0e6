/** What hearing from a member says, and what others say of it: told to whom, and tried how. */
import { expect, test } from "bun:test";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { type Address, type Member, makeMember } from "../../../src/protocol/model/member.ts";
import type { Gossip } from "../../../src/protocol/model/messages.ts";
import { member, OnePeer, STANDING } from "../one-peer.ts";
import { dies } from "../situations.ts";

const NINE = member(9);
const DEAD = makeMember({ ...NINE, state: "dead" });
/** From the beginning until one that never answers has its last try. */
const LAST_TRY_MS = 3_500;

/** Peer 8 of the ring 2, 8, 9. */
function eight(): OnePeer {
  return new OnePeer(8, [2, 8, 9], [], { pingIntervalMs: 5_000 });
}

function pinged(one: OnePeer, from: Member, nonce = 1): readonly Effect[] {
  const ping = { tag: "ping", nonce, ...STANDING } as const;
  return one.hear(from, ping, { channel: "datagram", heldMs: null });
}

/** What an address was told of members with the last input. */
function toldAt(one: OnePeer, address: Address): Gossip[] {
  return one.sent("gossip").flatMap(({ to, message }) => (to === address ? [message] : []));
}

test("one that is held for dead and lives is told so, and tried, by datagram and by stream", () => {
  const one = new OnePeer(8);
  dies(one, 9);
  pinged(one, NINE);
  const ways = (tag: "gossip" | "ping") =>
    one.sent(tag).flatMap(({ to, channel }) => (to === NINE.address ? [channel] : []));
  expect(ways("gossip").sort()).toEqual(["datagram", "stream"]);
  pinged(one, makeMember({ ...NINE, incarnation: 2 }));
  expect(ways("ping").sort()).toEqual(["datagram", "stream"]);
});

test("whoever is held for dead hears where it is seen now", () => {
  const one = eight();
  pinged(one, DEAD);
  const moved = makeMember({ ...NINE, address: "1.0.0.9:12009" });
  one.now += 100;
  pinged(one, moved, 2);
  // By datagram, and by stream.
  const members = [moved, DEAD];
  expect(toldAt(one, moved.address).map((told) => told.members)).toEqual([members, members]);
});

test.each(["by others", "by silence"])(
  "one that is doubted %s hears so where it is seen",
  (doubted) => {
    const one = eight();
    // Of two addresses of one life this is the lesser: it is not simply taken over.
    const moved = makeMember({ ...NINE, address: "1.0.0.9:12009" });
    pinged(one, moved);
    expect(one.sent("gossip")).toEqual([]);
    if (doubted === "by others") one.hear(2, { tag: "gossip", joining: false, members: [DEAD] });
    else one.pass(LAST_TRY_MS, [NINE.address]);
    expect(one.peer.membership.view.find(9)).toEqual(NINE);
    pinged(one, moved, 2);
    expect(toldAt(one, moved.address)).toMatchObject([{ members: [moved, DEAD] }]);
  },
);

test.each([
  ["greater", "127.0.1.9:12009"],
  ["lesser", "1.0.0.9:12009"],
])(
  "a member that speaks from two addresses in turn, the other the %s, is news once",
  (_, other) => {
    const one = eight();
    const effects: Effect[] = [];
    for (let i = 0; i < 500; i++) {
      const address = i % 2 === 0 ? other : NINE.address;
      one.now += 2;
      effects.push(...pinged(one, makeMember({ ...NINE, address }), i));
    }
    const count = (is: (effect: Effect) => boolean) => effects.filter(is).length;
    expect(count((e) => e.type === "event" && e.event.event === "member")).toBeLessThanOrEqual(1);
    expect(count((e) => e.type === "save")).toBeLessThanOrEqual(2);
    expect(count((e) => e.type === "send" && e.message.tag === "gossip")).toBeLessThanOrEqual(4);
    const greater = [other, NINE.address].sort()[1] ?? "";
    expect(one.peer.membership.view.find(9)?.address).toBe(greater);
  },
);
