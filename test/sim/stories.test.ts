import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTILE_NETWORK, LOCAL_NETWORK } from "../../src/sim/network.ts";
import { parseStory, playStory } from "../../src/sim/story.ts";

const FOLDER = join(import.meta.dir, "..", "transcripts");
const SEED = 1;

/** Where no datagram arrives, nobody hears of anybody. */
const DEAF_STORY = `ring 1 2 3
  1 ! No answer yet from Peers 2 and 3: start them, or check the numbers given.
  2 ! No answer yet from Peers 3 and 1: start them, or check the numbers given.
  3 ! No answer yet from Peers 1 and 2: start them, or check the numbers given.
calm
`;

const stories = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

test("there are stories", () => {
  expect(stories.length).toBeGreaterThan(20);
});

for (const name of stories) {
  test(`${name} is told as written`, () => {
    const difference = playStory(readFileSync(join(FOLDER, name), "utf8"), SEED);
    if (difference !== null) throw new Error(`${name}, ${difference}`);
  });
}

test("a story that is told otherwise fails with a diff of lines", () => {
  const text = "ring 1 2 3\nkill 2\n  1   Peer 3 is no longer alive\n";
  const difference = playStory(text, SEED) ?? "";
  expect(difference).toContain("line 2: kill 2");
  expect(difference).toContain("-  1     Peer 3 is no longer alive");
  expect(difference).toContain("+  1     Peer 2 is no longer alive");
});

test("a ring that is not calm fails with the names of the checks", () => {
  const deaf = { ...LOCAL_NETWORK, lossPerMille: 1_000 };
  const difference = playStory(DEAF_STORY, SEED, deaf) ?? "";
  expect(difference).toContain("line 5: calm");
  expect(difference).toContain("R6: peer 1 does not hold 2, 3 for alive");
});

test("a step knows its line and its lines", () => {
  expect(parseStory("# a comment\nring 1 2\n\nkill 2\n  1   gone\n")).toEqual([
    { number: 2, action: "ring 1 2", expected: [] },
    { number: 4, action: "kill 2", expected: ["  1     gone"] },
  ]);
});

test("the assignment's own stories hold on a hostile network too", () => {
  for (const name of stories.filter((s) => s.startsWith("assignment-"))) {
    for (const seed of [1, 2, 3]) {
      const text = readFileSync(join(FOLDER, name), "utf8");
      const difference = playStory(text, seed, { ...HOSTILE_NETWORK, lossPerMille: 0 });
      if (difference !== null) throw new Error(`${name}, seed ${seed}, ${difference}`);
    }
  }
});
