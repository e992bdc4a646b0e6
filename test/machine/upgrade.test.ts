/** Another version takes the place of the program that runs: from a folder, an archive, an address; and back. */
import { expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, PROGRAM, plainEnvironment } from "../support/program.ts";
import { standIn, writeRelease } from "../support/small-release.ts";

const LIMIT_MS = 60_000;
const PLATFORM = `${process.platform}-${process.arch}`;

type Installed = {
  readonly bin: string;
  readonly program: string;
  readonly release: string;
  run(...argv: string[]): Promise<Ended>;
};

/** Runs a test with a program of its own, and a folder for a release. */
async function withInstalled(body: (installed: Installed) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "p2p-upgrade-"));
  const bin = join(dir, "bin");
  const program = join(bin, "p2p");
  mkdirSync(bin);
  // It is renamed, never written: a link is as good as a copy of a hundred megabytes.
  try {
    linkSync(PROGRAM, program);
  } catch {
    copyFileSync(PROGRAM, program);
  }
  const run = async (...argv: string[]): Promise<Ended> => {
    const began = performance.now();
    const pipes = { stdin: "ignore", stdout: "pipe", stderr: "pipe" } as const;
    const child = Bun.spawn([program, ...argv], { cwd: dir, env: plainEnvironment(), ...pipes });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    await child.exited;
    return { stdout, stderr, exitCode: child.exitCode, ms: performance.now() - began };
  };
  try {
    await body({ bin, program, release: join(dir, "release"), run });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test(
  "a release's program takes its place, the former is kept, and comes back",
  async () => {
    await withInstalled(async ({ bin, program, release, run }) => {
      writeRelease(release, "9.8.7", PLATFORM);
      // Of other systems, and of a target whose name ends alike.
      appendFileSync(
        join(release, "SHA256SUMS"),
        `${"0".repeat(64)}  p2p-9.8.7-linux-riscv.tar.gz\n`,
      );
      const own: { version: string } = JSON.parse((await run("--version", "--json")).stdout);
      const upgraded = await run("upgrade", release, "--json");
      expect(upgraded).toMatchObject({ stderr: "", exitCode: 0 });
      expect(JSON.parse(upgraded.stdout)).toMatchObject({
        ...{ v: 1, program, former: `${program}.old`, same: false },
        ...{ before: { version: own.version }, now: { version: "9.8.7", commit: null } },
      });
      expect(readFileSync(program, "utf8")).toBe(standIn("9.8.7"));
      expect(readdirSync(bin).sort()).toEqual(["p2p", "p2p.old"]);
      // The new one is a stand-in, so it is the former that is asked to go back.
      const back = Bun.spawnSync([`${program}.old`, "--version"]);
      expect(back.stdout.toString().trim()).toBe(own.version);
    });
  },
  LIMIT_MS,
);

test(
  "rolling back swaps the two, and twice is as it was",
  async () => {
    await withInstalled(async ({ bin, program, run }) => {
      writeFileSync(`${program}.old`, standIn("0.0.1"));
      chmodSync(`${program}.old`, 0o755);
      const back = await run("upgrade", "--rollback");
      expect(back).toMatchObject({ stderr: "", exitCode: 0 });
      expect(back.stdout).toStartWith(`${program} was `);
      expect(back.stdout).toContain("and is 0.0.1\n");
      expect(readFileSync(program, "utf8")).toBe(standIn("0.0.1"));
      expect(readFileSync(`${program}.old`).equals(readFileSync(PROGRAM))).toBe(true);
      expect(readdirSync(bin).sort()).toEqual(["p2p", "p2p.old"]);
    });
  },
  LIMIT_MS,
);

test(
  "what is not what its sum says, or does not start, takes nobody's place",
  async () => {
    await withInstalled(async ({ bin, program, release, run }) => {
      const name = writeRelease(release, "9.8.7", PLATFORM);
      appendFileSync(join(release, name), "x");
      const wrong = await run("upgrade", release);
      expect(wrong.exitCode).toBe(1);
      expect(wrong.stderr).toBe(
        `${name} in ${release} is not what SHA256SUMS says: it was not whole, or somebody has changed it; nothing was replaced.\n`,
      );
      writeRelease(release, "9.8.7", PLATFORM, "#!/bin/sh\nexit 1\n");
      const broken = await run("upgrade", join(release, name));
      expect(broken.exitCode).toBe(1);
      expect(broken.stderr).toStartWith("The new program does not start here");
      writeRelease(release, "9.8.7", "linux-riscv");
      expect((await run("upgrade", release)).stderr).toContain(`an archive for ${PLATFORM}`);
      expect((await run("upgrade", join(release, "none"))).stderr).toStartWith("There is no ");
      expect((await run("upgrade", "--rollback")).stderr).toStartWith("There is no ");
      expect((await run("upgrade")).exitCode).toBe(2);
      expect(readdirSync(bin)).toEqual(["p2p"]);
      expect(readFileSync(program).equals(readFileSync(PROGRAM))).toBe(true);
    });
  },
  LIMIT_MS,
);

test(
  "from an address, of which only what is needed is asked",
  async () => {
    await withInstalled(async ({ program, release, run }) => {
      const name = writeRelease(release, "9.8.7", PLATFORM);
      const asked: string[] = [];
      const server = Bun.serve({
        ...{ port: 0, hostname: "127.0.0.1" },
        fetch: (request) => {
          const { pathname } = new URL(request.url);
          asked.push(pathname);
          const file = join(release, pathname.replace("/v9/", ""));
          return existsSync(file)
            ? new Response(Bun.file(file))
            : new Response("", { status: 404 });
        },
      });
      try {
        const base = `http://127.0.0.1:${server.port}`;
        expect((await run("upgrade", `${base}/v8`)).stderr).toBe(
          `${base}/v8/SHA256SUMS was answered with status 404.\n`,
        );
        asked.length = 0;
        expect(await run("upgrade", `${base}/v9/`)).toMatchObject({ stderr: "", exitCode: 0 });
        expect(asked).toEqual(["/v9/SHA256SUMS", `/v9/${name}`]);
        expect(readFileSync(program, "utf8")).toBe(standIn("9.8.7"));
      } finally {
        await server.stop(true);
      }
    });
  },
  LIMIT_MS,
);
