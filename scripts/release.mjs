// npm run release: what is given to others, in dist/release/: an archive for each system with the program,
// its licences, man pages and completions; npm's packages; the list of what is inside; install.sh; and the
// sums of it all. See docs/RELEASING.md.
// `npm run release -- --only linux-x64,linux-arm64` builds some targets; `--out DIR` puts it elsewhere;
// `--address URL` is where it will be had, which install.sh then knows by itself.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { tarGz } from "./release/archive.mjs";
import { extras } from "./release/extras.mjs";
import { packNpm } from "./release/npm.mjs";
import { bill, thirdParty } from "./release/papers.mjs";
import { runtimeOf, TARGETS } from "./release/targets.mjs";
import { asScript, BuildError, build, commitHere, compile, root, run } from "./toolchain.mjs";

await asScript(() => {
  const { only, out, address } = optionsOf(process.argv.slice(2));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commit = commitHere();
  // It makes the completions and the man pages.
  build();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const papers = [
    { path: "LICENSE", bytes: readFileSync(join(root, "LICENSE")) },
    { path: "THIRD-PARTY.txt", bytes: Buffer.from(thirdParty()) },
    ...extras(),
  ];
  const sums = [];
  const put = (name, bytes) => {
    writeFileSync(join(out, name), bytes);
    sums.push({ name, sum: createHash("sha256").update(bytes).digest("hex") });
    console.log(`${name} ${(bytes.length / 1e6).toFixed(1)} MB`);
  };
  for (const target of TARGETS.filter(({ name }) => only === null || only.includes(name))) {
    const program = compiled(target, commit, out);
    const folder = `p2p-${version}-${target.name}`;
    const files = [{ path: "p2p", bytes: program, executable: true }, ...papers];
    const within = files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
    put(`${folder}.tar.gz`, tarGz(within));
    for (const { name, bytes } of packNpm(target, version, files)) put(name, bytes);
  }
  for (const { name, bytes } of packNpm(null, version, papers)) put(name, bytes);
  const install = readFileSync(join(root, "scripts", "install.sh"), "utf8");
  put("install.sh", Buffer.from(install.replace("P2P_FROM:-}", `P2P_FROM:-${address}}`)));
  const release = { version, date: dateOf(commit), sums: tellSums(sums) };
  put(`p2p-${version}.cdx.json`, Buffer.from(bill(release)));
  writeFileSync(join(out, "SHA256SUMS"), tellSums(sums));
  console.log(`${out}: ${sums.length} files of p2p ${version}, from ${commit ?? "no commit"}`);
  return 0;
});

/** @throws BuildError in a sentence that names the word */
function optionsOf(argv) {
  const names = TARGETS.map(({ name }) => name);
  let values;
  try {
    const options = {
      only: { type: "string" },
      out: { type: "string" },
      address: { type: "string" },
    };
    values = parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new BuildError(error.message);
  }
  const only = values.only?.split(",") ?? null;
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new BuildError(`--only takes ${names.join(", ")}, not "${unknown}"`);
  }
  const address = values.address ?? "";
  if (!/^(https?:\/\/[\w./:-]+)?$/.test(address)) {
    throw new BuildError(`--address takes the address of a folder, not "${address}"`);
  }
  return { only, out: resolve(values.out ?? join(root, "dist", "release")), address };
}

function compiled(target, commit, out) {
  const folder = join(out, `.${target.name}`);
  // The name goes into the program: it is the same for all.
  const file = join(folder, "p2p");
  try {
    const runtime = runtimeOf(target);
    compile(file, { commit, name: target.name, target: target.target, runtime });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tellSums(sums) {
  return sums.map(({ name, sum }) => `${sum}  ${name}\n`).join("");
}

/** When the commit was made: a release of it is not younger, whenever it is built. */
function dateOf(commit) {
  if (commit === null) return "1970-01-01T00:00:00.000Z";
  const seconds = Number(run("git", ["show", "--no-patch", "--format=%ct", "HEAD"]).trim());
  return new Date(seconds * 1000).toISOString();
}
