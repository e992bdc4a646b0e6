/** What becomes of word about a member: ARCHITECTURE.md prints the tables that the code runs on. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  OTHERS_WORD,
  OWN_WORD,
  onOthersWord,
  onOwnWord,
  onWordOfSelf,
  WORD_OF_SELF,
} from "../../../src/protocol/membership/believing.ts";
import type { Decision } from "../../../src/protocol/membership/decision.ts";
import { isExpected, MEMBER_STATES, makeMember } from "../../../src/protocol/model/member.ts";

type Rows = Readonly<Record<string, Readonly<Record<string, Decision>>>>;
const TABLES: Readonly<Record<string, Rows>> = {
  "what a member says of itself": OWN_WORD,
  "what others say of a member": OTHERS_WORD,
  "what is said of this very peer": WORD_OF_SELF,
};
const DECISIONS = Object.values(TABLES).flatMap((rows) =>
  Object.values(rows).flatMap((row) => Object.values(row)),
);
const text = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");

/** The table of the document whose header begins with these words, row by row. */
function printed(title: string): string[][] {
  const lines = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const start = lines.findIndex((cells) => cells[1] === title);
  const length = lines.slice(start).findIndex((cells) => cells.length === 1);
  return lines.slice(start, start + length).map((cells) => cells.slice(1, -1));
}

describe("ARCHITECTURE.md", () => {
  for (const [title, rows] of Object.entries(TABLES)) {
    test(`prints ${title}`, () => {
      const [header = [], , ...body] = printed(title);
      for (const row of Object.values(rows)) expect(Object.keys(row)).toEqual(header.slice(1));
      const told = Object.entries(rows).map(([name, row]) => [name, ...Object.values(row)]);
      expect(body).toEqual(told);
    });
  }

  test("says what each decision means, and of no other", () => {
    const told = printed("decision").slice(2);
    expect(told.map(([name = ""]) => name).sort()).toEqual([...new Set(DECISIONS)].sort());
  });
});

const HERE = "127.0.0.1:12008";
const THERE = "127.0.0.1:12009";

test("nothing comes of what cannot be, since no two records are like that", () => {
  const records = [0, 1, 2].flatMap((incarnation) =>
    MEMBER_STATES.flatMap((state) =>
      ["1", "2"].flatMap((digit) =>
        [HERE, THERE].map((address) =>
          makeMember({ id: 8, incarnation, state, instance: digit.repeat(16), address }),
        ),
      ),
    ),
  );
  const decisions = new Set<Decision>();
  for (const said of records.filter((m) => !isExpected(m))) {
    for (const old of [undefined, ...records]) {
      for (const source of ["trusted", "first-hand", "hearsay"] as const)
        decisions.add(onOthersWord(said, old, source, HERE));
      for (const flag of [false, true]) {
        decisions.add(onOwnWord(said, old, flag));
        if (old !== undefined) decisions.add(onWordOfSelf(said, old, flag));
      }
    }
  }
  const possible = new Set(DECISIONS.filter((decision) => decision !== "cannot be"));
  expect([...decisions].sort()).toEqual([...possible].sort());
});
