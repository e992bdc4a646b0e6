/** Rounds of pings, and those who are asked for besides: the lost, the departed and the awaited. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { awaitMember } from "../../../src/protocol/membership/rounds.ts";
import { wayTo } from "../../../src/protocol/membership/ways.ts";
import {
  LOST_TRY_FOR_MS,
  LOST_TRY_MS,
  RESTORED_GRACE_MS,
} from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { idAt, member, OnePeer, STANDING } from "../one-peer.ts";
import { dies } from "../situations.ts";

const MANY = Array.from({ length: 20 }, (_, i) => 10 * i + 10);

/** Peer 10 after all but it were lost, at once. */
function alone(): OnePeer {
  const one = new OnePeer(10, MANY);
  for (const id of MANY) dies(one, id);
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

test("a round pings both successors, and one of the departed: each in its turn", () => {
  const one = new OnePeer(8, [8, 9, 14, 20, 30], [], { pingIntervalMs: 1_000 });
  for (const id of [20, 30]) learn(one.peer, makeMember({ ...member(id), state: "left" }), "left");
  one.pass(500);
  const turns = [1, 2].map(() => {
    one.pass(1_000);
    const round = one.sent("ping").filter(({ message }) => message.round);
    expect(round.map(({ to }) => idAt(to))).toEqual([9, 14]);
    return one.to("ping").filter((id) => id === 20 || id === 30);
  });
  expect(turns.toSorted()).toEqual([[20], [30]]);
});

test("between two rounds that are far apart both successors are pinged every two seconds, in no transcript", () => {
  const one = new OnePeer(8, [8, 9, 14, 20]);
  one.pass(1_000);
  for (let i = 0; i < 3; i++) {
    one.pass(2_000);
    expect(one.to("ping")).toEqual([9, 14]);
    expect(one.sent("ping").filter(({ message }) => message.round)).toEqual([]);
    expect(one.told("line")).toEqual([]);
  }
});

test("a ping is answered the way it was asked, and that of a round printed once", () => {
  const one = new OnePeer(8);
  for (const [nonce, channel, printed] of [
    [5, "datagram", 1],
    [5, "stream", 0],
    [6, "stream", 1],
  ] as const) {
    one.hear(2, { tag: "ping", ...STANDING, nonce, round: true }, { channel });
    expect(one.sent("pong")).toMatchObject([{ channel, message: { nonce, round: true } }]);
    expect(one.told("line")).toHaveLength(printed);
  }
});

test("whoever sends its rounds by stream is answered so from then on: its datagrams do not come through", () => {
  const one = new OnePeer(8);
  const { address } = member(2);
  one.hear(2, { tag: "ping", ...STANDING, nonce: 5 });
  expect(wayTo(one.peer, address)).toBe("datagram");
  one.hear(2, { tag: "ping", ...STANDING, nonce: 6, round: true });
  expect(wayTo(one.peer, address)).toBe("stream");
});

test("who is awaited is asked again, twice as late each time, by stream as well after a while, and in the end given up", () => {
  const one = new OnePeer(8, [8, 9, 14, 20, 30]);
  const { address } = member(30);
  one.pass(1_000);
  awaitMember(one.peer, 30, one.now + RESTORED_GRACE_MS);
  const asked: [number, string][] = [];
  const began = one.now;
  const end = began + RESTORED_GRACE_MS;
  for (; one.now < end; one.pass(10, [address])) {
    for (const { to, channel } of one.sent("ping")) {
      if (to === address && one.now < began + 2_000) asked.push([one.now - began, channel]);
    }
  }
  expect(asked.map(([, channel]) => channel)).toEqual([
    ...Array.from({ length: 3 }, () => "datagram"),
    ...Array.from({ length: 3 }, () => ["datagram", "stream"]).flat(),
  ]);
  const times = [...new Set(asked.map(([at]) => Math.floor(at / 50) * 50))];
  expect(times).toEqual([0, 50, 150, 350, 750, 1_550]);
  expect(one.peer.membership.view.find(30)).toBeDefined();
  one.pass(1_000, [address]);
  expect(one.told("member")).toMatchObject([{ id: 30, state: "dead", why: "lost" }]);
});

test("those beside a peer hear at once that its disk has filled by half, or has room again", () => {
  const one = new OnePeer(50, MANY);
  const beside = [20, 30, 40, 60, 70, 80];
  for (const [bytes, told] of [
    [1_000, beside],
    [600, []],
    [300, beside],
    [300, []],
    [599, []],
    [1_200, beside],
  ] as const) {
    one.give({ type: "room", bytes });
    expect(one.to("ping").toSorted()).toEqual([...told]);
    for (const { message } of one.sent("ping")) expect(message.room).toBe(bytes);
  }
});
