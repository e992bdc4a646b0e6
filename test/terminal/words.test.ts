import { expect, test } from "bun:test";
import { didYouMean, editDistance, nearest, quote } from "../../src/terminal/words.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["rign", "ring", 1],
  ["ls", "lls", 1],
  ["status", "stauts", 1],
  ["a", "a".repeat(5000), 4999],
])("from %s to %s is %d", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

const COMMANDS = ["init", "join", "ring", "chaos", "store", "request", "ls", "status", "help"];

test.each([
  ["rign", "ring"],
  ["rings", "ring"],
  ["stat", "status"],
  ["stor", "store"],
  ["reqest", "request"],
  ["int", "init"],
  ["kaos", null],
  ["x", null],
  ["quit", null],
  ["", null],
])("nearest to %j is %p", (typed, match) => {
  expect(nearest(typed, COMMANDS)).toBe(match);
});

test("of several that begin alike the first is nearest", () => {
  expect(nearest("sta", ["stop", "status", "start"])).toBe("status");
  expect(nearest("stat", ["stop", "start"])).toBe("start");
});

test("a near match is a question, and no match is nothing", () => {
  expect(didYouMean("rign", COMMANDS)).toBe("; did you mean ring?");
  expect(didYouMean("xyzzy", COMMANDS)).toBe("");
});

test("what was typed is quoted, made harmless and short", () => {
  expect(quote("a b")).toBe('"a b"');
  expect(quote("\u001b[31m\n\u202e")).toBe('"?[31m??"');
  expect(quote("x".repeat(5000))).toHaveLength(65);
});
