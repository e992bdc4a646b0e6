/** When a write is acknowledged: cases in the order of their times, and what holds of all of them. */
import { describe, expect, test } from "bun:test";
import {
  ACKNOWLEDGE_GRACE_MS as GRACE,
  REPLICAS_WAIT_MS,
} from "../../../src/protocol/model/config.ts";
import {
  makeRandom,
  type Random,
  randomBelow,
  randomSample,
} from "../../../src/protocol/model/random.ts";
import { verdictOn, type Write } from "../../../src/protocol/replication/verdict.ts";
import { member } from "../one-peer.ts";
import {
  ALL,
  begun,
  type Course,
  follow,
  type Happening,
  inWords,
  last,
  OWNER,
  replicas,
} from "../one-write.ts";

const NEVER = Number.POSITIVE_INFINITY;

const CASES: readonly (readonly [name: string, course: Course, told: readonly string[]])[] = [
  [
    "the owner's own copy is coming: others alone are not enough",
    {
      write: { coming: true },
      happens: [
        { at: 10, durable: [9, 14] },
        { at: 50, durable: [8] },
      ],
    },
    ["10: wait until 20000", "50: acknowledged on 8,9,14, lacking none"],
  ],
  [
    "it comes for longer than copies are waited for",
    {
      write: { coming: true },
      happens: [{ at: 0 }, { at: REPLICAS_WAIT_MS + 7, durable: [8, 9, 14] }],
    },
    [
      "0: wait until 20000",
      "20000: wait until 40000",
      "20007: acknowledged on 8,9,14, lacking none",
    ],
  ],
  [
    "it fails, and another has it in the owner's place",
    {
      ...{ write: { coming: true }, full: [8] },
      happens: [
        { at: 10, durable: [9, 14] },
        { at: 30, failed: true },
        { at: 40, durable: [20] },
      ],
    },
    ["10: wait until 20000", "30: wait until 330", "40: acknowledged on 9,14,20, lacking 8"],
  ],
  [
    "all have it while the owner is bound by a promise to an earlier one",
    { write: { promisedUntil: 250 }, happens: [{ at: 10, durable: [8, 9, 14] }] },
    ["10: wait until 250", "250: acknowledged on 8,9,14, lacking none"],
  ],
  [
    "a majority has it: the third has a moment more",
    {
      happens: [
        { at: 5, durable: [8] },
        { at: 10, durable: [9] },
      ],
    },
    ["5: wait until 20000", "10: wait until 310", "310: acknowledged on 8,9, lacking 14"],
  ],
  [
    "all have it within that moment",
    {
      happens: [
        { at: 10, durable: [8, 9] },
        { at: 60, durable: [14] },
      ],
    },
    ["10: wait until 310", "60: acknowledged on 8,9,14, lacking none"],
  ],
  [
    "one of the majority leaves within that moment: the next one has another",
    {
      happens: [
        { at: 10, durable: [8, 9] },
        { at: 60, leave: [9] },
        { at: 500, durable: [14] },
      ],
    },
    [
      "10: wait until 310",
      "60: wait until 20000",
      "500: wait until 800",
      "800: acknowledged on 8,14, lacking 20",
    ],
  ],
  [
    "the time is over with a majority that has only just come",
    {
      happens: [
        { at: 10, durable: [8] },
        { at: REPLICAS_WAIT_MS - 20, durable: [14] },
      ],
    },
    ["10: wait until 20000", "19980: wait until 20000", "20000: acknowledged on 8,14, lacking 9"],
  ],
  [
    "the time is over with too few",
    { happens: [{ at: 10, durable: [8] }] },
    ["10: wait until 20000", "20000: not confirmed, on 8"],
  ],
  [
    "all that can hold it have it, and are too few",
    { full: [9, 14, 20, 30], happens: [{ at: 10, durable: [8] }] },
    ["10: not confirmed, on 8"],
  ],
  [
    "its origin requires more than a majority, and has it",
    {
      write: { required: 3 },
      happens: [
        { at: 10, durable: [8, 9] },
        { at: 900, durable: [14] },
      ],
    },
    ["10: wait until 20000", "900: acknowledged on 8,9,14, lacking none"],
  ],
  [
    "its origin requires more than a majority, in vain",
    { write: { required: 3 }, happens: [{ at: 10, durable: [8, 9] }] },
    ["10: wait until 20000", "20000: not confirmed, on 8,9"],
  ],
  [
    "its origin requires less than a majority",
    { write: { required: 1 }, happens: [{ at: 10, durable: [8] }] },
    ["10: wait until 310", "310: acknowledged on 8, lacking 9,14"],
  ],
  [
    "a read waits for a majority, and no longer",
    {
      write: { reading: true },
      happens: [
        { at: 0, durable: [14] },
        { at: 10, durable: [9] },
      ],
    },
    ["0: wait until 20000", "10: enough to read, on 9,14"],
  ],
  [
    "a read needs no more than can hold it",
    { ...{ write: { reading: true }, full: [9, 14, 20, 30] }, happens: [{ at: 10, durable: [8] }] },
    ["10: enough to read, on 8"],
  ],
  [
    "a read has too few in its time",
    { write: { reading: true }, happens: [{ at: 10, durable: [8] }] },
    ["10: wait until 20000", "20000: too few to read, on 8"],
  ],
];

