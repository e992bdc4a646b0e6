// What the program itself makes for a release: completions of three shells, and the man pages.
import { program, run } from "../toolchain.mjs";

const SHELLS = { bash: "p2p", zsh: "_p2p", fish: "p2p.fish" };

/** @returns {{ path: string, bytes: Buffer }[]} of the program that was just built */
export function extras() {
  const completions = Object.entries(SHELLS).map(([shell, file]) => ({
    path: `completions/${shell}/${file}`,
    bytes: Buffer.from(run(program, ["completion", shell])),
  }));
  const pages = run(program, ["man", "--list"]).trim().split("\n");
  const manuals = pages.map((page) => ({
    path: `man/${page}.1`,
    bytes: Buffer.from(run(program, ["man", ...page.split("-").slice(1)])),
  }));
  return [...completions, ...manuals];
}
