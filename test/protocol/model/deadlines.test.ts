import { expect, test } from "bun:test";
import { Deadlines } from "../../../src/protocol/model/deadlines.ts";
import { randomFrom } from "../../wire/random.ts";

const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

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

test(`many are met in the order of their times, and of their setting (P2P_TEST_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  let deadlines = new Deadlines();
  let plain: { key: number; at: number }[] = [];
  for (let i = 0; i < 5_000; i++) {
    const [key, at, what] = [below(300), below(100), below(20)];
    if (what === 0) {
      const now = below(30);
      const due = plain.filter((d) => d.at <= now).sort((a, b) => a.at - b.at);
      plain = plain.filter((d) => d.at > now);
      expect(deadlines.takeDue(now).map((d) => d.key)).toEqual(due.map((d) => d.key));
    } else if (what === 1) deadlines = deadlines.copy();
    else {
      plain = plain.filter((d) => d.key !== key);
      if (what < 8) deadlines.clear("hop", key);
      else {
        deadlines.set("hop", key, at);
        plain.push({ key, at });
      }
    }
    expect(deadlines.next()).toBe(Math.min(Number.POSITIVE_INFINITY, ...plain.map((d) => d.at)));
  }
});
