import { expect, test } from "bun:test";
import { Credit } from "../../src/transport/credit.ts";
import {
  CREDIT_ROWS,
  UNPROVED_PING_MS,
  UNPROVED_PINGS,
  UNPROVED_QUIET_MS,
} from "../../src/transport/limits.ts";
import { ack, ping } from "./peer.ts";

const THERE = "127.0.0.1:9";

test("an address gets as many bytes as came from there", () => {
  const credit = new Credit();
  expect(credit.pay(THERE, ack(1), 1, 0)).toBe(false);
  credit.earn(THERE, 152, 0);
  // The ping that proves it comes first.
  expect(credit.pay(THERE, ack(1), 100, 0)).toBe(false);
  expect(credit.pay(THERE, ping(1), 52, 0)).toBe(true);
  expect(credit.pay(THERE, ack(1), 60, 0)).toBe(true);
  expect(credit.pay(THERE, ack(1), 41, 0)).toBe(false);
  expect(credit.pay(THERE, ping(2), 41, UNPROVED_QUIET_MS)).toBe(false);
  expect(credit.pay(THERE, ping(2), 40, 0)).toBe(true);
  expect(credit.pay("127.0.0.1:10", ack(1), 1, 0)).toBe(false);
});

test("pings to one that says nothing cost nothing, a few at once and then one now and then", () => {
  const credit = new Credit();
  const sent = (now: number) =>
    Array.from({ length: 20 }, (_, nonce) => credit.pay(THERE, ping(nonce), 80, now));
  expect(sent(0).filter(Boolean)).toHaveLength(UNPROVED_PINGS);
  expect(sent(UNPROVED_PING_MS - 1).filter(Boolean)).toHaveLength(0);
  expect(sent(UNPROVED_PING_MS).filter(Boolean)).toHaveLength(1);
  expect(sent(1_000 * UNPROVED_PING_MS).filter(Boolean)).toHaveLength(UNPROVED_PINGS);
  credit.earn(THERE, 10, 2_000 * UNPROVED_PING_MS);
  expect(sent(2_000 * UNPROVED_PING_MS).filter(Boolean)).toHaveLength(0);
  expect(sent(2_000 * UNPROVED_PING_MS + UNPROVED_QUIET_MS + 1).filter(Boolean)).toHaveLength(
    UNPROVED_PINGS,
  );
});

test("the answer to a ping that was sent proves an address, and no other one does", () => {
  const credit = new Credit();
  credit.answered(THERE, 5);
  credit.pay(THERE, ping(5), 80, 0);
  credit.answered("127.0.0.1:10", 5);
  credit.answered(THERE, 6);
  expect(credit.pay(THERE, ack(1), 1, 0)).toBe(false);
  credit.answered(THERE, 5);
  expect(credit.pay(THERE, ack(1), 1_000, 0)).toBe(true);
});

test("the oldest are forgotten, and nothing is owed to them", () => {
  const credit = new Credit();
  credit.earn(THERE, 100, 0);
  for (let i = 0; i < 2 * CREDIT_ROWS; i++) credit.earn(`10.0.0.1:${i}`, 100, 0);
  expect(credit.size).toBe(CREDIT_ROWS);
  expect(credit.pay(THERE, ack(1), 1, 0)).toBe(false);
  expect(credit.pay(`10.0.0.1:${2 * CREDIT_ROWS - 1}`, ack(1), 36, 0)).toBe(true);
});
