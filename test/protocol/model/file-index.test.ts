import { expect, test } from "bun:test";
import { FileIndex } from "../../../src/protocol/model/file-index.ts";
import { conflictName, EMPTY_SHA256, type FileRecord } from "../../../src/protocol/model/files.ts";
import { makeRandom, randomBelow } from "../../../src/protocol/model/random.ts";
import { lineage, merge, type Siblings, winnerOf } from "../../../src/protocol/model/siblings.ts";
import { History, living, mergedAtRandom, SOME } from "../histories.ts";

function record(
  name: string,
  key: number,
  counter: number,
  removed = false,
  owner = 4,
): FileRecord {
  return {
    name,
    key,
    operation: { origin: `${owner}`.padStart(16, "0"), number: counter },
    version: { counter, owner, instance: 1 + (counter % 3) },
    also: [],
    size: removed ? 0 : counter,
    sha256: EMPTY_SHA256,
    removed,
    apart: false,
    ageMs: 0,
    versionVector: [],
    history: [],
    spared: [],
  };
}

function within(key: number, from: number, to: number): boolean {
  if (from === to) return true;
  return from < to ? key > from && key <= to : key > from || key <= to;
}

const texts = (records: readonly FileRecord[]): string[] =>
  records.map(({ name, operation }) => `${name} ${operation.origin} ${operation.number}`).sort();

for (const bits of [8, 48]) {
  test(`a random history leaves what a plain table would, on a circle of 2^${bits}`, () => {
    const seed = 4711 + bits;
    console.log(`seed ${seed}`);
    const random = makeRandom(seed);
    const circle = 2 ** bits;
    const index = new FileIndex(bits, []);
    const plain = new Map<string, Siblings>();
    const place = () => Math.floor((randomBelow(random, 4096) / 4096) * circle);
    const keys = Array.from({ length: 300 }, place);
    for (let i = 1; i <= 2_000; i++) {
      const number = randomBelow(random, 300);
      const name = `file ${number}`;
      const held = plain.get(name) ?? [];
      const [old] = held;
      if (old !== undefined && randomBelow(random, 4) === 0) {
        expect(index.delete(old)).toBe(true);
        expect(index.delete(old)).toBe(false);
        plain.set(name, held.slice(1));
      } else {
        const key = keys[number] ?? 0;
        const owner = 4 + randomBelow(random, 2);
        const made = record(name, key, i, randomBelow(random, 5) === 0, owner);
        const follows = randomBelow(random, 3) === 0 ? [] : held.slice(0, 1);
        const beside = held.filter((v) => !follows.includes(v));
        const one = { ...made, ...lineage(follows, beside, 0) };
        expect(index.take(one).changed).toBe(true);
        expect(index.take(one).changed).toBe(false);
        plain.set(name, merge(held, one));
      }
      if (i % 50 !== 0) continue;
      const all = [...plain.values()].flat();
      const files = all.filter((r) => !r.removed);
      expect(index.size).toBe(all.length);
      expect(texts([...index.values()])).toEqual(texts(all));
      expect(index.count).toBe(files.length);
      expect(index.bytes).toBe(files.reduce((sum, r) => sum + r.size, 0));
      const [from, to] = [place(), place()];
      const but = randomBelow(random, 2) === 0 ? null : { owner: 4, instance: 2, counter: 500 };
      const wanted = all.filter(
        ({ key, version: { owner, instance, counter } }) =>
          within(key, from, to) &&
          !(but !== null && owner === 4 && instance === 2 && counter > 500),
      );
      expect(texts(index.within({ from, to }, but))).toEqual(texts(wanted));
      // The digest is that of an index which never held anything else.
      const fresh = new FileIndex(bits, wanted);
      expect(index.range(from, to, but)).toEqual({ ...fresh.range(0, 0, null), from, to });
    }
  });
}

