// What a release is built for, and the runtimes for that: the compiler's own packages of the pinned version,
// each with the hash by which it is accepted, as a lock file has them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BuildError, bun, root, run } from "../toolchain.mjs";

/**
 * `name` is the target's in files' names; `target` the compiler's; `runtime` the package of its runtime;
 * `os`, `cpu` and `libc` are npm's words for where it runs. `npm` is its package there: since npm does not
 * know which processors are older, it has the program that runs on all.
 */
export const TARGETS = [
  linux("linux-x64", "linux-x64", "glibc", null),
  linux("linux-x64-baseline", "linux-x64-baseline", "glibc", "p2p-linux-x64"),
  linux("linux-arm64", "linux-aarch64", "glibc", "p2p-linux-arm64"),
  linux("linux-x64-musl", "linux-x64-musl", "musl", null),
  linux("linux-x64-musl-baseline", "linux-x64-musl-baseline", "musl", "p2p-linux-x64-musl"),
  linux("linux-arm64-musl", "linux-aarch64-musl", "musl", "p2p-linux-arm64-musl"),
  darwin("darwin-arm64", "darwin-aarch64", "p2p-darwin-arm64"),
  darwin("darwin-x64", "darwin-x64", "p2p-darwin-x64"),
];

function linux(name, runtime, libc, npm) {
  const cpu = name.includes("arm64") ? "arm64" : "x64";
  return { name, target: `bun-${name}`, runtime, os: "linux", cpu, libc, npm };
}

function darwin(name, runtime, npm) {
  const cpu = name.includes("arm64") ? "arm64" : "x64";
  return { name, target: `bun-${name}`, runtime, os: "darwin", cpu, libc: null, npm };
}

const RUNTIMES = join(root, "dist", "runtimes");

/** @returns {string} the version of the pinned compiler, which is that of its runtimes */
export function bunVersion() {
  return JSON.parse(readFileSync(join(root, "node_modules", "bun", "package.json"), "utf8"))
    .version;
}

/**
 * The executable of a runtime: the one installed here where it is that, else fetched once and kept in
 * `dist/runtimes/`.
 *
 * @returns {string} its path
 * @throws BuildError that says which package cannot be had, or is not what it was
 */
export function runtimeOf({ name, runtime }) {
  const { version, integrity } = JSON.parse(
    readFileSync(join(root, "scripts", "release", "runtimes.json"), "utf8"),
  );
  if (bunVersion() !== version) {
    throw new BuildError(
      `scripts/release/runtimes.json has the hashes of bun ${version}, and ${bunVersion()} is installed: run scripts/release/pin.mjs`,
    );
  }
  const folder = join(RUNTIMES, `${runtime}-${version}`);
  const executable = join(folder, "package", "bin", "bun");
  if (existsSync(executable)) return executable;
  const installed = join(root, "node_modules", "@oven", `bun-${runtime}`, "bin", "bun");
  if (existsSync(installed)) return installed;
  const part = `${folder}.part-${process.pid}`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  try {
    const packed = fetchPackage(`@oven/bun-${runtime}@${version}`, part, name);
    if (hashOf(packed) !== integrity[runtime]) {
      throw new BuildError(
        `@oven/bun-${runtime}@${version}, the runtime of ${name}, is not what scripts/release/runtimes.json says`,
      );
    }
    run("tar", ["-xzf", packed], part);
    rmSync(packed);
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return executable;
}

/** @returns {string} the path of the package's file. @throws BuildError */
export function fetchPackage(spec, into, name) {
  try {
    return join(into, JSON.parse(run("npm", ["pack", spec, "--json"], into))[0].filename);
  } catch (error) {
    if (!(error instanceof BuildError) && !(error instanceof SyntaxError)) throw error;
    throw new BuildError(
      `${spec}, the runtime of ${name}, cannot be had from npm: leave that target out with --only, or try again`,
    );
  }
}

/** A file's hash as npm writes it. */
export function hashOf(path) {
  return `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
}

/** @returns {string} the hash of the compiler itself: it makes the bytes, as well as the runtime does */
export function bunRevision() {
  return run(bun, ["--revision"]).trim();
}
