import { describe, expect, test } from "bun:test";
import { parseHost, parseHostPort } from "../../../src/commands/cli/address.ts";
import { UsageError } from "../../../src/commands/cli/errors.ts";
import {
  optional,
  parseBasePort,
  parseCopies,
  parseDurationMs,
  parseId,
  parseIds,
  parseIntervalMs,
  parseKeys,
  parsePort,
  parseRate,
  parseWord,
} from "../../../src/commands/cli/values.ts";

type Parser = (what: string, text: string) => unknown;
type Table = readonly [
  name: string,
  parse: Parser,
  good: readonly (readonly [string, unknown])[],
  bad: readonly string[],
];

const NUMBERS_AT_ALL = [
  "",
  " ",
  "x",
  "-3",
  "+3",
  "1e3",
  "0x10",
  "Infinity",
  "NaN",
  "1,5",
  "3 ",
  "٣",
];
const route: Parser = (what, text) => parseWord(what, text, ["successor", "direct"]);

const TABLE: readonly Table[] = [
  [
    "copies",
    parseCopies,
    [
      ["1", 1],
      ["16", 16],
    ],
    ["0", "17", ...NUMBERS_AT_ALL],
  ],
  [
    "rate",
    parseRate,
    [
      ["1M", 1e6],
      ["50M", 5e7],
      ["1.5g", 1.5e9],
      ["200000000", 2e8],
      ["50MB/s", 5e7],
    ],
    ["999k", "0", "M", "50X", "99999T", ...NUMBERS_AT_ALL],
  ],
  [
    "id",
    parseId,
    [
      ["0", 0],
      ["255", 255],
      ["07", 7],
    ],
    ["256", "2.5", "9".repeat(30), ...NUMBERS_AT_ALL],
  ],
  [
    "interval",
    parseIntervalMs,
    [
      ["30", 30_000],
      ["0.5", 500],
      [".25", 250],
      ["3600", 3_600_000],
      ["0.0001", 1],
    ],
    ["0", "0.0", "3600.1", "3601", "5.", ".", "1.2.3", ...NUMBERS_AT_ALL],
  ],
  ["duration", parseDurationMs, [["604800", 604_800_000]], ["0", "604801", ...NUMBERS_AT_ALL]],
  [
    "port",
    parsePort,
    [
      ["1", 1],
      ["65535", 65_535],
    ],
    ["0", "65536", ...NUMBERS_AT_ALL],
  ],
  [
    "base port",
    parseBasePort,
    [
      ["1024", 1024],
      ["65280", 65_280],
    ],
    ["1023", "65281", ...NUMBERS_AT_ALL],
  ],
  [
    "ids",
    parseIds,
    [
      ["5", [5]],
      ["9, 2,4", [2, 4, 9]],
    ],
    ["", "2,", ",2", "2,2", "2,02", "2,256", "2 4"],
  ],
  [
    "keys",
    parseKeys,
    [
      ["7,7", [7, 7]],
      ["281474976710655", [2 ** 48 - 1]],
    ],
    ["", "7,", "281474976710656", "7,x", "1,".repeat(300)],
  ],
  ["word", route, [["direct", "direct"]], ["", "Direct", "dirct", "finger"]],
  [
    "host",
    parseHost,
    [
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "::1"],
      ["[::1]", "::1"],
      ["2001:DB8:0:0::0007", "2001:db8::7"],
      ["[0:0:0:0:0:0:0:1]", "::1"],
      ["::ffff:192.0.2.7", "192.0.2.7"],
      ["fe80::1%eth0", "fe80::1%eth0"],
      ["a-b.example", "a-b.example"],
    ],
    [
      "",
      "999.1.1.1",
      "1.2.3",
      "a b",
      "a:1",
      "-a",
      "[::1",
      "[1.2.3.4]",
      "a..b",
      "a".repeat(254),
      "a/b",
    ],
  ],
  [
    "host and port",
    parseHostPort,
    [
      ["127.0.0.1:12256", { host: "127.0.0.1", port: 12_256 }],
      ["[2001:db8::7]:1", { host: "2001:db8::7", port: 1 }],
      ["name:65535", { host: "name", port: 65_535 }],
    ],
    [
      "",
      ":",
      "name",
      "name:",
      ":12",
      "name:0",
      "name:65536",
      "name:x",
      "::1:5",
      "2001:db8::7",
      "a b:1",
    ],
  ],
];

for (const [name, parse, good, bad] of TABLE) {
  describe(name, () => {
    test.each(good.map(([text, value]) => ({ text, value })))("$text", ({ text, value }) => {
      expect(parse("IT", text)).toEqual(value);
    });

    test.each(bad)("not %j", (text) => {
      expect(() => parse("IT", text)).toThrow(UsageError);
      expect(() => parse("IT", text)).toThrow(/\bIT\b/);
    });
  });
}

test("a sentence names the argument and what was given", () => {
  const sentence = 'SECOND must be a whole number from 0 to 255, not "300"';
  expect(() => parseId("SECOND", "300")).toThrow(sentence);
  expect(() => parseWord("--route", "dirct", ["successor", "direct"])).toThrow(
    "did you mean direct?",
  );
  expect(() => parseIds("--ids", "4,2,4")).toThrow("--ids names 4 twice");
});

test("what is not given is not parsed", () => {
  expect(optional(parseId, "IT", undefined)).toBeNull();
  expect(optional(parseId, "IT", "0")).toBe(0);
});
