/** Rounds of pings, and those who are asked for besides: the lost and the awaited. */
import { expect, test } from "bun:test";
import { LOST_TRY_FOR_MS, LOST_TRY_MS } from "../../../src/protocol/model/config.ts";
import { OnePeer } from "../one-peer.ts";
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
