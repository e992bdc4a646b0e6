/** What was released stays, and what is added since has a greater version: peers of releases are out there. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { decode, VERSION } from "../../src/wire/message.ts";
import { breachesOf, fileOf, presentLines } from "./released.ts";
import { HEADER } from "./vectors.ts";

/** The versions of releases, the first of which is v0.2.0's. */
const RELEASED = [3];
const LAST = Math.max(...RELEASED);

function linesOf(version: number): string[] {
  return readFileSync(fileOf(version), "utf8").trim().split("\n");
}

const present = { version: VERSION, lines: presentLines() };

test.each(RELEASED)(
  "what version %d has is there, unchanged, and nothing more before a greater one",
  (version) => {
    const lines = linesOf(version);
    expect(lines.length).toBeGreaterThan(100);
    expect(VERSION).toBeGreaterThanOrEqual(LAST);
    expect(breachesOf({ version, lines }, present)).toEqual([]);
  },
);

/** docs/PROTOCOL.md#how-it-grows: a peer speaks its own version and the one before it. */
test.each(RELEASED.filter((version) => version >= VERSION - 1))(
  "messages of version %d are taken",
  (version) => {
    const vectors = linesOf(version).flatMap((line) => {
      const [, number, body = ""] = /^(\d+): (\S*) takes/.exec(line) ?? [];
      return number === undefined
        ? []
        : [Number(number).toString(16).padStart(2, "0") + HEADER[1] + body];
    });
    expect(vectors.length).toBeGreaterThan(60);
    const magic = HEADER[0].slice(0, 4) + version.toString(16).padStart(2, "0");
    const refused = vectors.filter(
      (rest) => "error" in decode(Uint8Array.fromHex(magic + rest), "127.0.0.1"),
    );
    expect(refused).toEqual([]);
  },
);

test("a breach is seen, in its own version and in the next", () => {
  const { version, lines } = present;
  const [first = "", second = ""] = lines;
  const released = { version, lines };
  const breaches = (now: string[], as = version) =>
    breachesOf(released, { version: as, lines: now });
  const next = version + 1;
  expect(first).toStartWith("message 0");
  // Another number, or another vector: a new message, field, case or word.
  for (const added of ["message 41, by stream # new", "41: 00 takes 00000000"]) {
    expect(breaches([...lines, added])).toEqual([
      expect.stringContaining("VERSION has to be above"),
    ]);
    expect(breaches([...lines, added], next)).toEqual([]);
  }
  const longer = lines.map((line) => (line === second ? "0: 0100 takes 00000000" : line));
  expect(breaches(longer)).toHaveLength(2);
  expect(breaches(longer, next)).toEqual([]);
  // What a message is called is on no wire; its number and its way are.
  expect(breaches(lines.map((line) => line.replace(/ # .*/, " # renamed")))).toEqual([]);
  for (const as of [version, next]) {
    expect(breaches(lines.slice(1), as)).toEqual([expect.stringContaining("gone or changed")]);
    const changed = lines.map((line) => (line === first ? "message 0, by stream # hello" : line));
    expect(breaches(changed, as)[0]).toContain("gone or changed");
  }
});
