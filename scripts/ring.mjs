// npm run ring: builds, then shows a ring of 8 living peers. `npm run ring -- 16` shows another.
import { spawn } from "node:child_process";
import { asScript, build, program } from "./toolchain.mjs";

await asScript(() => {
  build();
  const extra = process.argv.slice(2);
  return runRing(extra.length > 0 ? extra : ["8"]);
});

/**
 * Runs the ring in this terminal. Ctrl-C reaches the ring by itself, being sent to the whole
 * foreground group: here it is only waited for, so that npm sees an ordinary end and says nothing.
 */
function runRing(args) {
  const child = spawn(program, ["ring", ...args], { stdio: "inherit" });
  let interrupted = false;
  process.on("SIGINT", () => {
    interrupted = true;
  });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      const stopped = interrupted && (signal === "SIGINT" || code === 130);
      resolve(stopped ? 0 : (code ?? 1));
    });
  });
}