test("whatever the order, indexes that took the same in are the same, and so are their digests", () => {
  for (let seed = 31; seed < 51; seed++) {
    console.log(`seed ${seed}`);
    const history = new History(seed, { ...SOME, steps: 20 });
    if (history.hasCircle() || history.executed.length === 0) continue;
    const random = makeRandom(seed);
    const [one, two] = [0, 1].map(() => new FileIndex(8, mergedAtRandom(random, history.executed)));
    const three = new FileIndex(8, history.executed);
    for (const index of [two, three]) {
      expect(index?.range(0, 0, null)).toEqual(one?.range(0, 0, null));
      expect(living(index?.siblings("plan.txt") ?? [])).toEqual(living(three.siblings("plan.txt")));
    }
  }
});

test("a write is found by its name, by that of a conflict, and as itself", () => {
  for (const name of ["plan.txt", "ß".repeat(127)]) {
    const [lesser, greater] = [record(name, 3, 1, false, 5), record(name, 3, 2, false, 6)];
    const index = new FileIndex(8, []);
    expect(index.take(lesser).fresh).toEqual([lesser]);
    expect(index.shownAs(lesser)).toBe(name);
    // That the other is a conflict now follows for whoever hears of this one.
    expect(index.take(greater).fresh).toEqual([greater]);
    expect(index.get(name)).toBe(greater);
    expect(index.isWinner(greater)).toBe(true);
    expect(index.shownAs(lesser)).toBe(conflictName(lesser));
    expect(index.get(conflictName(lesser))).toBe(lesser);
    expect(index.get(conflictName(record(name, 3, 9)))).toBeUndefined();
    expect(index.find({ ...lesser })).toBe(lesser);
    const reversioned = { ...lesser, version: { ...lesser.version, counter: 8 } };
    const { changed, fresh } = index.take(reversioned);
    expect([changed, fresh.length]).toEqual([true, 1]);
    expect(index.get(name)?.operation).toEqual(lesser.operation);
    expect(winnerOf(index.siblings(name))).toBe(fresh[0]);
    expect(index.get("another")).toBeUndefined();
  }
});

test("digests differ where a name, a write or a place does", () => {
  const one = new FileIndex(8, [record("a", 3, 1)]).range(0, 0, null);
  expect(new FileIndex(8, [record("b", 3, 1)]).range(0, 0, null).digest).not.toBe(one.digest);
  expect(new FileIndex(8, [record("a", 3, 2)]).range(0, 0, null).digest).not.toBe(one.digest);
  const apart = { ...record("a", 3, 1), apart: true };
  expect(new FileIndex(8, [apart]).range(0, 0, null).digest).not.toBe(one.digest);
  expect(new FileIndex(8, []).range(0, 0, null)).toEqual({ from: 0, to: 0, count: 0, digest: 0 });
});

test("the parts of a range are all of it, and nothing twice", () => {
  const records = Array.from({ length: 256 }, (_, key) => record(`file ${key}`, key, key + 1));
  const index = new FileIndex(8, records);
  for (const [from, to] of [
    [0, 0],
    [17, 17],
    [200, 30],
    [5, 6],
    [250, 2],
  ] as const) {
    const whole = index.range(from, to, null);
    const parts = index.parts({ from, to }, 16, null);
    expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(whole.count);
    expect(parts[0]?.from).toBe(from);
    expect(parts.at(-1)?.to).toBe(to);
    const names = parts.flatMap((part) => index.within(part, null).map((r) => r.name));
    expect(new Set(names).size).toBe(whole.count);
  }
});

test("pages follow each other in the order of names", () => {
  const names = ["b", "a", "ä", "c", "aa"];
  const index = new FileIndex(
    8,
    names.map((name, i) => record(name, i, i + 1)),
  );
  const page = (after: string | null) =>
    index.page(after, 2).map((siblings) => siblings.map((r) => r.name).join());
  expect(page(null)).toEqual(["a", "aa"]);
  expect(page("aa")).toEqual(["b", "c"]);
  expect(page("bb")).toEqual(["c", "ä"]);
  expect(page("ä")).toEqual([]);
});
