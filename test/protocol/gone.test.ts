import { expect, test } from "bun:test";
import { GONE_MEMBERS, GONE_MS, GONE_TOLD } from "../../src/protocol/model/config.ts";
import { GoneTable } from "../../src/protocol/model/gone.ts";
import { type Member, makeMember } from "../../src/protocol/model/member.ts";

function dead(id: number, incarnation = 1): Member {
  const birth = id.toString(16).padStart(16, "0");
  return makeMember({ id, incarnation, birth, state: "dead", address: `10.0.0.1:${id + 1}` });
}

const ids = (members: readonly Member[]) => members.map((m) => m.id);

test("members are kept by id, one of each", () => {
  const gone = new GoneTable();
  for (const id of [40, 10, 30, 20]) gone.add(dead(id), id);
  gone.add(dead(30, 2), 100);
  expect(ids(gone.members)).toEqual([10, 20, 30, 40]);
  expect(gone.get(30)?.incarnation).toBe(2);
  expect(gone.get(31)).toBeUndefined();
  expect(ids(gone.between(10, 30))).toEqual([10, 20]);
  gone.delete(20);
  gone.delete(21);
  expect(gone.has(20)).toBe(false);
  expect(gone.size).toBe(3);
});

test("one after the other has its turn, around the circle", () => {
  const gone = new GoneTable();
  expect(gone.after(5)).toBeUndefined();
  for (const id of [8, 2, 5]) gone.add(dead(id), id);
  const turns = [5];
  for (let i = 0; i < 4; i++) turns.push(gone.after(turns.at(-1) ?? 0)?.id ?? 0);
  expect(turns).toEqual([5, 8, 2, 5, 8]);
});

test("the last of them are told in the order of their going, also when some have returned", () => {
  const gone = new GoneTable();
  for (let i = 0; i < 100; i++) gone.add(dead((i * 37) % 101), i);
  const order = Array.from({ length: 100 }, (_, i) => (i * 37) % 101);
  expect(ids(gone.last)).toEqual(order.slice(-GONE_TOLD));
  const [returned = 0] = order.splice(90, 1);
  gone.delete(returned);
  expect(ids(gone.last)).toEqual(order.slice(-GONE_TOLD));
  const told = gone.last;
  gone.add(dead(200), 101);
  expect(ids(told)).toEqual(order.slice(-GONE_TOLD));
  expect(gone.last.at(-1)?.id).toBe(200);
});

test("those that went first are forgotten, above the limits of number and of time", () => {
  const gone = new GoneTable();
  for (let id = 0; id < GONE_MEMBERS + 3; id++) gone.add(dead(id), 2 * id);
  expect(gone.size).toBe(GONE_MEMBERS);
  expect(gone.members[0]?.id).toBe(3);
  gone.add(dead(1), GONE_MS + 2 * 10 + 1);
  // 3 to 10 went too long ago, and 11 just not.
  expect(ids(gone.members).slice(0, 2)).toEqual([1, 11]);
  expect(ids(gone.last).at(-1)).toBe(1);
});

test("a member that has come back does not take another's place", () => {
  const gone = new GoneTable();
  gone.add(dead(1), 0);
  gone.add(dead(2), 1_000);
  gone.delete(1);
  gone.add(dead(3), GONE_MS + 500);
  expect(ids(gone.members)).toEqual([2, 3]);
  gone.add(dead(4), GONE_MS + 1_500);
  expect(ids(gone.members)).toEqual([3, 4]);
});
