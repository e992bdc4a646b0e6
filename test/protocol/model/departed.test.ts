import { expect, test } from "bun:test";
import {
  DEPARTED_MEMBERS,
  DEPARTED_MS,
  DEPARTED_TOLD,
} from "../../../src/protocol/model/config.ts";
import { DepartedTable } from "../../../src/protocol/model/departed.ts";
import { type Member, makeMember } from "../../../src/protocol/model/member.ts";

function dead(id: number, incarnation = 1): Member {
  const instance = id.toString(16).padStart(16, "0");
  return makeMember({ id, incarnation, instance, state: "dead", address: `10.0.0.1:${id + 1}` });
}

const ids = (members: readonly Member[]) => members.map((m) => m.id);

test("members are kept by id, one of each", () => {
  const departed = new DepartedTable();
  for (const id of [40, 10, 30, 20]) departed.add(dead(id), id);
  departed.add(dead(30, 2), 100);
  expect(ids(departed.members)).toEqual([10, 20, 30, 40]);
  expect(departed.get(30)?.incarnation).toBe(2);
  expect(departed.get(31)).toBeUndefined();
  expect(ids(departed.between(10, 30))).toEqual([10, 20]);
  departed.delete(20);
  departed.delete(21);
  expect(departed.has(20)).toBe(false);
  expect(departed.size).toBe(3);
});

test("one after the other has its turn, around the circle", () => {
  const departed = new DepartedTable();
  expect(departed.after(5)).toBeUndefined();
  for (const id of [8, 2, 5]) departed.add(dead(id), id);
  const turns = [5];
  for (let i = 0; i < 4; i++) turns.push(departed.after(turns.at(-1) ?? 0)?.id ?? 0);
  expect(turns).toEqual([5, 8, 2, 5, 8]);
});

test("the last of them are told in the order of their going, also when some have returned", () => {
  const departed = new DepartedTable();
  for (let i = 0; i < 100; i++) departed.add(dead((i * 37) % 101), i);
  const order = Array.from({ length: 100 }, (_, i) => (i * 37) % 101);
  expect(ids(departed.last)).toEqual(order.slice(-DEPARTED_TOLD));
  const [returned = 0] = order.splice(90, 1);
  departed.delete(returned);
  expect(ids(departed.last)).toEqual(order.slice(-DEPARTED_TOLD));
  const told = departed.last;
  departed.add(dead(200), 101);
  expect(ids(told)).toEqual(order.slice(-DEPARTED_TOLD));
  expect(departed.last.at(-1)?.id).toBe(200);
});

test("those that went first are forgotten, above the limits of number and of time", () => {
  const departed = new DepartedTable();
  for (let id = 0; id < DEPARTED_MEMBERS + 3; id++) departed.add(dead(id), 2 * id);
  expect(departed.size).toBe(DEPARTED_MEMBERS);
  expect(departed.members[0]?.id).toBe(3);
  departed.add(dead(1), DEPARTED_MS + 2 * 10 + 1);
  // 3 to 10 went too long ago, and 11 just not.
  expect(ids(departed.members).slice(0, 2)).toEqual([1, 11]);
  expect(ids(departed.last).at(-1)).toBe(1);
});

test("a member that has come back does not take another's place", () => {
  const departed = new DepartedTable();
  departed.add(dead(1), 0);
  departed.add(dead(2), 1_000);
  departed.delete(1);
  departed.add(dead(3), DEPARTED_MS + 500);
  expect(ids(departed.members)).toEqual([2, 3]);
  departed.add(dead(4), DEPARTED_MS + 1_500);
  expect(ids(departed.members)).toEqual([3, 4]);
});
