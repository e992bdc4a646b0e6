import { expect, test } from "bun:test";
import { MAX_NAME_BYTES } from "../../src/protocol/config.ts";
import {
  baseName,
  compareStamps,
  conflictName,
  type FileRecord,
  isSameVersion,
  parseConflictName,
  runOf,
  type Stamp,
  versionId,
  versionKey,
  withAges,
} from "../../src/protocol/files.ts";
import { Shelf } from "../../src/protocol/shelf.ts";
import { operationOf, recordOf } from "../store/records.ts";

const by = (owner: number, counter: number, run = 1): Stamp => ({ counter, owner, run });

function version(stamp: Stamp, name = "plan.txt", key = 7): FileRecord {
  return { ...recordOf(name, new Uint8Array(10), stamp), key };
}

test("stamps are ordered by counter, then owner, then run", () => {
  const stamps = [by(9, 3, 2), by(2, 4), by(9, 3, 1), by(2, 3, 7)];
  expect(stamps.toSorted(compareStamps)).toEqual([by(2, 3, 7), by(9, 3, 1), by(9, 3, 2), by(2, 4)]);
  expect(runOf({ birth: "0123456789abcdef" })).toBe(0x01234567);
});

test("a version is told by its operation and content, under whatever stamp", () => {
  const one = version(by(2, 1));
  const again = { ...one, stamp: by(9, 9) };
  expect(isSameVersion(one, again)).toBe(true);
  expect(isSameVersion(one, { ...one, sha256: "b".repeat(64) })).toBe(false);
  expect(isSameVersion(one, { ...one, name: "other" })).toBe(false);
  expect(isSameVersion(one, { ...one, operation: operationOf(by(2, 2)) })).toBe(false);
  expect(versionId(one)).toEqual({
    name: one.name,
    operation: one.operation,
    sha256: one.sha256,
  });
  const keys = [one, version(by(2, 2)), version(by(2, 1), "other")].map(versionKey);
  expect(new Set(keys).size).toBe(3);
});

test("a conflict is named by its operation, and all peers make the same of it", () => {
  const one = version(by(9, 4));
  const name = conflictName(one);
  expect(name).toBe("plan.txt.conflict-0000000900000001-4");
  expect(parseConflictName(name)).toEqual({
    base: "plan.txt",
    operation: one.operation,
    key: null,
  });
  expect(baseName(name)).toBe("plan.txt");
  // Under another stamp it is the same conflict.
  expect(conflictName({ ...one, stamp: by(2, 90) })).toBe(name);
  for (const plain of ["plan.txt", ".conflict-0000000900000001-4", "a.conflict-1-2-3"]) {
    expect(parseConflictName(plain)).toBeNull();
    expect(baseName(plain)).toBe(plain);
  }
});

test("the conflict of a name of any length has a name that fits, and tells where it lies", () => {
  for (const letter of ["a", "ß", "漢", "\u{1f600}"]) {
    for (let bytes = 200; bytes <= MAX_NAME_BYTES; bytes++) {
      const base = letter.repeat(Math.floor(bytes / Buffer.byteLength(letter)));
      const one = version(by(9, 4), base, 0x123456789abc);
      const name = conflictName(one);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
      expect(name.isWellFormed()).toBe(true);
      const parsed = parseConflictName(name);
      expect(base.startsWith(parsed?.base ?? "none")).toBe(true);
      if (parsed?.base !== base) expect(parsed?.key).toBe(one.key);
      const shelf = new Shelf(48, [one, version(by(1, 5), base, one.key)]);
      expect(shelf.get(name)?.operation).toEqual(one.operation);
    }
  }
});

test("ages are changed in the record and in its history", () => {
  const span = { origin: "a".repeat(16), from: 1, to: 2, ageMs: 50 };
  const one = { ...version(by(2, 1)), ageMs: 10, history: [span] };
  expect(withAges(one, 100)).toMatchObject({ ageMs: 110, history: [{ ...span, ageMs: 150 }] });
  expect(withAges(withAges(one, 100), -100)).toEqual(one);
});
