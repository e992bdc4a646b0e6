// How much of src/ the tests ran, read off the runner's report of it.

/**
 * Sums up a report in the format of lcov: `SF` begins a file, `LF` is how many lines of it can be run,
 * `LH` how many were. Files outside of src/ do not count.
 *
 * @param {string} report
 * @returns {{ files: number, lines: number, run: number }}
 */
export function lineCoverage(report) {
  const sum = { files: 0, lines: 0, run: 0 };
  let counts = false;
  for (const line of report.split("\n")) {
    const [field, value = ""] = line.trim().split(/:(.*)/);
    if (field === "SF") {
      counts = /^(\.\/)?src\//.test(value);
      if (counts) sum.files += 1;
    }
    if (counts && field === "LF") sum.lines += Number(value);
    if (counts && field === "LH") sum.run += Number(value);
  }
  return sum;
}

/**
 * One line for people. The share is rounded down: only all is 100 %.
 *
 * @param {ReturnType<typeof lineCoverage>} sum
 * @param {number} sources how many files src/ has: those that were not loaded are in no report
 * @returns {string}
 */
export function tellCoverage({ files, lines, run }, sources) {
  const percent = lines === 0 ? "0.0" : (Math.floor((1000 * run) / lines) / 10).toFixed(1);
  return `line coverage of src/: ${percent} % (${run} of ${lines} lines, in ${files} of ${sources} files)`;
}
