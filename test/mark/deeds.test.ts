import { describe, expect, test } from "bun:test";
import { planScenario } from "../../src/mark/deeds.ts";

describe("a scenario for another program", () => {
  test("is taken apart into deeds and the lines that they bring", () => {
    const steps = planScenario(
      `# A comment.
interval 2
ring 5 2 4
file 2067 20

join 15 via 4 and 16 via 2
  15    Join request has been accepted
kill 2 4 together
  5   ! a sentence
  ...
8 types store 2067
`,
      "some.txt",
    );
    expect(steps.map(({ number, deed }) => [number, deed])).toEqual([
      [2, { kind: "interval", ms: 2000 }],
      [3, { kind: "ring", ids: [5, 2, 4] }],
      [4, { kind: "file", name: "2067", bytes: 20 }],
      [
        6,
        {
          kind: "join",
          pairs: [
            [15, 4],
            [16, 2],
          ],
        },
      ],
      [8, { kind: "kill", ids: [2, 4] }],
      [11, { kind: "type", id: 8, line: "store 2067" }],
    ]);
    expect(steps.map(({ wanted }) => wanted)).toEqual([
      [],
      [],
      [],
      [{ peer: 15, what: "Join request has been accepted" }],
      [],
      [],
    ]);
  });

  test.each([
    "seed 4",
    "interval soon",
    "cut 2 from 4",
    "at 200 kill 4",
    "restart 4 without its folder",
    "power-cut 4",
    "kill 4 5 for good",
    "kill",
    "kill 256",
    "join 15",
    "join 15 4",
    "join 15 via 4 and 16",
    "4 types Remove 2067",
    "4 types Store 20 67",
    "file 2067 50000001",
    "file ../x 5",
  ])("%j is refused, with its line", (action) => {
    expect(() => planScenario(`ring 2 4 5\n\n${action}\n`, "some.txt")).toThrow(
      `some.txt, line 3: "${action}" cannot be done to another program`,
    );
  });

  test("begins with a ring, and has one", () => {
    expect(() => planScenario("calm\n", "some.txt")).toThrow("does not begin with a ring");
    expect(() => planScenario("", "some.txt")).toThrow("does not begin with a ring");
    expect(() => planScenario("ring 2\nring 4", "some.txt")).toThrow("has two rings");
  });
});
