// npm run fuzz: plays hostile cases until one fails. `npm run fuzz -- wire --for 10m`; see docs/FUZZING.md.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { asScript, build, bun, mendBun, root } from "./toolchain.mjs";

/** They start the compiled program. */
const NEED_PROGRAM = ["cli", "control", "start"];

await asScript(() => {
  const args = process.argv.slice(2);
  const named = args.filter((arg) => /^[a-z]/.test(arg));
  if (named.length === 0 || named.some((name) => NEED_PROGRAM.includes(name))) build();
  else mendBun();
  const main = join(root, "test", "fuzz", "main.ts");
  return spawnSync(bun, [main, ...args], { cwd: root, stdio: "inherit" }).status ?? 1;
});
