import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LatestFile, Shared } from "../../src/store/coalescing.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

test("whoever asks during a run shares the next one, and never do two run at a time", async () => {
  const gates: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const shared = new Shared(async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => gates.push(resolve));
    running--;
  });
  const first = shared.run();
  const others = [shared.run(), shared.run(), shared.run()];
  expect(gates.length).toBe(1);
  gates[0]?.();
  await first;
  const late = shared.run();
  await new Promise((resolve) => setImmediate(resolve));
  expect(gates.length).toBe(2);
  gates[1]?.();
  await Promise.all(others);
  await new Promise((resolve) => setImmediate(resolve));
  gates[2]?.();
  await late;
  await shared.idle();
  expect(most).toBe(1);
});

test("a failed run fails only those that asked for it", async () => {
  let runs = 0;
  const shared = new Shared(async () => {
    if (++runs === 1) throw new Error("disk full");
  });
  const first = shared.run();
  const second = shared.run();
  expect(first).rejects.toThrow("disk full");
  await second;
  expect(runs).toBe(2);
});

test("of many values the last is written, and few in between", async () => {
  const path = join(folder.dir, "value.json");
  let formatted = 0;
  const file = new LatestFile<number>(path, true, 0, (value) => {
    formatted++;
    return String(value);
  });
  await Promise.all(Array.from({ length: 100 }, (_, i) => file.save(i)));
  expect(readFileSync(path, "utf8")).toBe("99");
  expect(formatted).toBeLessThan(5);
});

test("a flush does not wait for the spacing", async () => {
  const path = join(folder.dir, "spaced.json");
  const file = new LatestFile<string>(path, false, 60_000, (value) => value);
  await file.save("one");
  const second = file.save("two");
  await file.flush();
  await second;
  expect(readFileSync(path, "utf8")).toBe("two");
});
