/** A release is the same to the byte each time it is made of the same, and says what is inside. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dependencies, version } from "../../package.json";
import { sha256 } from "../store/temporary.ts";

const ROOT = join(import.meta.dir, "../..");
const LIMIT_MS = 300_000;

type Papers = {
  thirdParty(): string;
  bill(release: { version: string; date: string; sums: string }): string;
};
type Toolchain = {
  compile(outfile: string, how: { commit: string | null; name?: string; target?: string }): void;
};
type Archive = { tarGz(files: readonly { path: string; bytes: Buffer }[]): Uint8Array };

const scripts = (name: string) => import(join(ROOT, "scripts", name));
const { thirdParty, bill }: Papers = await scripts("release/papers.mjs");
const { compile }: Toolchain = await scripts("toolchain.mjs");
const { tarGz }: Archive = await scripts("release/archive.mjs");

test(
  "a target compiled twice, into two places, is the same to the byte",
  () => {
    const sums = ["first", "second"].map((name) => {
      const dir = mkdtempSync(join(tmpdir(), `p2p-${name}-`));
      try {
        const file = join(dir, "p2p");
        compile(file, { commit: "c".repeat(40), name: "test-target" });
        return sha256(readFileSync(file));
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    });
    expect(sums[0]).toBe(sums[1] ?? "");
  },
  LIMIT_MS,
);

test("an archive has no time, no owner and no system in it, and tar reads it", () => {
  const files = [
    { path: "a/empty", bytes: Buffer.alloc(0) },
    { path: "a/b", bytes: Buffer.from("hello") },
  ];
  const archive = tarGz(files);
  const header = Buffer.from(archive.subarray(0, 10)).toString("hex");
  expect(header).toBe("1f8b08000000000002ff");
  const listed = Bun.spawnSync(["tar", "--utc", "-tzvf", "-"], { stdin: Buffer.from(archive) });
  const lines = listed.stdout.toString().trim().split("\n");
  expect(lines.map((line) => line.split(/\s+/).slice(0, 3).join(" "))).toEqual([
    "-rw-r--r-- 0/0 0",
    "-rw-r--r-- 0/0 5",
  ]);
});

test("the licences and the list of what is inside name each library, and the runtime", () => {
  const licences = thirdParty();
  const release = { version, date: "2026-11-28T00:00:00.000Z", sums: "abc\n" };
  const list = bill(release);
  expect(bill(release)).toBe(list);
  const told = JSON.parse(list);
  expect(told).toMatchObject({ bomFormat: "CycloneDX", metadata: { timestamp: release.date } });
  expect(told.metadata.component).toMatchObject({ name: "p2p", version });
  // Those that libraries of ours need themselves are inside as well.
  const inside: string[] = told.components.map(({ name }: { name: string }) => name);
  expect(inside).toEqual(expect.arrayContaining(["bun", ...Object.keys(dependencies)]));
  const libraries = inside.filter((name) => name !== "bun");
  for (const name of libraries) expect(licences).toContain(`\n${name} `);
  expect(libraries).not.toContain("typescript");
  expect(licences).toContain("JavaScriptCore");
  expect(licences.match(/MIT License/g)?.length).toBeGreaterThanOrEqual(2);
}, 60_000);
