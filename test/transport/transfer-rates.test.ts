import { expect, test } from "bun:test";
import {
  CRAWL_BYTES_PER_SECOND,
  CRAWL_WINDOWS,
  LEAST_BYTES_PER_SECOND,
  LEAST_WINDOWS,
  RATE_WINDOW_MS,
} from "../../src/transport/limits.ts";
import { Meter, TransferRates } from "../../src/transport/transfer-rates.ts";

/** Transfers that are broken off say their names. */
function transfers() {
  const rates = new TransferRates();
  const slow: string[] = [];
  const begin = (name: string, known = true): Meter => {
    const meter = new Meter(name, known, () => {
      slow.push(name);
      rates.end(meter);
    });
    meter.wait(0);
    return rates.begin(meter);
  };
  return { rates, slow, begin };
}

const LEAST_MS = LEAST_WINDOWS * RATE_WINDOW_MS;

/** Looks at them every half a second, as much as is between these times. */
function sweep(rates: TransferRates, fromMs: number, toMs: number, each: () => void = () => {}) {
  for (let at = fromMs + 500; at <= toMs; at += 500) {
    each();
    rates.sweep(at);
  }
}

test("a transfer that moves next to nothing is broken off, and a slow one is not", () => {
  const { rates, slow, begin } = transfers();
  begin("still");
  const crawls = begin("crawls");
  const least = begin("least");
  const move = () => {
    crawls.moved(1);
    least.moved(LEAST_BYTES_PER_SECOND / 2);
  };
  sweep(rates, 0, LEAST_MS - 500, move);
  expect(slow).toEqual([]);
  sweep(rates, LEAST_MS - 500, 10 * LEAST_MS, move);
  expect(slow).toEqual(["still", "crawls"]);
  expect(rates.size).toBe(1);
});

test("a good beginning does not pay for what follows", () => {
  const { rates, slow, begin } = transfers();
  begin("begins well").moved(1 << 30);
  sweep(rates, 0, LEAST_MS);
  expect(slow).toEqual([]);
  sweep(rates, LEAST_MS, LEAST_MS + RATE_WINDOW_MS);
  expect(slow).toEqual(["begins well"]);
});

test("the time counts in which the other end is awaited, and no sleep of this process", () => {
  const { rates, slow, begin } = transfers();
  const works = begin("works");
  works.work(1_000);
  begin("slept through");
  rates.woke(10 * LEAST_MS);
  sweep(rates, 10 * LEAST_MS, 11 * LEAST_MS - 500);
  expect(slow).toEqual([]);
  sweep(rates, 11 * LEAST_MS - 500, 11 * LEAST_MS);
  expect(slow).toEqual(["slept through"]);
  works.wait(20 * LEAST_MS);
  sweep(rates, 20 * LEAST_MS, 21 * LEAST_MS);
  expect(slow).toEqual(["slept through", "works"]);
});

test("where slots are short the slowest of those that crawl goes, and members last", () => {
  const { rates, slow, begin } = transfers();
  const crawlMs = CRAWL_WINDOWS * RATE_WINDOW_MS;
  begin("still member");
  begin("slow stranger", false).moved(2);
  begin("slower stranger", false).moved(1);
  begin("quick").moved((CRAWL_BYTES_PER_SECOND * crawlMs) / 1_000);
  sweep(rates, 0, crawlMs - 500);
  expect(rates.relieve()).toBe(false);
  sweep(rates, crawlMs - 500, crawlMs);
  for (let i = 0; i < 3; i++) expect(rates.relieve()).toBe(true);
  expect(rates.relieve()).toBe(false);
  expect(slow).toEqual(["slower stranger", "slow stranger", "still member"]);
});
