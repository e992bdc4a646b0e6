/** What a peer is known to have taken of what was put into it, and what may be so or not. */
import { expect, test } from "bun:test";
import type { LabFaults } from "../../src/control/lab.ts";
import { PeerFaults, type Wanted } from "../../src/lab/peer-faults.ts";

/** A peer that answers when it is let. */
function peer() {
  const given: LabFaults[] = [];
  let answers = true;
  const faults = new PeerFaults(
    async (one) => {
      if (!answers) throw new Error("frozen");
      given.push(one);
    },
    () => {},
  );
  return { faults, given, freeze: () => (answers = false), thaw: () => (answers = true) };
}

function cut(...ids: number[]): Wanted {
  const from = ids.map((id) => `127.0.0.1:${id}`);
  const links = ids.length === 0 ? [] : [{ kind: "cut", from, amount: 0 } as const];
  return { cuts: new Set(ids), links, fullDisk: false };
}

test("until it has been taken, a cut may let word pass", async () => {
  const { faults, given } = peer();
  faults.want(cut(4, 5));
  expect([[...faults.cuts], faults.passing]).toEqual([
    [4, 5],
    [4, 5],
  ]);
  expect(await faults.push()).toBe(true);
  expect([[...faults.cuts], faults.passing]).toEqual([[4, 5], []]);
  expect(given.at(-1)?.links).toEqual(cut(4, 5).links);
  faults.want(cut(5));
  // The one goes on, the other is just being mended.
  expect([[...faults.cuts].sort(), faults.passing]).toEqual([[4, 5], [4]]);
  await faults.push();
  expect([[...faults.cuts], faults.passing]).toEqual([[5], []]);
});

test("of one that does not answer either may be so until it does", async () => {
  const { faults, freeze, thaw } = peer();
  freeze();
  faults.want(cut(4));
  expect(await faults.push()).toBe(false);
  faults.want(cut());
  expect(await faults.push()).toBe(false);
  expect([[...faults.cuts], faults.passing, faults.isOn]).toEqual([[4], [4], true]);
  thaw();
  expect(await faults.push()).toBe(true);
  expect([[...faults.cuts], faults.passing, faults.isOn]).toEqual([[], [], false]);
});

test("one that is started has what is on from its start, and streams are reset once", async () => {
  const { faults, given } = peer();
  faults.want(cut(9));
  expect(faults.early.links).toEqual(cut(9).links);
  faults.begun();
  expect(faults.passing).toEqual([]);
  faults.reset(["127.0.0.1:4"]);
  await faults.push();
  await faults.push();
  expect(given.map(({ reset }) => reset)).toEqual([["127.0.0.1:4"], []]);
});
