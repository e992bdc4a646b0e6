import { describe, expect, test } from "bun:test";
import { checkArgs } from "../../../src/commands/cli/check.ts";
import { command } from "../../../src/commands/cli/command.ts";
import { UsageError } from "../../../src/commands/cli/errors.ts";
import { commandHelp } from "../../../src/commands/cli/help.ts";

let got: unknown = null;
const sample = command({
  name: "sample",
  args: {
    from: { type: "positional", required: true, description: "where it is" },
    to: { type: "positional", required: false, description: "where it goes" },
    output: { type: "string", alias: "o", valueHint: "FILE", description: "a file" },
    "base-port": { type: "string", description: "a port" },
    force: { type: "boolean", description: "whatever happens" },
    secret: { type: "string", description: "not shown" },
  },
  forms: [["FROM", "TO"], ["FROM"]],
  hidden: ["secret"],
  renamed: [["compel", "force"]],
  examples: [["p2p sample a b", "from a to b"]],
  async run(args) {
    const { from, to, output, force, secret } = args;
    got = { from, to, output, force, secret, basePort: args["base-port"] };
    return 3;
  },
});

const NOTHING = {
  from: undefined,
  to: undefined,
  output: undefined,
  force: undefined,
  secret: undefined,
  basePort: undefined,
};

describe("what reaches the command", () => {
  test.each([
    [["a"], { from: "a" }],
    [["a", "b"], { from: "a", to: "b" }],
    [["-3", "-.5"], { from: "-3", to: "-.5" }],
    [["-"], { from: "-" }],
    [["--", "--force"], { from: "--force" }],
    [["a", "--", "--"], { from: "a", to: "--" }],
    [["--output", "f", "a"], { from: "a", output: "f" }],
    [["--output=f=g", "a"], { from: "a", output: "f=g" }],
    [["--output=--x", "a"], { from: "a", output: "--x" }],
    [["-o", "f", "a"], { from: "a", output: "f" }],
    [["-o=f", "a"], { from: "a", output: "f" }],
    [["a", "--base-port", "-3"], { from: "a", basePort: "-3" }],
    [["a", "--base-port=-3", "--force"], { from: "a", basePort: "-3", force: true }],
    [["a", "--secret", "s"], { from: "a", secret: "s" }],
  ])("%j", async (argv, expected) => {
    expect(await sample.run(argv)).toBe(3);
    expect(got).toEqual({ ...NOTHING, ...expected });
  });
});

describe("what does not", () => {
  test.each([
    [[], "FROM is missing: p2p sample takes FROM TO, or FROM"],
    [["a", "b", "c"], 'Unexpected argument "c"'],
    [["", "b"], "FROM must not be empty"],
    [["a", ""], "TO must not be empty"],
    [["a", "--forc"], 'Unknown flag "--forc" for p2p sample; did you mean --force?'],
    [["a", "--base-prot", "3"], "did you mean --base-port?"],
    [["a", "--xyzzy"], "p2p sample --help"],
    [["a", "--secrt", "x"], "p2p sample --help"],
    [["a", "--compel"], "--compel is called --force now"],
    [["a", "--compel=1"], "--compel is called --force now"],
    [["a", "-x"], 'Unknown flag "-x"'],
    [["a", "-of"], 'Unknown flag "-of"'],
    [["a", "--no-force"], 'Unknown flag "--no-force"'],
    [["a", "--basePort", "3"], 'Unknown flag "--basePort"'],
    [["a", "--from", "b"], 'Unknown flag "--from"'],
    [["a", "--output"], "--output needs a value"],
    [["a", "--output="], "--output needs a value"],
    [["a", "--output", ""], "--output needs a value"],
    [["a", "--output", "--force"], "--output needs a value"],
    [["a", "-o"], "-o needs a value"],
    [["a", "--force=true"], "--force takes no value"],
    [["a", "--force", "--force"], "--force is given twice"],
    [["a", "-o", "f", "--output", "g"], "--output is given twice"],
  ])("%j", (argv, sentence) => {
    got = null;
    expect(() => checkArgs(sample, argv)).toThrow(UsageError);
    expect(() => checkArgs(sample, argv)).toThrow(sentence);
    expect(sample.run(argv)).rejects.toThrow(sentence);
    expect(got).toBeNull();
  });
});

test("help is made of the same definition", () => {
  expect(commandHelp(sample, "moves things", false)).toBe(`p2p sample: moves things

Usage:
  p2p sample FROM TO [--flags]
  p2p sample FROM [--flags]

Arguments:
  FROM  where it is
  TO    where it goes

Flags:
  -o, --output FILE      a file
  --base-port BASE-PORT  a port
  --force                whatever happens
  -h, --help             this help
  --no-color             no colors, as with NO_COLOR=1

Examples:
  p2p sample a b  from a to b`);
});
