import { expect, test } from "bun:test";
import { Drops } from "../../src/transport/drops.ts";
import { DROP_ROWS } from "../../src/transport/limits.ts";

test("what is dropped is counted by kind, reason and sender, the most first", () => {
  const drops = new Drops();
  expect(drops.rows()).toEqual([]);
  drops.count("datagram", "malformed", "10.0.0.1:1");
  drops.count("frame", "malformed", "10.0.0.1:1", 5);
  for (let i = 0; i < 3; i++) drops.count("datagram", "of another ring", "10.0.0.1:1");
  drops.count("datagram", "malformed", "10.0.0.2:1", 2);
  expect(drops.rows().map(({ kind, reason, from, count }) => [kind, reason, from, count])).toEqual([
    ["frame", "malformed", "10.0.0.1:1", 5],
    ["datagram", "of another ring", "10.0.0.1:1", 3],
    ["datagram", "malformed", "10.0.0.2:1", 2],
    ["datagram", "malformed", "10.0.0.1:1", 1],
  ]);
  expect(drops.totals).toEqual({ datagrams: 6, frames: 5 });
  expect(drops.total("content")).toBe(0);
});

test("the table has an end, keeps who comes often, and counts all", () => {
  const drops = new Drops();
  drops.count("datagram", "malformed", "often", 1_000);
  for (let i = 0; i < 10_000; i++) {
    drops.count("datagram", "malformed", `10.0.0.1:${i}`);
    // One that comes later, among many that come once.
    if (i > 5_000) drops.count("datagram", "malformed", "later", 10);
  }
  const rows = drops.rows();
  expect(rows.length).toBe(DROP_ROWS + 1);
  expect(rows.slice(0, 2).map(({ from }) => from)).toEqual(["later", "often"]);
  expect(rows.at(-1)).toMatchObject({ kind: "datagram", reason: "others", from: null });
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(drops.totals.datagrams);
});
