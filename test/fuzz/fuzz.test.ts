import { afterAll, describe, expect, test } from "bun:test";
import { Overheard } from "../../src/sim/overheard.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { decode } from "../../src/wire/message.ts";
import { SENDER, VECTORS } from "../wire/vectors.ts";
import { damaged } from "./bytes.ts";
import { foundCases } from "./found.ts";
import { cutDown, fuzz, type Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** So few that all of them take seconds; `npm run fuzz` plays as many as one likes. */
const COUNTS: Readonly<Record<string, number>> = {
  ...{ wire: 150, frames: 200, lies: 20, disk: 60 },
  ...{ start: 3, control: 2, cli: 12 },
};
const LIMIT_MS = 120_000;

const opened = new Map<string, Target>();
/** Opened once: some take seconds for that. */
async function target(name: string): Promise<Target> {
  const open = TARGETS[name];
  const made = opened.get(name) ?? (await open?.());
  if (made === undefined) throw new Error(`there is no target ${name}`);
  opened.set(name, made);
  return made;
}
afterAll(async () => {
  for (const made of opened.values()) await made.close?.();
});

describe("a few cases of", () => {
  test.each(Object.keys(TARGETS))(
    `%s, from seed ${seed} on`,
    async (name) => {
      const limits = { seed, count: COUNTS[name] ?? 10, forMs: Number.POSITIVE_INFINITY };
      const { failed } = await fuzz(await target(name), limits);
      const replay = `npm run fuzz -- ${name} --seed ${failed?.seed} --count 1`;
      const told = failed && [replay, failed.found.why, ...failed.found.reproduction].join("\n");
      expect(told).toBeNull();
    },
    LIMIT_MS,
  );
});

describe("what was found once:", () => {
  for (const found of foundCases()) {
    // What is open is listed here, so that it is seen; whoever mends it says so in its file.
    (found.open === null ? test : test.skip)(
      found.name,
      async () => {
        const { replay } = await target(found.target);
        expect(await replay?.(JSON.stringify(found.kept))).toBeNull();
      },
      LIMIT_MS,
    );
  }
});

test("a case that fails is found, with the seed that plays it again", async () => {
  const failing: Target = {
    did: {},
    run: (of) => (of % 7 === 3 ? { why: "seven", reproduction: [], kept: null } : null),
  };
  const limits = { seed: 14, count: 100, forMs: Number.POSITIVE_INFINITY };
  const { done, failed } = await fuzz(failing, limits);
  expect([done, failed?.seed]).toEqual([4, 17]);
  expect((await fuzz(failing, { ...limits, count: 3 })).failed).toBeNull();
});

test("a list is cut down to what makes it fail", () => {
  const list = Array.from({ length: 40 }, (_, i) => i);
  const fails = (part: readonly number[]) => part.includes(3) && part.includes(31);
  expect(cutDown(list, fails)).toEqual([3, 31]);
});

test("messages that were heard are twisted into others, and most of these are let in", () => {
  const overheard = new Overheard();
  for (const { message } of VECTORS) overheard.hear(message, SENDER);
  const generator = new RandomGenerator(seed);
  const seen = new Set<string>();
  let letIn = 0;
  for (let i = 0; i < 2_000; i++) {
    const bytes = overheard.twisted(generator, SENDER);
    if (bytes === null) continue;
    const decoded = decode(bytes, "127.0.0.1", true);
    if ("error" in decoded) continue;
    letIn += 1;
    seen.add(bytes.toHex());
  }
  expect(letIn).toBeGreaterThan(800);
  expect(seen.size).toBeGreaterThan(600);
});

test("damaged bytes are other bytes, of any length", () => {
  const generator = new RandomGenerator(seed);
  const bytes = Uint8Array.from({ length: 30 }, (_, i) => i);
  const lengths = new Set<number>();
  let same = 0;
  for (let i = 0; i < 500; i++) {
    const other = damaged(generator, bytes, bytes);
    lengths.add(other.length);
    if (Buffer.compare(other, bytes) === 0) same += 1;
  }
  expect(lengths.size).toBeGreaterThan(20);
  expect(same).toBeLessThan(60);
  expect(damaged(generator, new Uint8Array(0), bytes)).toBeInstanceOf(Uint8Array);
});
