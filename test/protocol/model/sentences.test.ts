/** What is said of a name that nobody here has: that it was never stored only if nobody known is missing. */
import { describe, expect, test } from "bun:test";
import type { Outcome } from "../../../src/protocol/model/events.ts";
import { type Known, outcomeSentence } from "../../../src/protocol/model/sentences.ts";
import { removalOf } from "../../store/records.ts";

const where = { kind: "where", owner: 19, replicas: [], wanted: 3, route: [8, 19] } as const;

/** All the ways in which a command ends where nobody is found that has the file. */
const ENDS: Record<string, Outcome> = {
  "Request and Remove": { kind: "missing", owner: 19, route: [8, 19] },
  Where: { ...where, record: null },
};

const here: Known[] = [
  { id: 8, state: "alive", incarnation: 1 },
  { id: 9, state: "leaving", incarnation: 3 },
];

function peers(state: Known["state"], ids: readonly number[], incarnation = 1): Known[] {
  return ids.map((id) => ({ id, state, incarnation }));
}

const MISSING: [string, Known[], string][] = [
  ["one that died", peers("dead", [14]), "Peer 14 (dead) may have it: start it"],
  ["one that left", peers("left", [14]), "Peer 14 (left) may have it: start it"],
  [
    "one that was named and never came",
    peers("alive", [14], 0),
    "Peer 14 (not heard from yet) may have it: start it",
  ],
  ["several", peers("dead", [2, 4, 5]), "Peers 2, 4 and 5 (dead) may have it: start them"],
  [
    "several, each in its way",
    [...peers("left", [2, 4]), ...peers("alive", [5], 0), ...peers("dead", [19])],
    "Peers 2 and 4 (left), Peer 5 (not heard from yet) and Peer 19 (dead) may have it: start them",
  ],
  [
    "more than are named",
    peers("dead", [1, 2, 3, 4, 5, 6]),
    "Peers 1, 2, 3, 4 and 2 more (dead) may have it: start them",
  ],
];

for (const [command, outcome] of Object.entries(ENDS)) {
  describe(`${command} of a name that nobody has`, () => {
    test("says to store it first where all that are known are here", () => {
      expect(outcomeSentence("2067", outcome, () => here)).toBe(
        "No peer holds file 2067 (its owner is Peer 19): store it first.",
      );
    });

    for (const [what, missing, who] of MISSING) {
      test(`says who is missing: ${what}`, () => {
        expect(outcomeSentence("2067", outcome, () => [...here, ...missing])).toBe(
          `No peer that is here holds file 2067 (its owner is Peer 19), and ${who} and ask again.`,
        );
      });
    }
  });
}

test("a name that is known to be removed is with nobody, whoever is missing", () => {
  const members = () => [...here, ...peers("dead", [14])];
  expect(outcomeSentence("2067", { ...where, record: removalOf("2067", 1, []) }, members)).toBe(
    "No peer holds file 2067 (its owner is Peer 19): store it first.",
  );
});
