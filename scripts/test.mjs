// npm test: builds, then runs the tests. `npm test -- test/commands` runs some of them.
// The very last line is "N passed, N failed", as counted in the runner's own report; the one before it
// tells how much of src/ was run.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineCoverage, tellCoverage } from "./coverage.mjs";
import { asScript, BuildError, build, bun, root } from "./toolchain.mjs";

/** For a test that names no limit of its own: the runner's is too tight for a machine ten times slower. */
const LIMIT_MS = 60_000;
/** Files at a time: while one waits for its peers, another computes. More would have the peers late. */
const AT_ONCE = 2;

await asScript(() => {
  const { passed, failed } = counted();
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
});

/** A build that fails counts as one failed test, so that the last line is there all the same. */
function counted() {
  try {
    build();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    return { passed: 0, failed: 1 };
  }
  return runTests(process.argv.slice(2));
}

function runTests(extra) {
  const dir = mkdtempSync(join(tmpdir(), "p2p-test-"));
  const report = join(dir, "junit.xml");
  try {
    const reports = ["--reporter=junit", `--reporter-outfile=${report}`];
    const coverage = ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${dir}`];
    const args = [
      "test",
      `--timeout=${LIMIT_MS}`,
      `--parallel=${AT_ONCE}`,
      ...reports,
      ...coverage,
      ...extra,
    ];
    const done = spawnSync(bun, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    const { passed, failed } = readReport(report);
    sayCoverage(join(dir, "lcov.info"));
    // A file that does not load, or a runner that dies, is in no report.
    return { passed, failed: done.status === 0 ? failed : Math.max(failed, 1) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What the compiled program runs in a process of its own is not seen. A runner that dies leaves no report. */
function sayCoverage(path) {
  if (!existsSync(path)) return;
  const sources = readdirSync(join(root, "src"), { recursive: true });
  const count = sources.filter((name) => name.endsWith(".ts")).length;
  console.log(tellCoverage(lineCoverage(readFileSync(path, "utf8")), count));
}

/** The totals stand in the attributes of the report's root element. */
function readReport(path) {
  let head = "";
  try {
    head = /<testsuites\b[^>]*>/.exec(readFileSync(path, "utf8"))?.[0] ?? "";
  } catch {
    return { passed: 0, failed: 0 };
  }
  const total = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = total("failures") + total("errors");
  return { passed: total("tests") - failed - total("skipped"), failed };
}
