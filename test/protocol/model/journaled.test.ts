import { expect, test } from "bun:test";
import { JournaledMap } from "../../../src/protocol/model/journaled.ts";
import { randomFrom } from "../../wire/random.ts";

const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

function sorted(table: Iterable<[number, number]>): [number, number][] {
  return [...table].sort(([a], [b]) => a - b);
}

test(`a copy is what its table was, whatever became of either (P2P_TEST_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  type Pair = { table: JournaledMap<number, number>; plain: Map<number, number> };
  const all: Pair[] = [{ table: new JournaledMap(), plain: new Map() }];
  for (let i = 0; i < 4_000; i++) {
    const one = all[below(all.length)];
    if (one === undefined) continue;
    const [key, what] = [below(12), below(20)];
    if (what === 0) all.push({ table: one.table.copy(), plain: new Map(one.plain) });
    else if (what === 1 && all.length > 4) all.splice(below(all.length - 1) + 1, 1);
    else if (what === 2) {
      one.table.clear();
      one.plain.clear();
    } else if (what < 8) {
      expect(one.table.delete(key)).toBe(one.plain.delete(key));
    } else {
      one.table.set(key, i);
      one.plain.set(key, i);
    }
  }
  for (const { table, plain } of all) expect(sorted(table)).toEqual(sorted(plain));
});

test("a copy that is given up costs nothing, however large its table is", () => {
  const table = new JournaledMap<number, number>();
  for (let i = 0; i < 100_000; i++) table.set(i, i);
  const began = performance.now();
  for (let i = 0; i < 1_000; i++) {
    const copy = table.copy();
    table.set(i, -i);
    copy.giveUp();
  }
  // A thousand copies of all would take some seconds.
  expect(performance.now() - began).toBeLessThan(500);
});
