/** What is printed with `--json` is as docs/report.schema.json promises, and JUnit's XML has a case for each check. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { misfitsOfDocument } from "../support/documents.ts";
import { madeRun, runText } from "../support/made-run.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 120_000;
const IDS = [2, 4, 5, 8, 9, 14, 19, 30];
const SCENARIO = join(import.meta.dir, "../transcripts/ring-of-one.txt");
let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "p2p-documents-"));
  const lines = madeRun({ seed: 7, ids: IDS, faults: 3, operations: 60, everyMs: 4_000 });
  writeFileSync(join(dir, "run.jsonl"), runText(lines));
  writeFileSync(join(dir, "cut.jsonl"), runText(lines.slice(0, -40)));
  const calm = madeRun({ seed: 7, ids: IDS, faults: 0, operations: 10, everyMs: 4_000 });
  writeFileSync(join(dir, "calm.jsonl"), runText(calm));
  writeFileSync(join(dir, "wrong.txt"), readFileSync(SCENARIO, "utf8").replace(/^ {2}\d.*$/m, ""));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("a document of", () => {
  test.each([
    ["chaos", ["chaos", "check", "run.jsonl", "--max-heal", "1m"], 0, "passed"],
    ["chaos", ["chaos", "check", "run.jsonl", "--max-heal", "1ms"], 1, "failed"],
    ["chaos", ["chaos", "check", "cut.jsonl"], 3, "inconclusive"],
    ["chaos", ["chaos", "check", "calm.jsonl"], 3, "inconclusive"],
    ["seeds", ["sim", "--seeds", 1, "--from", 7], 0, "passed"],
    ["seed", ["sim", "--seed", 7], 0, "passed"],
    ["scale", ["sim", "--peers", 10, "--for", "20s", "--churn", "0.2/s"], 0, "passed"],
    ["scenario", ["sim", "--scenario", SCENARIO], 0, "passed"],
    ["scenario", ["sim", "--scenario", "wrong.txt"], 1, "failed"],
    ["schedule", ["sim", "--schedule", "run.jsonl"], 0, "passed"],
    ["schedule", ["sim", "--schedule", "calm.jsonl"], 3, "inconclusive"],
  ] as const)(
    "%s: %j",
    async (type, argv, exitCode, verdict) => {
      const told = await p2p([...argv, "--json", "--junit", "out.xml"], dir, LIMIT_MS);
      expect([told.stderr, told.exitCode]).toEqual(["", exitCode]);
      const document = JSON.parse(told.stdout);
      expect(misfitsOfDocument(document)).toEqual([]);
      expect(document).toMatchObject({ type, verdict, exitCode });
      const xml = readFileSync(join(dir, "out.xml"), "utf8");
      expect(xml.match(/<testcase /g)).toHaveLength(document.checks.length);
      expect(xml.includes("<failure ")).toBe(verdict === "failed");
      expect(xml.includes("<skipped ")).toBe(verdict === "inconclusive");
    },
    LIMIT_MS,
  );
});

test("what is not as promised is seen", () => {
  const head = { type: "scenario", v: 1, verdict: "passed", exitCode: 0, seed: 1, times: {} };
  const check = { name: "a", title: "b", verdict: "passed", why: null, peers: [] };
  const good = { ...head, checks: [check], path: "x" };
  expect(misfitsOfDocument(good)).toEqual([]);
  for (const bad of [
    { ...good, v: 2 },
    { ...good, exitCode: 2 },
    { ...good, path: undefined },
    { ...good, checks: [{ ...check, peers: ["2"] }] },
    { ...good, checks: [{ ...check, verdict: "held" }] },
    { ...good, times: { heal: { count: 1 } } },
    { ...good, seed: undefined },
  ]) {
    expect(misfitsOfDocument(JSON.parse(JSON.stringify(bad)))).not.toEqual([]);
  }
});
