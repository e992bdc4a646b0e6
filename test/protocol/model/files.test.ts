import { expect, test } from "bun:test";
import { MAX_NAME_BYTES } from "../../../src/protocol/model/config.ts";
import {
  baseName,
  compareVersions,
  conflictName,
  type FileRecord,
  isSameWrite,
  parseConflictName,
  type Version,
  withAges,
  writeKey,
} from "../../../src/protocol/model/files.ts";

const ORIGIN = "00ff00ff00ff00ff";

function recordOf(name: string, number = 4, key = 7): FileRecord {
  return {
    name,
    key,
    operation: { origin: ORIGIN, number },
    version: { counter: 1, owner: 2, instance: 3 },
    also: [],
    size: 10,
    sha256: "a".repeat(64),
    removed: false,
    apart: false,
    ageMs: 100,
    versionVector: [],
    history: [],
    spared: [],
  };
}

const NUMBERS = [1, 42, Number.MAX_SAFE_INTEGER];
const KEYS = [0, 255, 2 ** 48 - 1];

test("a conflict is named by its operation, and is found again by its name alone", () => {
  const name = conflictName(recordOf("plan.txt"));
  expect(name).toBe(`plan.txt.conflict-${ORIGIN}-4`);
  const operation = { origin: ORIGIN, number: 4 };
  expect(parseConflictName(name)).toEqual({ base: "plan.txt", operation, key: null });
  expect(baseName(name)).toBe("plan.txt");
  expect(baseName("plan.txt")).toBe("plan.txt");
});

test("names of every length keep to 255 bytes, and tell their key where they had to be cut", () => {
  for (const letter of ["a", "ß", "€", "😀"]) {
    const width = Buffer.byteLength(letter);
    for (let length = 1; length * width <= MAX_NAME_BYTES; length++) {
      const base = letter.repeat(length);
      for (const number of NUMBERS) {
        const seen = new Set<string>();
        for (const key of KEYS) {
          const record = recordOf(base, number, key);
          const name = conflictName(record);
          const parsed = parseConflictName(name);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
          expect(parsed?.operation).toEqual(record.operation);
          if (parsed?.key === null) expect(parsed.base).toBe(base);
          else {
            expect(parsed?.key).toBe(key);
            expect(base.startsWith(parsed?.base ?? "?")).toBe(true);
            // No more is cut than has to be.
            expect(Buffer.byteLength(name)).toBeGreaterThan(MAX_NAME_BYTES - width);
          }
          seen.add(name);
        }
        expect(seen.size === 1 || seen.size === KEYS.length).toBe(true);
      }
    }
  }
});

test("what only looks like a conflict is a name like others", () => {
  for (const name of [
    `.conflict-${ORIGIN}-4`,
    `a.conflict-${ORIGIN}-0`,
    `a.conflict-${ORIGIN}-04`,
    `a.conflict-${ORIGIN.toUpperCase()}-4`,
    `a.conflict-${ORIGIN.slice(1)}-4`,
    `a.conflict-${ORIGIN}-4-k`,
    `a.conflict-${ORIGIN}-4.txt`,
    "a.conflict-1-2-3",
  ]) {
    expect(parseConflictName(name)).toBeNull();
    expect(baseName(name)).toBe(name);
  }
  const lines = conflictName(recordOf("two\nlines"));
  expect(parseConflictName(lines)?.base).toBe("two\nlines");
});

test("one write is one under whatever version, and another content is another", () => {
  const one = recordOf("a");
  const reversioned: FileRecord = { ...one, version: { counter: 9, owner: 9, instance: 9 } };
  expect(isSameWrite(one, reversioned)).toBe(true);
  const others = [
    recordOf("b"),
    recordOf("a", 5),
    { ...one, sha256: "b".repeat(64) },
    { ...one, operation: { ...one.operation, origin: "f".repeat(16) } },
  ];
  for (const other of others) expect(isSameWrite(one, other)).toBe(false);
  expect(new Set([one, ...others].map(writeKey)).size).toBe(others.length + 1);
});

test("versions are in one order: by counter, then owner, then instance", () => {
  const versions: Version[] = [];
  for (const counter of [1, 2]) {
    for (const owner of [1, 2])
      for (const instance of [1, 2]) versions.push({ counter, owner, instance });
  }
  for (const [i, a] of versions.entries()) {
    for (const [j, b] of versions.entries()) {
      expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j));
    }
  }
});

test("ages move together, out and in", () => {
  const span = { origin: ORIGIN, from: 1, to: 3, ageMs: 250, version: recordOf("a").version };
  const record = { ...recordOf("a"), history: [span] };
  const sent = withAges(record, 1_000);
  expect(sent.ageMs).toBe(1_100);
  expect(sent.history).toEqual([{ ...span, ageMs: 1_250 }]);
  expect(withAges(sent, -1_000)).toEqual(record);
  expect(record.ageMs).toBe(100);
  const bare = recordOf("a");
  expect(withAges(bare, 5).history).toBe(bare.history);
});
