/** What a lab puts into a peer: from whom it is taken, and how long it lasts. */
import { expect, test } from "bun:test";
import { type LabFaults, parseLabFaults } from "../../src/control/lab.ts";
import { Lab } from "../../src/daemon/lab.ts";
import { LAB_TICK_MS } from "../../src/daemon/limits.ts";

const TOKEN = "0123456789abcdef";
const CUT: LabFaults = {
  ...{ v: 1, leaseMs: 300, reset: [], fullDisk: true },
  links: [{ kind: "cut", from: ["127.0.0.1:12004"], amount: 0 }],
};

test("a peer that no lab has started has none", () => {
  expect(Lab.of({})).toBeNull();
  expect(Lab.of({ P2P_LAB_TOKEN: "" })).toBeNull();
});

test("it takes faults from whoever has its token, and shows them until their lease is over", async () => {
  const lab = Lab.of({ P2P_LAB_TOKEN: TOKEN });
  const filled: boolean[] = [];
  if (lab === null) throw new Error("no lab");
  lab.filled = (full) => filled.push(full);
  for (const token of [null, "", `${TOKEN}0`, TOKEN.replace("0", "1")]) {
    expect(lab.put(token, CUT)).toBe(false);
  }
  expect(lab.shown).toBeUndefined();
  expect(lab.put(TOKEN, CUT)).toBe(true);
  expect(lab.shown).toEqual({ links: CUT.links, fullDisk: true });
  expect(lab.faults.isCut("127.0.0.1:12004")).toBe(true);
  const end = performance.now() + 20_000;
  while (lab.shown !== undefined && performance.now() < end) await Bun.sleep(LAB_TICK_MS / 2);
  expect([lab.shown, filled]).toEqual([undefined, [true, false]]);
  lab.close();
});

test("the lease is one of its own ticks: a process that stood still is cut off when it wakes", async () => {
  const lab = Lab.of({ P2P_LAB_TOKEN: TOKEN });
  lab?.put(TOKEN, { ...CUT, leaseMs: 500 });
  // It stands still for longer than the lease, and has had no tick meanwhile.
  const until = performance.now() + 600;
  while (performance.now() < until);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lab?.faults.isCut("127.0.0.1:12004")).toBe(true);
  lab?.close();
});

test("one that is started amid faults has them from its start", () => {
  const lab = Lab.of({ P2P_LAB_TOKEN: TOKEN, P2P_LAB_FAULTS: JSON.stringify(CUT) });
  expect(lab?.shown).toEqual({ links: CUT.links, fullDisk: true });
  expect(Lab.of({ P2P_LAB_TOKEN: TOKEN, P2P_LAB_FAULTS: "{" })?.shown).toBeUndefined();
  lab?.close();
});

test.each([
  [{ ...CUT, v: 2 }],
  [{ ...CUT, leaseMs: 0 }],
  [{ ...CUT, fullDisk: 1 }],
  [{ ...CUT, reset: [4] }],
  [{ ...CUT, links: [{ kind: "flood", from: [], amount: 0 }] }],
  [{ ...CUT, links: [{ kind: "loss", from: [], amount: 1.5 }] }],
  [{ ...CUT, links: [{ kind: "delay", from: [], amount: 1e9 }] }],
  [null],
])("no such call: %j", (value) => {
  expect(parseLabFaults(CUT)).toEqual(CUT);
  expect(parseLabFaults(value)).toBeNull();
});
