// npm's packages: `p2p` itself, a few lines of JavaScript, which depends on one package for each system and is
// given by npm the one that fits. None has an install script.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../toolchain.mjs";
import { tarGz } from "./archive.mjs";
import { TARGETS } from "./targets.mjs";

/**
 * @param target one of TARGETS, or null for the package that people install
 * @param {readonly { path: string, bytes: Buffer, executable?: boolean }[]} files what goes with it
 * @returns {{ name: string, bytes: Buffer }[]} none for a target of which npm cannot tell where it fits
 */
export function packNpm(target, version, files) {
  if (target?.npm === null) return [];
  const told = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { description, license } = told;
  const common = { version, description, license };
  if (target !== null) {
    const { npm: name, os, cpu, libc } = target;
    const where = { os: [os], cpu: [cpu], ...(libc === null ? {} : { libc: [libc] }) };
    // People are given it by the package that depends on it.
    const programs = files.filter(({ path }) => path === "p2p" || !path.includes("/"));
    return [packed({ name, ...common, ...where, preferUnplugged: true }, programs)];
  }
  const packages = TARGETS.flatMap(({ npm }) => npm ?? []);
  const manifest = {
    ...{ name: told.name, ...common, type: "module", bin: { p2p: "p2p.mjs" } },
    ...{ engines: told.engines, man: files.map(({ path }) => path).filter(isManual) },
    optionalDependencies: Object.fromEntries(packages.map((name) => [name, version])),
  };
  const launcher = readFileSync(join(root, "scripts", "release", "launcher.mjs"));
  const readme = readFileSync(join(root, "README.md"));
  const own = [
    { path: "p2p.mjs", bytes: launcher, executable: true },
    { path: "README.md", bytes: readme },
  ];
  return [packed(manifest, [...own, ...files])];
}

function isManual(path) {
  return /^man\/.*\.1$/.test(path);
}

function packed(manifest, files) {
  const json = {
    path: "package.json",
    bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`),
  };
  const within = [json, ...files].map((file) => ({ ...file, path: `package/${file.path}` }));
  return { name: `npm-${manifest.name}-${manifest.version}.tgz`, bytes: tarGz(within) };
}
