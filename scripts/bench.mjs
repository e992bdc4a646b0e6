// npm run bench: builds, then measures. `npm run bench -- --quick` takes a minute; see docs/BENCHMARKS.md.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { asScript, build, bun, root } from "./toolchain.mjs";

await asScript(() => {
  build();
  const args = [join(root, "bench", "main.ts"), ...process.argv.slice(2)];
  return spawnSync(bun, args, { cwd: root, stdio: "inherit" }).status ?? 1;
});