test.each(CASES)("%s", (_, course, told) => {
  expect(follow(course).map(inWords)).toEqual([...told]);
});

const SEED = 41_507;
const DRAWN = 3_000;

/** A time in the life of a write, often one at which something else happens. */
function drawTime(random: Random): number {
  const times = [
    0,
    1,
    GRACE,
    GRACE + 1,
    REPLICAS_WAIT_MS - GRACE,
    REPLICAS_WAIT_MS - 1,
    REPLICAS_WAIT_MS,
    REPLICAS_WAIT_MS + 1,
  ];
  const some = randomBelow(random, 2) === 0 ? times : [randomBelow(random, 2 * GRACE)];
  return some[randomBelow(random, some.length)] ?? 0;
}

function drawWrite(random: Random): Partial<Write> {
  return {
    reading: randomBelow(random, 4) === 0,
    required: [0, 0, 1, 2, 3][randomBelow(random, 5)] ?? 0,
    promisedUntil: randomBelow(random, 2) === 0 ? 0 : drawTime(random),
  };
}

describe(`drawn from seed ${SEED}`, () => {
  /** For those that should have copies: when each has one, and has another time that is no later. */
  function drawCopies(random: Random, replicas: readonly number[]) {
    const fewer: Happening[] = [{ at: 0 }];
    const more: Happening[] = [{ at: 0 }];
    for (const id of replicas) {
      const at = randomBelow(random, 3) === 0 ? NEVER : drawTime(random);
      const earlier = Math.min(at, randomBelow(random, 2) === 0 ? NEVER : drawTime(random));
      const failed = id === OWNER && at === NEVER ? drawTime(random) : NEVER;
      if (at < NEVER) fewer.push({ at, durable: [id] });
      if (earlier < NEVER) more.push({ at: earlier, durable: [id] });
      if (failed < NEVER) {
        fewer.push({ at: failed, failed: true });
        more.push({ at: failed, failed: true });
      }
    }
    return { fewer, more };
  }

  test("more copies make no acknowledgement later, nor a failure of one", () => {
    const random = makeRandom(SEED);
    const ends = new Map<string, number>();
    for (let i = 0; i < DRAWN; i++) {
      const full = randomSample(random, ALL.slice(1), randomBelow(random, ALL.length));
      const write = drawWrite(random);
      const ids = replicas(full, []).replicas.map(({ id }) => id);
      const { fewer, more } = drawCopies(random, ids);
      const coming = !write.reading && randomBelow(random, 2) === 0;
      const [at, end] = last(follow({ write: { ...write, coming }, full, happens: fewer }));
      ends.set(end.kind, (ends.get(end.kind) ?? 0) + 1);
      if (end.kind === "not confirmed" || (end.kind === "read" && !end.enough)) continue;
      const [sooner, same] = last(follow({ write: { ...write, coming }, full, happens: more }));
      expect({ i, kind: same.kind }).toEqual({ i, kind: end.kind });
      if (same.kind === "read") expect({ i, enough: same.enough }).toEqual({ i, enough: true });
      expect({ i, late: sooner > at }).toEqual({ i, late: false });
    }
    // Each kind of end was seen often.
    for (const kind of ["acknowledged", "not confirmed", "read"]) {
      expect(ends.get(kind) ?? 0).toBeGreaterThan(DRAWN / 20);
    }
  });

  test("nothing else is said before the time that a verdict names, and something is then", () => {
    const random = makeRandom(SEED + 1);
    let waits = 0;
    for (let i = 0; i < DRAWN; i++) {
      const durable = new Set(randomSample(random, ALL, randomBelow(random, 4)).map(instanceOf));
      const enoughAt = randomBelow(random, 2) === 0 ? null : drawTime(random);
      const now = (enoughAt ?? 0) + drawTime(random);
      const coming = randomBelow(random, 4) === 0;
      const write = begun({ ...drawWrite(random), durable, coming, enoughAt });
      const set = replicas(randomSample(random, ALL, randomBelow(random, 3)), []);
      const verdict = verdictOn(write, set, now);
      if (verdict.kind !== "wait") continue;
      waits += 1;
      const { until, limit } = verdict;
      const then = { ...write, limit, enoughAt: verdict.enoughAt };
      expect({ i, later: until > now }).toEqual({ i, later: true });
      const between = now + randomBelow(random, until - now);
      expect({ i, verdict: verdictOn(then, set, between) }).toEqual({ i, verdict });
      const next = verdictOn(then, set, until);
      expect({ i, stuck: next.kind === "wait" && next.until <= until }).toEqual({
        i,
        stuck: false,
      });
    }
    expect(waits).toBeGreaterThan(DRAWN / 4);
  });
});

test("where too many of those that lack it are silent it is given up sooner, and not while one may still say so", () => {
  const write = begun({ durable: new Set([instanceOf(8)]), silentLimit: 1_000 });
  const set = replicas([], []);
  const silent = (ids: readonly number[], now: number) =>
    verdictOn(write, { ...set, silent: ids.map(instanceOf) }, now).kind;
  expect(silent([9, 14], 999)).toBe("wait");
  expect(silent([9, 14], 1_000)).toBe("not confirmed");
  expect(silent([9], 1_000)).toBe("wait");
  expect(silent([], REPLICAS_WAIT_MS - 1)).toBe("wait");
});

function instanceOf(id: number): string {
  return member(id).instance;
}
