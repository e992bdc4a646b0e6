/** That the gate names what has become worse, and that alone. */
import { expect, test } from "bun:test";
import { Figures } from "../../bench/figures.ts";
import { compare, kept } from "../../bench/gate.ts";
import { IN_FLIGHT, KIB } from "../../bench/limits.ts";

/** One run: everything at the same rate, and at the same cost, but for the gets of a ring of 3. */
function runWith(gets: number): Figures {
  const figures = new Figures();
  const rings = [3, 8].flatMap((size) => [`put, ring of ${size}`, `get, ring of ${size}`]);
  for (const bench of ["Bun.serve echo", "framed echo", "request", ...rings]) {
    const perSecond = bench === "get, ring of 3" ? gets : 1_000;
    for (const inFlight of [1, IN_FLIGHT]) {
      figures.add({ bench, bytes: KIB, inFlight }, { perSecond, cpuMicros: 10 });
    }
  }
  return figures;
}

test("what is worse by more than its margin is named", () => {
  const all = kept([500, 510, 490].map(runWith));
  expect(all["get, ring of 3, alone"]).toEqual({ ratio: 0.5, margin: 0.2 });
  expect(compare(runWith(410), all).worse).toEqual([]);
  expect(compare(runWith(390), all).worse).toEqual([
    "get, ring of 3, alone",
    "get, ring of 3, 32 in flight",
  ]);
});

test("a margin is twice the noise that was seen", () => {
  const all = kept([500, 650, 400].map(runWith));
  expect(all["get, ring of 3, alone"]).toEqual({ ratio: 0.5, margin: 0.6 });
});

test("what was not measured does not pass", () => {
  expect(compare(new Figures(), kept([runWith(500)])).worse).toHaveLength(10);
});
