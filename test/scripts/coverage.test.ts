import { expect, test } from "bun:test";
import { lineCoverage, tellCoverage } from "../../scripts/coverage.mjs";

const file = (path: string, lines: number, run: number) =>
  `TN:\nSF:${path}\nFNF:1\nFNH:1\nDA:1,7\nDA:2,0\nLF:${lines}\nLH:${run}\nend_of_record\n`;

test("the lines of src/ are added up, and no others", () => {
  const report = [
    file("src/wire/frame.ts", 40, 30),
    file("test/support/ports.ts", 1_000, 1),
    file("src/protocol/peer.ts", 60, 60),
    file("../copy/src/protocol/peer.ts", 60, 1),
    file("./src/main.ts", 100, 8),
  ].join("");
  expect(lineCoverage(report)).toEqual({ files: 3, lines: 200, run: 98 });
});

test("an empty report has no lines", () => {
  expect(lineCoverage("")).toEqual({ files: 0, lines: 0, run: 0 });
});

test.each([
  [{ files: 3, lines: 200, run: 98 }, "49.0 % (98 of 200 lines, in 3 of 9 files)"],
  [{ files: 9, lines: 10_000, run: 9_999 }, "99.9 % (9999 of 10000 lines, in 9 of 9 files)"],
  [{ files: 9, lines: 8, run: 8 }, "100.0 % (8 of 8 lines, in 9 of 9 files)"],
  [{ files: 0, lines: 0, run: 0 }, "0.0 % (0 of 0 lines, in 0 of 9 files)"],
])("told in one line: %j", (sum, told) => {
  expect(tellCoverage(sum, 9)).toBe(`line coverage of src/: ${told}`);
});
