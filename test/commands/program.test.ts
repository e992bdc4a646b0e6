import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";

/** The manners of the compiled program, from outside. `npm test` has built it. */

const PROGRAM = join(import.meta.dir, "../../dist/p2p");

type Ended = { stdout: string; stderr: string; exitCode: number };

function p2p(argv: readonly string[], env: Record<string, string> = {}): Ended {
  const { stdout, stderr, exitCode } = Bun.spawnSync([PROGRAM, ...argv], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    timeout: 5000,
  });
  return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
}

const COMMANDS = ["init", "join", "ring", "chaos", "store", "request", "rm", "where"];
COMMANDS.push("ls", "scrub", "status", "health");

describe.skipIf(!existsSync(PROGRAM))("the compiled program", () => {
  test.each([[["--version"]], [["-v"]], [["--no-color", "--version"]]])("%j", (argv) => {
    expect(p2p(argv)).toEqual({ stdout: `${version}\n`, stderr: "", exitCode: 0 });
  });

  test.each([[[]], [["help"]], [["--help"]], [["-h"]], [["help", "help"]], [["--no-color"]]])(
    "%j is the help of all commands",
    (argv) => {
      const { stdout, stderr, exitCode } = p2p(argv);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
      expect(stdout).toContain("Examples:");
      expect(stdout).not.toContain("\u001b");
    },
  );

  test.each(["help", ...COMMANDS])("help of %s is as wide as a terminal at most", (name) => {
    const { stdout } = p2p(["help", name]);
    expect(stdout.split("\n").filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
  });

  test.each(COMMANDS)("help of %s", (name) => {
    const asked = [
      ["help", name],
      [name, "--help"],
      [name, "-h"],
      ["--help", name],
    ];
    const [first, ...others] = asked.map((argv) => p2p(argv));
    expect(others).toEqual(others.map(() => first as Ended));
    expect(first).toMatchObject({ stderr: "", exitCode: 0 });
    expect(first?.stdout).toMatch(new RegExp(`^p2p ${name}: `));
    expect(first?.stdout).toMatch(new RegExp(`Examples:\n  p2p ${name}\\b`));
    expect(first?.stdout).not.toMatch(/--child|--peer-program/);
    expect(first?.stdout).not.toContain("\u001b");
  });

  test.each([
    [["rign"], 'Unknown command "rign"; did you mean ring?'],
    [["help", "rign"], "did you mean ring?"],
    [["rign", "--help"], "did you mean ring?"],
    [["toString"], 'Unknown command "toString"'],
    [["--json", "ls"], '"--json"'],
    [["init", "300", "4", "5", "30"], '"300"'],
    [
      ["init", "2", "4", "5", "0"],
      'INTERVAL must be a number of seconds above 0 and at most 3600, not "0"',
    ],
    [["init", "2", "4", "5", "-3"], '"-3"'],
    [["init", "2", "4", "5", "x"], '"x"'],
    [["init", "2", "4", "5"], "INTERVAL is missing"],
    [["init", "2", "4", "5", "30", "9"], 'Unexpected argument "9"'],
    [["init", "2", "4", "5", "30", "--base-prot", "1"], "did you mean --base-port?"],
    [["init", "--host", "0.0.0.0"], "--insecure"],
    [["join", "15", "15", "30"], "KNOWN must be another peer"],
    [
      ["ring", "--interval", "-3"],
      '--interval must be a number of seconds above 0 and at most 3600, not "-3"',
    ],
    [["ring", "0"], '"0"'],
    [["chaos", "--kills", "1", "--for", "1"], "--kills or --for"],
    [["store"], "FILE is missing"],
    [["request", "4103", "-o"], "-o needs a value"],
    [["ls", "extra"], 'Unexpected argument "extra"'],
    [["status", "--lookup", "1,x"], '"x"'],
    [["store", "2067.pdf", "--require", "0"], "--require must be a whole number from 1 to 16"],
    [["rm", "2067", "--require", "17"], "--require must be a whole number from 1 to 16"],
    [["status", "--peer", "8", "--data", "d"], "--peer or --data"],
    [["init", "\u001b[31m\n", "4", "5", "30"], '"?[31m?"'],
  ])("%j is one sentence", (argv, part) => {
    // What the sentence looks like must not hang on who reads it.
    for (const env of [{}, { CI: "true", TEST: "1" }, { FORCE_COLOR: "1" }]) {
      const { stdout, stderr, exitCode } = p2p(argv, env);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toMatch(/^[^\n]+\n$/);
      expect(stderr).toContain(part);
      expect(stderr).not.toContain("\u001b");
    }
  });
});
