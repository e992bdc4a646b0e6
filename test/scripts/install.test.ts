/** How it is got: install.sh from a local server, and npm's packages from a local registry. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainEnvironment } from "../support/program.ts";
import { packages, writeRelease } from "../support/small-release.ts";

const ROOT = join(import.meta.dir, "../..");
const INSTALL = join(ROOT, "scripts", "install.sh");
const LIMIT_MS = 120_000;
const PLATFORM = "linux-riscv";
const VERSION = "9.8.7";

let dir = "";
let server: ReturnType<typeof Bun.serve>;
/** What is asked of the server. */
const asked: string[] = [];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "p2p-install-"));
  writeRelease(join(dir, "release"), VERSION, PLATFORM);
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
});

afterAll(async () => {
  await server.stop(true);
  rmSync(dir, { recursive: true, force: true });
});

function answer(request: Request): Response {
  const path = decodeURIComponent(new URL(request.url).pathname);
  asked.push(path);
  const packed = packages(VERSION).find(({ file }) => path === `/npm/-/${file}`);
  if (packed !== undefined) return new Response(packed.bytes);
  const named = packages(VERSION).find(({ manifest }) => path === `/npm/${manifest.name}`);
  if (named !== undefined) return Response.json(packument(named));
  const file = join(dir, path);
  return existsSync(file) ? new Response(Bun.file(file)) : new Response("", { status: 404 });
}

/** What a registry says of a package. */
function packument({ manifest, file, bytes }: ReturnType<typeof packages>[number]) {
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const dist = { tarball: `${address()}/npm/-/${file}`, integrity };
  const { name } = manifest;
  const versions = { [VERSION]: { ...manifest, dist } };
  return { name, "dist-tags": { latest: VERSION }, versions };
}

const address = () => `http://127.0.0.1:${server.port}`;

/** Runs a command in an empty home. */
async function run(command: readonly string[], home: string) {
  mkdirSync(home, { recursive: true });
  const whole: Record<string, string | undefined> = plainEnvironment({ HOME: home });
  const { XDG_DATA_HOME: _, XDG_STATE_HOME: __, ...env } = whole;
  const pipes = { stdin: "ignore", stdout: "pipe", stderr: "pipe" } as const;
  const child = Bun.spawn([...command], { cwd: home, env, ...pipes });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

test(
  "install.sh installs what a server gives, and takes all of it away again",
  async () => {
    const home = join(dir, "home");
    const from = ["--from", `${address()}/release`, "--platform", PLATFORM];
    const done = await run(["sh", INSTALL, ...from], home);
    expect(done).toMatchObject({ stderr: "", exitCode: 0 });
    expect(done.stdout).toStartWith(`p2p ${VERSION} is ${home}/.local/bin/p2p (${PLATFORM})`);
    expect(filesIn(home)).toEqual([
      ".local/bin/p2p",
      ".local/share/bash-completion/completions/p2p",
      ".local/share/fish/vendor_completions.d/p2p.fish",
      ".local/share/man/man1/p2p.1",
      ".local/share/zsh/site-functions/_p2p",
    ]);
    const removed = await run(["sh", INSTALL, "--uninstall"], home);
    expect(removed).toMatchObject({ stderr: "", exitCode: 0 });
    expect(removed.stdout).toContain("left: the data of peers");
    // The folders too.
    expect(readdirSync(home)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "install.sh installs nothing whose sum is another one",
  async () => {
    const release = join(dir, "wrong");
    appendFileSync(join(release, writeRelease(release, VERSION, PLATFORM)), "x");
    const home = join(dir, "careful");
    const to = ["--to", join(home, "bin"), "--platform", PLATFORM];
    const done = await run(["sh", INSTALL, "--from", `${address()}/wrong`, ...to], home);
    expect(done.exitCode).toBe(1);
    expect(done.stdout).toBe("");
    expect(done.stderr).toContain("is not what SHA256SUMS says");
    expect(readdirSync(home)).toEqual([]);
    for (const [words, sentence] of [
      [["--from", `${address()}/nowhere`], "nowhere/SHA256SUMS cannot be had"],
      [["--from", release, "--platform", "plan9"], "has nothing for plan9"],
      [["--from"], "--from needs a value"],
      [["--form", "x"], "unknown word --form"],
      [[], "say where the release is"],
      [["--uninstall"], "there is no "],
    ] as const) {
      const { exitCode, stderr } = await run(["sh", INSTALL, ...words], home);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: expect.stringContaining(sentence),
      });
    }
    expect(readdirSync(home)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "npm installs the package of this system beside the one that was asked for, and runs no script",
  async () => {
    const home = join(dir, "npm");
    const registry = ["--registry", `${address()}/npm/`, "--cache", join(home, "cache")];
    asked.length = 0;
    const done = await run(["npm", "install", "-g", "--prefix", home, ...registry, "p2p"], home);
    expect(done).toMatchObject({ exitCode: 0 });
    const mine = `p2p-${process.platform}-${process.arch}`;
    expect(asked.filter((path) => path.endsWith(".tgz")).sort()).toEqual(
      [`/npm/-/npm-${mine}-${VERSION}.tgz`, `/npm/-/npm-p2p-${VERSION}.tgz`].sort(),
    );
    for (const { manifest } of packages(VERSION)) expect(manifest).not.toHaveProperty("scripts");
    const ran = await run([join(home, "bin", "p2p"), "store", "a b", "--json"], home);
    expect(ran).toEqual({ stdout: "[store][a b][--json]", stderr: "", exitCode: 3 });
    const manual = readFileSync(join(home, "lib", "node_modules", "p2p", "man", "p2p.1"), "utf8");
    expect(manual).toStartWith(".TH P2P 1");
  },
  LIMIT_MS,
);
