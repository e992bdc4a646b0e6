/** The program of an earlier release, compiled from its tag in this repository. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

export type Released =
  | { readonly program: string }
  /** Why there is none here, in a sentence. */
  | { readonly missing: string };

/**
 * Compiles the source of a tag with the tools of this checkout, once for each commit: the program stays in
 * `dist/released/`, for tests alone.
 * @throws Error if the source is there and does not compile
 */
export function released(tag: string): Released {
  const commit = git("rev-parse", "--verify", "--quiet", `${tag}^{commit}`);
  if (commit === null) return { missing: `this checkout has no tag ${tag}, or there is no git` };
  const folder = join(ROOT, "dist", "released");
  const program = join(folder, `p2p-${commit}`);
  if (existsSync(program)) return { program };
  mkdirSync(folder, { recursive: true });
  const source = mkdtempSync(join(folder, "source-"));
  try {
    const archive = join(source, "source.tar");
    ran(["git", "archive", `--output=${archive}`, commit], ROOT);
    ran(["tar", "-xf", archive], source);
    symlinkSync(join(ROOT, "node_modules"), join(source, "node_modules"));
    ran(["node", "scripts/build.mjs"], source);
    // In one step: another test may be at it, too.
    renameSync(join(source, "dist", "p2p"), program);
    return { program };
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

function git(...args: readonly string[]): string | null {
  if (Bun.which("git") === null) return null;
  const { exitCode, stdout } = Bun.spawnSync(["git", ...args], { cwd: ROOT, stderr: "ignore" });
  return exitCode === 0 ? stdout.toString().trim() : null;
}

function ran(command: readonly string[], cwd: string): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stdout}${stderr}`);
}
