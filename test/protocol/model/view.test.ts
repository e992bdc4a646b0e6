import { expect, test } from "bun:test";
import { type Member, makeMember } from "../../../src/protocol/model/member.ts";
import { makeRandom, randomBelow } from "../../../src/protocol/model/random.ts";
import { boundsOf, bucketOf, SharedViews, View } from "../../../src/protocol/model/view.ts";

const SEED = 20_201;

function member(id: number, fields: Partial<Member> = {}): Member {
  const instance = id.toString(16).padStart(16, "0");
  const address = `127.0.0.1:${12_000 + id}`;
  return makeMember({ id, incarnation: 1, instance, state: "alive", address, ...fields });
}

function viewOf(...ids: number[]): View {
  return ids.reduce((view, id) => view.with(member(id)), View.of([]));
}

const ids = (members: readonly Member[]) => members.map((m) => m.id);

test("successors and predecessors wrap past zero, nearest first", () => {
  const view = viewOf(14, 2, 8, 19, 5);
  expect(ids(view.after(14, 3))).toEqual([19, 2, 5]);
  expect(ids(view.before(5, 3))).toEqual([2, 19, 14]);
  expect(ids(view.after(9, 2))).toEqual([14, 19]);
  expect(ids(view.before(1, 1))).toEqual([19]);
});

test("nobody is its own neighbour, but its own successor when alone", () => {
  expect(ids(viewOf(7).after(7, 2))).toEqual([]);
  expect(viewOf(7).successorPair(7)).toEqual([7, 7]);
  expect(viewOf(7, 9).successorPair(7)).toEqual([9, 7]);
  expect(viewOf(7, 9, 200).successorPair(200)).toEqual([7, 9]);
});

test("places are counted clockwise, once around at most", () => {
  const view = viewOf(2, 5, 8, 14, 19);
  expect(view.placesTo(14, 5)).toBe(3);
  expect(view.placesTo(14, 14)).toBe(0);
  expect(view.placesTo(14, 6)).toBe(0);
  expect(view.ahead(14, 3)?.id).toBe(5);
  expect(view.ahead(14, 4)?.id).toBe(8);
  expect(view.ahead(14, 5)).toBeUndefined();
});

test("the owner is the first member at or after the key; a leaver owns nothing", () => {
  const view = viewOf(2, 5, 19);
  expect(view.owner(5)?.id).toBe(5);
  expect(view.owner(6)?.id).toBe(19);
  expect(view.owner(20)?.id).toBe(2);
  expect(ids(view.replicaSet(6, 3))).toEqual([19, 2, 5]);
  const leaving = view.with(member(19, { state: "leaving" }));
  expect(ids(leaving.replicaSet(6, 3))).toEqual([2, 5]);
});

test("the widest gap's middle is free, also across zero", () => {
  expect(viewOf(10, 20, 250).widestGapMiddle(8)).toBe(135);
  expect(viewOf(100, 110).widestGapMiddle(8)).toBe((110 + 123) % 256);
  expect(viewOf(40).widestGapMiddle(8)).toBe(168);
  expect(viewOf(10, 20, 250).widestGapMiddle(8, -0.1)).toBe(20 + 92);
});

test("an expected member counts for neighbours, and not for the digest", () => {
  const expected = member(9, { incarnation: 0 });
  const view = viewOf(2, 4).with(expected);
  expect(view.digest).toBe(viewOf(2, 4).digest);
  expect(ids(view.after(4, 1))).toEqual([9]);
  expect(view.with(member(9)).digest).toBe(viewOf(2, 4, 9).digest);
});

test.each([
  ["by itself", null],
  ["beside others", new SharedViews()],
])("a random history of changes leaves what a plain table would: a view %s", (_, shared) => {
  console.log(`seed ${SEED}`);
  const random = makeRandom(SEED);
  let view = View.of([], shared);
  const table = new Map<number, Member>();
  for (let i = 0; i < 3_000; i++) {
    const id = randomBelow(random, 60);
    if (randomBelow(random, 3) === 0) {
      view = view.without(id);
      table.delete(id);
    } else {
      const address = `127.0.0.${1 + randomBelow(random, 2)}:${12_000 + id}`;
      const state = (["alive", "leaving"] as const)[randomBelow(random, 2)] ?? "alive";
      const next = member(id, { incarnation: 1 + randomBelow(random, 4), address, state });
      view = view.with(next);
      table.set(id, next);
    }
    const sorted = [...table.values()].sort((a, b) => a.id - b.id);
    expect(view.members).toEqual(sorted);
  }
  const rebuilt = [...table.values()].reduce((v, m) => v.with(m), View.of([]));
  expect(view.digest).toBe(rebuilt.digest);
  const digests = view.bucketDigests(8);
  for (const m of view.members) {
    const bucket = bucketOf(m.id, 8);
    expect(digests[bucket]).not.toBe(0);
    expect(view.between(...boundsOf(bucket, 8))).toContain(m);
  }
});

test("peers that know the same share one table, and no others do", () => {
  const shared = new SharedViews();
  const make = (address: string) => View.of([member(2), member(4, { address })], shared);
  expect(make("h:1")).toBe(make("h:1"));
  expect(make("h:1")).not.toBe(make("h:2"));
  expect(make("h:1").with(member(4, { address: "h:2" }))).toBe(make("h:2"));
  expect(make("h:2").find(4)?.address).toBe("h:2");
  expect(View.of([member(2)])).not.toBe(View.of([member(2)]));
});
