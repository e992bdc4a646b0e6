import { expect, test } from "bun:test";
import {
  compareMembers,
  type Member,
  type MemberState,
  makeMember,
} from "../../../src/protocol/model/member.ts";

function member(incarnation: number, state: MemberState, instance = "a", address = "h:1"): Member {
  return makeMember({ id: 7, incarnation, instance: instance.padStart(16, "0"), state, address });
}

/** From the least to the greatest. */
const ORDER = [
  member(1, "alive", "a", "h:1"),
  member(1, "alive", "a", "h:2"),
  member(1, "alive", "b"),
  member(1, "leaving"),
  member(1, "dead"),
  member(1, "left"),
  member(2, "alive"),
  member(2, "dead"),
  member(3, "alive"),
];

test("records of one id are ordered by incarnation, state, instance and address", () => {
  for (const [i, a] of ORDER.entries()) {
    for (const [j, b] of ORDER.entries()) {
      expect(Math.sign(compareMembers(a, b))).toBe(Math.sign(i - j));
    }
  }
});

test("a record is frozen, and its hash is a whole number below 2^52", () => {
  for (const record of ORDER) {
    expect(Object.isFrozen(record)).toBe(true);
    expect(Number.isInteger(record.hash)).toBe(true);
    expect(record.hash).toBeGreaterThanOrEqual(0);
    expect(record.hash).toBeLessThan(2 ** 52);
  }
  // Records that differ in their order differ in their hash: two views with one digest are one view.
  expect(new Set(ORDER.map((m) => m.hash)).size).toBe(ORDER.length);
});
