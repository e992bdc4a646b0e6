import { afterAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { EventLog } from "../../src/store/log.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function fresh(name: string): string {
  const dir = join(folder.dir, name);
  mkdirSync(dir);
  return dir;
}

function lines(dir: string, file = "events.jsonl"): string[] {
  return readFileSync(join(dir, file), "utf8").split("\n").slice(0, -1);
}

test("events are written soon, in order, and on close", async () => {
  const dir = fresh("plain");
  const log = new EventLog(dir);
  for (let seq = 0; seq < 5_000; seq++) log.append({ seq });
  await log.flush();
  expect(lines(dir).map((line) => JSON.parse(line).seq)).toEqual([...Array(5_000).keys()]);
  log.append({ seq: "last" });
  await log.close();
  log.append({ seq: "too late" });
  expect(lines(dir).at(-1)).toBe('{"seq":"last"}');
  expect(log.lost).toBe(1);
});

test("a full log is rotated, one older is kept", async () => {
  const dir = fresh("rotated");
  const log = new EventLog(dir, 1_000);
  for (let seq = 0; seq < 100; seq++) {
    log.append({ seq, filler: "x".repeat(80) });
    await log.flush();
  }
  await log.close();
  expect(statSync(join(dir, "events.jsonl")).size).toBeLessThanOrEqual(1_000);
  expect(statSync(join(dir, "events.1.jsonl")).size).toBeLessThanOrEqual(1_000);
  const both = [...lines(dir, "events.1.jsonl"), ...lines(dir)].map((line) => JSON.parse(line).seq);
  expect(both.at(-1)).toBe(99);
  expect(both).toEqual([...both.keys()].map((i) => 100 - both.length + i));
});

test("a line cut short by a crash spoils no other", async () => {
  const dir = fresh("cut");
  appendFileSync(join(dir, "events.jsonl"), '{"seq":1}\n{"se');
  const log = new EventLog(dir);
  log.append({ seq: 2 });
  await log.close();
  expect(lines(dir)).toEqual(['{"seq":1}', '{"se', '{"seq":2}']);
});

test("a disk that takes nothing costs events, never an error", async () => {
  const log = new EventLog(join(folder.dir, "missing"));
  log.append({ seq: 1 });
  await log.flush();
  expect(log.lost).toBe(1);
  await log.close();
  expect(existsSync(join(folder.dir, "missing"))).toBe(false);
});
