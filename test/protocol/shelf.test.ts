import { expect, test } from "bun:test";
import { type FileRecord, isSameVersion, versionKey } from "../../src/protocol/files.ts";
import { makeRandom, randomBelow } from "../../src/protocol/random.ts";
import { Shelf } from "../../src/protocol/shelf.ts";
import { merge, type Versions } from "../../src/protocol/versions.ts";
import { recordOf } from "../store/records.ts";

function record(name: string, key: number, counter: number, removed = false): FileRecord {
  const stamp = { counter, owner: 4, run: 1 + (counter % 3) };
  const size = removed ? 0 : counter;
  return { ...recordOf(name, new Uint8Array(0), stamp), key, size, removed };
}

function within(key: number, from: number, to: number): boolean {
  if (from === to) return true;
  return from < to ? key > from && key <= to : key > from || key <= to;
}

for (const bits of [8, 48]) {
  test(`a random history leaves what a plain table would, on a circle of 2^${bits}`, () => {
    const seed = 4711 + bits;
    console.log(`seed ${seed}`);
    const random = makeRandom(seed);
    const circle = 2 ** bits;
    const shelf = new Shelf(bits, []);
    const plain = new Map<string, Versions>();
    const place = () => Math.floor((randomBelow(random, 4096) / 4096) * circle);
    // A name lies where it lies.
    const keys = Array.from({ length: 300 }, place);
    const keyOf = (name: string) => keys[Number(name.slice(5))] ?? 0;
    for (let i = 1; i <= 2_000; i++) {
      const name = `file ${randomBelow(random, 300)}`;
      if (randomBelow(random, 4) === 0) {
        const [first] = plain.get(name) ?? [];
        if (first === undefined) continue;
        expect(shelf.delete(first)).toBe(true);
        expect(shelf.delete(first)).toBe(false);
        plain.set(name, plain.get(name)?.filter((v) => !isSameVersion(v, first)) ?? []);
      } else {
        const one = record(name, keyOf(name), i, randomBelow(random, 5) === 0);
        shelf.take(one);
        plain.set(name, merge(plain.get(name) ?? [], one));
      }
      if (i % 50 !== 0) continue;
      const all = [...plain.values()].flat();
      const files = all.filter((r) => !r.removed);
      expect(shelf.size).toBe(all.length);
      expect(shelf.count).toBe(files.length);
      expect(shelf.bytes).toBe(files.reduce((sum, r) => sum + r.size, 0));
      const [from, to] = [place(), place()];
      const but = randomBelow(random, 2) === 0 ? null : { owner: 4, run: 2, counter: 500 };
      const wanted = all.filter(
        (r) =>
          within(r.key, from, to) && !(but !== null && r.stamp.run === 2 && r.stamp.counter > 500),
      );
      const names = shelf.within({ from, to }, but).map(versionKey);
      expect(names.sort()).toEqual(wanted.map(versionKey).sort());
      // The digest is that of a shelf which never held anything else.
      const fresh = new Shelf(bits, wanted);
      expect(shelf.range(from, to, but)).toEqual({ ...fresh.range(0, 0, null), from, to });
    }
  });
}

test("digests differ where a name, a version or a place does", () => {
  const one = new Shelf(8, [record("a", 3, 1)]).range(0, 0, null);
  expect(new Shelf(8, [record("b", 3, 1)]).range(0, 0, null).digest).not.toBe(one.digest);
  expect(new Shelf(8, [record("a", 3, 2)]).range(0, 0, null).digest).not.toBe(one.digest);
  expect(new Shelf(8, []).range(0, 0, null)).toEqual({ from: 0, to: 0, count: 0, digest: 0 });
});

test("the parts of a range are all of it, and nothing twice", () => {
  const records = Array.from({ length: 256 }, (_, key) => record(`file ${key}`, key, key + 1));
  const shelf = new Shelf(8, records);
  for (const [from, to] of [
    [0, 0],
    [17, 17],
    [200, 30],
    [5, 6],
    [250, 2],
  ] as const) {
    const whole = shelf.range(from, to, null);
    const parts = shelf.parts({ from, to }, 16, null);
    expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(whole.count);
    expect(parts[0]?.from).toBe(from);
    expect(parts.at(-1)?.to).toBe(to);
    const names = parts.flatMap((part) => shelf.within(part, null).map((r) => r.name));
    expect(new Set(names).size).toBe(whole.count);
  }
});

test("pages follow each other in the order of names", () => {
  const names = ["b", "a", "ä", "c", "aa"];
  const shelf = new Shelf(
    8,
    names.map((name, i) => record(name, i, i + 1)),
  );
  const page = (after: string | null) => shelf.page(after, 2).map(([r]) => r?.name ?? "");
  expect(page(null)).toEqual(["a", "aa"]);
  expect(page("aa")).toEqual(["b", "c"]);
  expect(page("bb")).toEqual(["c", "ä"]);
  expect(page("ä")).toEqual([]);
});
