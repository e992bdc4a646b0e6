import { describe, expect, test } from "bun:test";
import { tell, UsageError } from "../../../src/commands/cli/errors.ts";
import { mayColor, splitGlobals } from "../../../src/commands/cli/globals.ts";
import { EXIT_BUG, Failure } from "../../../src/protocol/model/failure.ts";

const NONE = { help: false, version: false, noColor: false, name: null, rest: [] };

describe("the flags of every command", () => {
  test.each([
    [[], NONE],
    [["ring", "8"], { ...NONE, name: "ring", rest: ["8"] }],
    [["--no-color", "ring", "8"], { ...NONE, noColor: true, name: "ring", rest: ["8"] }],
    [["ring", "8", "--no-color"], { ...NONE, noColor: true, name: "ring", rest: ["8"] }],
    [["ring", "8", "-h"], { ...NONE, help: true, name: "ring", rest: ["8"] }],
    [["--help"], { ...NONE, help: true }],
    [["request", "--", "--help"], { ...NONE, name: "request", rest: ["--", "--help"] }],
    [["request", "--", "--no-color"], { ...NONE, name: "request", rest: ["--", "--no-color"] }],
    [["ring", "--version"], { ...NONE, name: "ring", rest: ["--version"] }],
    [["--json", "ls"], { ...NONE, name: "--json", rest: ["ls"] }],
  ])("%j", (argv, expected) => {
    expect(splitGlobals(argv)).toEqual(expected);
  });

  test.each([[["--version"]], [["-v"]], [["--no-color", "-v"]]])("%j", (argv) => {
    expect(splitGlobals(argv).version).toBe(true);
  });
});

describe("what an error becomes", () => {
  test.each([
    ["PEER is bad", 2, () => new UsageError("PEER is bad")],
    ["Port 12002 is taken", 1, () => new Failure("Port 12002 is taken")],
    ["Nothing was killed", 3, () => new Failure("Nothing was killed", 3)],
    ["one two", 1, () => new Failure("one\n  two\n")],
  ])("%s, exit code %d", (sentence, exitCode, error) => {
    expect(tell(error())).toEqual({ sentence, exitCode });
  });

  test.each([
    ["an error", () => new TypeError("x is\nnot a function")],
    ["an error without words", () => new Error("")],
    ["a string", () => "a string"],
    ["nothing", () => undefined],
  ])("a bug: %s", (_, thrown) => {
    const { sentence, exitCode } = tell(thrown());
    expect(exitCode).toBe(EXIT_BUG);
    expect(sentence).toMatch(/^Unexpected error: .+P2P_DEBUG=1/);
  });
});

test("no escape codes for what is no terminal", () => {
  expect(mayColor({})).toBe(false);
  expect(mayColor({ isTTY: false })).toBe(false);
});
