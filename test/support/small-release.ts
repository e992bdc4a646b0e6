/** A release as `npm run release` makes them, of a small program, so that it is made at once. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
/** Plain JavaScript, without types. */
const scripts = (name: string) => import(join(ROOT, "scripts", "release", name));
const { tarGz }: { tarGz(files: readonly File[]): Uint8Array } = await scripts("archive.mjs");
const { TARGETS }: { TARGETS: readonly object[] } = await scripts("targets.mjs");
const { packNpm }: { packNpm: PackNpm } = await scripts("npm.mjs");

type PackNpm = (
  target: object | null,
  version: string,
  files: readonly File[],
) => readonly { readonly name: string; readonly bytes: Uint8Array }[];

type File = { readonly path: string; readonly bytes: Buffer; readonly executable?: boolean };

/** What stands in for the program: it says which version it is, and nothing else. */
export function standIn(version: string): string {
  const json = `{"version":"${version}","commit":null,"bun":"0","platform":"any"}`;
  return [
    "#!/bin/sh",
    `if [ "$2" = --json ]; then echo '${json}'; exit; fi`,
    `if [ "$1" = --version ]; then echo '${version}'; exit; fi`,
    `printf '[%s]' "$@"`,
    "exit 3",
    "",
  ].join("\n");
}

function filesOf(program: string | Uint8Array): File[] {
  return [
    { path: "p2p", bytes: Buffer.from(program), executable: true },
    { path: "completions/bash/p2p", bytes: Buffer.from("# bash\n") },
    { path: "completions/zsh/_p2p", bytes: Buffer.from("# zsh\n") },
    { path: "completions/fish/p2p.fish", bytes: Buffer.from("# fish\n") },
    { path: "man/p2p.1", bytes: Buffer.from(".TH P2P 1\n") },
  ];
}

/** Writes a release with one archive. @returns the archive's name */
export function writeRelease(
  folder: string,
  version: string,
  platform: string,
  program: string | Uint8Array = standIn(version),
): string {
  mkdirSync(folder, { recursive: true });
  const top = `p2p-${version}-${platform}`;
  const files = filesOf(program);
  const archive = tarGz(files.map((file) => ({ ...file, path: `${top}/${file.path}` })));
  const name = `${top}.tar.gz`;
  writeFileSync(join(folder, name), archive);
  const sum = createHash("sha256").update(archive).digest("hex");
  writeFileSync(join(folder, "SHA256SUMS"), `${sum}  ${name}\n`);
  return name;
}

type Manifest = { readonly name: string; readonly [key: string]: unknown };

/** npm's packages of such a release: the one that people install, and one for each system. */
export function packages(version: string): {
  readonly manifest: Manifest;
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}[] {
  const files = filesOf(standIn(version));
  return [null, ...TARGETS].flatMap((target) =>
    packNpm(target, version, target === null ? files.slice(1) : files).map(({ name, bytes }) => {
      const packed = new Uint8Array(bytes);
      return { manifest: manifestIn(packed), file: name, bytes: packed };
    }),
  );
}

/** It is the first file. */
function manifestIn(packed: Uint8Array<ArrayBuffer>): Manifest {
  const tar = Buffer.from(Bun.gunzipSync(packed));
  const size = Number.parseInt(tar.toString("latin1", 124, 135), 8);
  return JSON.parse(tar.toString("utf8", 512, 512 + size));
}
