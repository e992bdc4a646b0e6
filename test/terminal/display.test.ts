import { expect, test } from "bun:test";
import {
  displayDuration,
  displayHash,
  displayList,
  displaySize,
  displayTable,
} from "../../src/terminal/display.ts";

test("sizes", () => {
  const shown = [0, 1, 999, 1_000, 12_440_000, 999_600, 2 ** 31, 2 ** 53].map(displaySize);
  expect(shown).toEqual(["0 B", "1 B", "999 B", "1 kB", "12.4 MB", "1 MB", "2.15 GB", "9.01 PB"]);
});

test("durations", () => {
  const shown = [0.4171, 31.2, 999.6, 1_250, 59_949, 59_960, 125_000, 12_000_000].map(
    displayDuration,
  );
  expect(shown).toEqual([
    "0.417 ms",
    "31.2 ms",
    "1 s",
    "1.25 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 5 s",
    "3 h 20 min",
  ]);
});

test("lists, hashes and tables", () => {
  expect([[], [19], [19, 2], [19, 2, 4]].map((list) => displayList(list))).toEqual([
    "none",
    "19",
    "19 and 2",
    "19, 2 and 4",
  ]);
  expect(displayList(["A", "B", "C"], "disjunction")).toBe("A, B or C");
  expect(displayHash("9f86d081884c7d65")).toBe("9f86d081…");
  const table = displayTable(
    ["name", "size"],
    [
      ["2067", "12 B"],
      ["4103", "300 kB"],
    ],
  );
  expect(table.map((line) => line.replaceAll("\x1b[1m", "").replaceAll("\x1b[22m", ""))).toEqual([
    "name    size",
    "2067    12 B",
    "4103  300 kB",
  ]);
});
