/** The compiled program, from outside: started, typed at, read, and never left running. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reaped } from "./reap.ts";

export const PROGRAM = join(import.meta.dir, "../../dist/p2p");

if (!existsSync(PROGRAM)) {
  throw new Error("The program is not built, and this test runs it: npm run build comes first.");
}

export type Ended = {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly ms: number;
};

/**
 * What a store may say on standard error though all is well: on a slow machine a receipt does not wait
 * for the last copy of a large content.
 */
export const ASIDE = /^(stored [^\n]+: 2 of 3 copies; not confirmed by peer \d+\n)?$/;

/** What a peer's surroundings may not change: colours, a runner's habits. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}) {
  const { CI: _, FORCE_COLOR: __, ...env } = process.env;
  return { ...env, NO_COLOR: "1", ...extra };
}

/** Runs a command to its end. One that takes longer than `limitMs` is killed, with exit code null. */
export function p2p(
  argv: readonly (string | number)[],
  cwd: string,
  limitMs = 40_000,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return ended([PROGRAM, ...argv.map(String)], cwd, plainEnvironment(env), limitMs);
}

/** Runs a line of bash in which `p2p`, and `$0` where a function will not do, is the program under test. */
export function bash(
  line: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const argv = ["bash", "-c", `p2p() { "$0" "$@"; }; ${line}`, PROGRAM];
  return ended(argv, cwd, plainEnvironment(env), 30_000);
}

async function ended(
  argv: string[],
  cwd: string,
  env: Record<string, string | undefined>,
  timeout: number,
): Promise<Ended> {
  const began = performance.now();
  const child = reaped(
    Bun.spawn(argv, {
      ...{ cwd, env, timeout },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      killSignal: "SIGKILL",
    }),
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return { stdout, stderr, exitCode: child.exitCode, ms: performance.now() - began };
}
