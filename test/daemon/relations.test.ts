import { expect, test } from "bun:test";
import { checkRelations, RELATIONS } from "../../src/daemon/relations.ts";

test.each(RELATIONS)("%s", (_, holds) => {
  expect(holds).toBe(true);
});

test("a program whose limits do not fit does not start", () => {
  expect(() => checkRelations()).not.toThrow();
  expect(() => checkRelations([...RELATIONS, ["one is more than two", false]])).toThrow(
    "do not fit: one is more than two",
  );
});
