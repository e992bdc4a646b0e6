#!/usr/bin/env node
// Starts the program that npm has put beside this package for this system, and ends as it ends.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT"];

const program = find();
if (program === null) {
  console.error(
    `p2p has no program for ${process.platform}-${process.arch} here: install it with optional dependencies (npm install --include=optional), or take an archive of the release`,
  );
  process.exitCode = 1;
} else {
  run(program);
}

/** Of the two for Linux npm installs the one that fits; old ones of npm install both. */
function find() {
  const require = createRequire(import.meta.url);
  const base = `p2p-${process.platform}-${process.arch}`;
  const names = isMusl() ? [`${base}-musl`, base] : [base, `${base}-musl`];
  for (const name of names) {
    try {
      return require.resolve(`${name}/p2p`);
    } catch {
      // It is another one.
    }
  }
  return null;
}

function isMusl() {
  return process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
}

function run(file) {
  const child = spawn(file, process.argv.slice(2), { stdio: "inherit" });
  // A terminal sends Ctrl-C to both: here it only must not end what waits for the other.
  for (const signal of SIGNALS) {
    const pass = signal === "SIGINT" && process.stdin.isTTY ? () => {} : () => child.kill(signal);
    process.on(signal, pass);
  }
  child.on("error", (error) => {
    console.error(`${file} does not start (${error.message})`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    for (const each of SIGNALS) process.removeAllListeners(each);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}
