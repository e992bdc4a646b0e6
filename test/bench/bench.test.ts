/** That the bench works; what it measures is nobody's promise. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Line } from "../../bench/figures.ts";
import { reaped } from "../support/reap.ts";

const MAIN = join(import.meta.dir, "../../bench/main.ts");
const LIMIT_MS = 120_000;

async function bench(...args: readonly string[]) {
  const child = reaped(
    Bun.spawn([process.execPath, MAIN, ...args], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

test(
  "prints a line of JSON for each figure, of peers and baselines",
  async () => {
    const { code, stdout, stderr } = await bench("--tiny", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    for (const line of lines) {
      expect(line).toMatchObject({ v: 1, rounds: 1 });
      expect(line.medianMs ?? line.perSecond ?? line.pssBytes).toBeGreaterThan(0);
    }
    const benches = new Set(lines.map(({ bench: name }) => name));
    for (const name of ["Bun.serve echo", "framed echo", "put, ring of 3", "get, ring of 8"]) {
      expect(benches).toContain(name);
    }
    for (const name of ["echo", "store", "request", "raw copy", "peer to peer", "p2p ring 2"]) {
      expect(benches).toContain(name);
    }
    for (const name of ["memory loaded", "restart until in the ring"]) {
      expect(benches).toContain(name);
    }
  },
  LIMIT_MS,
);

test("an unknown flag is refused", async () => {
  const { code, stderr } = await bench("--fast");
  expect(code).toBe(2);
  expect(stderr).toContain("There is no flag --fast");
});
