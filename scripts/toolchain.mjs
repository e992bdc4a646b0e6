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
  mkdirSync(dirname(program), { recursive: true });
  const fresh = `${program}-${process.pid}`;
  try {
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
      "./src/main.ts",
      "--outfile",
      fresh,
    ]);
    const version = run(fresh, ["--version"]).trim();
    if (!/^\d+\.\d+\.\d+/.test(version)) {
      throw new BuildError(`the new dist/p2p printed "${version}" as its version`);
    }
    renameSync(fresh, program);
    return version;
  } finally {
    rmSync(fresh, { force: true });
  }
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
function run(file, args) {
  const done = spawnSync(file, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.status === 0) return done.stdout;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
  const why = done.error?.message ?? `exit ${done.status ?? done.signal}`;
  throw new BuildError(`the build failed at "${file} ${args[0]}" (${why})`);
}
