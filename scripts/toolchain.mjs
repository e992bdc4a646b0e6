// What the scripts share: a bun that starts, and the compiled program. Plain Node, because bun
// itself may have to be mended first (npm may have been told to run no install scripts).
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const bun = join(root, "node_modules", ".bin", "bun");
export const program = join(root, "dist", "p2p");

/** A failure to be told in a sentence; anything else that is thrown is a bug in the scripts. */
export class BuildError extends Error {}

/** Makes sure that `node_modules/.bin/bun` starts, by running its installer when it does not. */
export function mendBun() {
  if (starts(bun)) return;
  spawnSync(process.execPath, [join("node_modules", "bun", "install.js")], {
    cwd: root,
    stdio: "ignore",
  });
  if (!starts(bun)) {
    throw new BuildError("node_modules/.bin/bun does not start; run `npm ci` and try again");
  }
}

/**
 * Compiles dist/p2p and runs it once, since a program that compiles may still not start.
 * It takes its place in one step: a running ring, or a second build, is not disturbed.
 *
 * @returns {string} the version that the new program printed
 */
export function build() {
  mendBun();
  const folder = join(dirname(program), `.build-${process.pid}`);
  // The name of the file goes into the program: with one of its own no two builds were the same.
  const fresh = join(folder, "p2p");
  try {
    compile(fresh, { commit: commitHere() });
    const version = run(fresh, ["--version"]).trim();
    if (!/^\d+\.\d+\.\d+/.test(version)) {
      throw new BuildError(`the new dist/p2p printed "${version}" as its version`);
    }
    renameSync(fresh, program);
    return version;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Compiles the program. The same source, compiler and runtime give the same bytes, wherever the source
 * lies and the file goes, as long as that has the same name.
 *
 * @param {string} outfile its folder is made if it is not there
 * @param {{ commit: string | null, name?: string, target?: string, runtime?: string }} how `name` is what
 *   the program says it was built for, `target` and `runtime` are the compiler's name for another system
 *   and the executable of it; without them it is built for this one
 */
export function compile(outfile, { commit, name, target, runtime }) {
  mkdirSync(dirname(outfile), { recursive: true });
  run(bun, [
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--splitting",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    // Any flag will do: without one the runtime itself refuses to start where the working folder was
    // deleted, in words of its own, before there is a program to say it.
    "--compile-exec-argv=--no-install",
    ...(commit === null ? [] : ["--define", `P2P_COMMIT=${JSON.stringify(commit)}`]),
    ...(name === undefined ? [] : ["--define", `P2P_TARGET=${JSON.stringify(name)}`]),
    ...(target === undefined ? [] : [`--target=${target}`]),
    ...(runtime === undefined ? [] : [`--compile-executable-path=${runtime}`]),
    "./src/main.ts",
    "--outfile",
    outfile,
  ]);
}

/**
 * @returns {string | null} the commit of this checkout, with `-changed` behind it where tracked files are
 *   not as committed; null where there is no git
 */
export function commitHere() {
  const git = (...args) => spawnSync("git", args, { cwd: root, encoding: "utf8" });
  const head = git("rev-parse", "--verify", "--quiet", "HEAD");
  // A folder above may be somebody else's repository.
  const prefix = git("rev-parse", "--show-prefix");
  if (head.status !== 0 || prefix.stdout.trim() !== "") return null;
  const changed = git("status", "--porcelain", "--untracked-files=no").stdout !== "";
  return `${head.stdout.trim()}${changed ? "-changed" : ""}`;
}

/** Runs `main`, and turns a BuildError into one sentence on standard error and exit code 1. */
export async function asScript(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

function starts(file) {
  return spawnSync(file, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Runs a tool to its end, quietly: what it printed is shown only if it failed. */
export function run(file, args, cwd = root) {
  const done = spawnSync(file, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.status === 0) return done.stdout;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
  const why = done.error?.message ?? `exit ${done.status ?? done.signal}`;
  throw new BuildError(`the build failed at "${file} ${args[0]}" (${why})`);
}
