import { expect, test } from "bun:test";
import { Deadlines } from "../../../src/protocol/model/deadlines.ts";

test("the next deadline is the earliest, also after it was moved or cleared", () => {
  const deadlines = new Deadlines();
  expect(deadlines.next()).toBe(Number.POSITIVE_INFINITY);
  deadlines.set("round", 0, 50);
  deadlines.set("probe", 4, 30);
  expect(deadlines.next()).toBe(30);
  deadlines.set("probe", 4, 80);
  expect(deadlines.next()).toBe(50);
  deadlines.clear("round", 0);
  expect(deadlines.next()).toBe(80);
});

test("what is due is taken out once, earliest first, equal times in the order of setting", () => {
  const deadlines = new Deadlines();
  deadlines.set("hop", 2, 20);
  deadlines.set("hop", 1, 20);
  deadlines.set("hop", 3, 10);
  deadlines.set("hop", 4, 21);
  expect(deadlines.takeDue(20).map((d) => d.key)).toEqual([3, 2, 1]);
  expect(deadlines.takeDue(20)).toEqual([]);
  expect(deadlines.next()).toBe(21);
});

test("an earlier deadline is kept where only an earlier one is wanted", () => {
  const deadlines = new Deadlines();
  deadlines.setEarlier("settle", 0, 40);
  deadlines.setEarlier("settle", 0, 60);
  expect(deadlines.next()).toBe(40);
  deadlines.setEarlier("settle", 0, 20);
  expect(deadlines.next()).toBe(20);
});
