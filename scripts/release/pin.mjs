// node scripts/release/pin.mjs: takes down the hashes of the runtimes of the compiler that is installed, in
// scripts/release/runtimes.json. To be run when bun's version changes; what changed is then seen in the diff.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asScript, root } from "../toolchain.mjs";
import { bunVersion, fetchPackage, hashOf, TARGETS } from "./targets.mjs";

await asScript(() => {
  const version = bunVersion();
  const folder = mkdtempSync(join(tmpdir(), "p2p-runtimes-"));
  try {
    const integrity = {};
    for (const { name, runtime } of TARGETS) {
      integrity[runtime] = hashOf(fetchPackage(`@oven/bun-${runtime}@${version}`, folder, name));
      console.log(`${runtime} ${integrity[runtime]}`);
    }
    const text = `${JSON.stringify({ version, integrity }, null, 2)}\n`;
    writeFileSync(join(root, "scripts", "release", "runtimes.json"), text);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
