import { expect, test } from "bun:test";
import {
  asConflict,
  baseName,
  compareStamps,
  EMPTY_SHA256,
  type FileRecord,
  filedAs,
  isReplacedBy,
  replacing,
  type Stamp,
} from "../../src/protocol/files.ts";

function version(stamp: Stamp, replaced: readonly Stamp[], content = "a"): FileRecord {
  const sha256 = content.repeat(64);
  return { name: "plan.txt", key: 7, stamp, size: 10, sha256, removed: false, replaced };
}

const by = (owner: number, counter: number, run = 1): Stamp => ({
  counter,
  owner,
  run,
});

test("a version has replaced all that its predecessors had replaced", () => {
  const first = version(by(2, 1), replacing(null));
  const second = version(by(5, 2), replacing(first), "b");
  const third = version(by(9, 3), replacing(second), "c");
  expect(isReplacedBy(first, second)).toBe(true);
  expect(isReplacedBy(first, third)).toBe(true);
  expect(isReplacedBy(second, third)).toBe(true);
  expect(isReplacedBy(third, second)).toBe(false);
});

test("two stores that knew nothing of each other have not replaced one another", () => {
  const base = version(by(2, 1), []);
  const here = version(by(2, 2), replacing(base), "b");
  const there = version(by(9, 2), replacing(base), "c");
  expect(isReplacedBy(here, there)).toBe(false);
  expect(isReplacedBy(there, here)).toBe(false);
  // The same content twice is no conflict, unless the newer one takes it away.
  const same = version(by(9, 2), [], "b");
  expect(isReplacedBy(here, same)).toBe(true);
  expect(isReplacedBy(here, { ...same, removed: true, sha256: EMPTY_SHA256 })).toBe(false);
});

test("an owner's stamps of another run do not count as its present ones", () => {
  const old = version(by(2, 7, 1), []);
  expect(isReplacedBy(old, version(by(2, 8, 2), [], "b"))).toBe(false);
  expect(isReplacedBy(old, version(by(2, 8, 1), [], "b"))).toBe(true);
});

test("a version remembers no more than the newest stamp of each of sixteen owners", () => {
  let record = version(by(0, 1), []);
  for (let i = 1; i < 40; i++) {
    record = version(by(i % 20, i + 1), replacing(record), String.fromCharCode(97 + (i % 26)));
  }
  expect(record.replaced.length).toBe(16);
  expect(record.replaced).toEqual([...record.replaced].sort(compareStamps));
  expect(record.replaced.at(-1)).toEqual(by(38 % 20, 39));
});

test("a conflict has the name's key, a name that fits, and none of its own conflicts", () => {
  const conflict = asConflict(version(by(9, 4), []));
  expect(conflict.name).toBe("plan.txt.conflict-4-9-1");
  expect(conflict.key).toBe(7);
  expect(baseName(conflict.name)).toBe("plan.txt");
  expect(asConflict(conflict).name).toBe(conflict.name);
  const long = asConflict({ ...version(by(9, 4), []), name: "ß".repeat(127) });
  expect(Buffer.byteLength(long.name)).toBeLessThanOrEqual(255);
  expect(long.name.endsWith("ß.conflict-4-9-1")).toBe(true);
  expect(baseName(".conflict-1-2-3")).toBe(".conflict-1-2-3");
});

test("whichever of two concurrent versions comes first, the older becomes the conflict", () => {
  const older = version(by(2, 2), [], "b");
  const newer = version(by(9, 3), [], "c");
  expect(filedAs(older, newer).name).toBe("plan.txt.conflict-2-2-1");
  expect(filedAs(newer, older)).toBe(newer);
  expect(filedAs(older, undefined)).toBe(older);
  expect(filedAs(older, version(by(9, 3), replacing(older), "c"))).toBe(older);
});
