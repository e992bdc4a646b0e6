/** One rule for names: what one check takes, all the others take, for every character that there is. */
import { describe, expect, test } from "bun:test";
import { nameOfPath, pathOfName } from "../../../src/control/names.ts";
import { parseTyped } from "../../../src/daemon/typed.ts";
import { isConflictName } from "../../../src/protocol/model/files.ts";
import {
  isFileName,
  nameForms,
  printable,
  show,
  storedName,
  wrongName,
  wrongToStore,
} from "../../../src/protocol/model/names.ts";
import { Reader, Writer } from "../../../src/wire/bytes.ts";
import { fileName } from "../../../src/wire/values.ts";

const LAST = 0x10ffff;
const UNLIMITED_MS = 120_000;
const CATEGORIES =
  "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn";

/** The rule once more, in other words. */
function isGood(name: string): boolean {
  const points = [...name].map((character) => character.codePointAt(0) ?? 0);
  const halves = points.some((code) => code >= 0xd800 && code <= 0xdfff);
  const controls = points.some((code) => code < 0x20 || (code >= 0x7f && code <= 0x9f));
  const bytes = Buffer.byteLength(name);
  return !halves && !controls && bytes >= 1 && bytes <= 255 && name !== "." && name !== "..";
}

const writer = new Writer();

/** Whether the wire carries a name, and gives it back as it was. */
function crossesWire(name: string): boolean {
  writer.reset();
  try {
    fileName.write(writer, name);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  return fileName.read(new Reader(writer.finish())) === name;
}

/** Whether the wire takes the bytes of a name from a peer that knows no rule; null if there are none. */
function comesOffWire(name: string): boolean | null {
  if (!name.isWellFormed()) return null;
  const bytes = Buffer.from(name);
  try {
    return (
      fileName.read(new Reader(Buffer.concat([Buffer.from([0, bytes.length]), bytes]))) === name
    );
  } catch {
    return false;
  }
}

function crossesPath(name: string): boolean {
  return nameOfPath(pathOfName(name), "files") === name;
}

/** All checks of a name, and of what becomes of it at a control socket. @returns the first that differs from the rule */
function disagreement(name: string): string | null {
  const good = isGood(name);
  const stored = storedName(name);
  const forms = nameForms(name);
  const found = stored === name ? good : isGood(stored) || good || isGood(name.normalize("NFD"));
  if (isFileName(name) !== good) return `the rule on ${JSON.stringify(name)}`;
  if (crossesWire(name) !== good) return `the wire, out, on ${JSON.stringify(name)}`;
  if ((comesOffWire(name) ?? good) !== good) return `the wire, in, on ${JSON.stringify(name)}`;
  const storable = stored === name ? good : isGood(stored);
  if ((wrongToStore(name, 48) === null) !== storable) return `a store of ${JSON.stringify(name)}`;
  if ((wrongName(name, 48) === null) !== found) return `a search for ${JSON.stringify(name)}`;
  if (forms.every(isFileName) !== found) return `the forms of ${JSON.stringify(name)}`;
  if (good && !forms.includes(name)) return `the form of ${JSON.stringify(name)} as it is`;
  if (storable && forms[0] !== stored) return `the first form of ${JSON.stringify(name)}`;
  if (storedName(stored) !== stored) return `the form stored of ${JSON.stringify(name)}`;
  if (good && !crossesPath(name)) return `the control socket on ${JSON.stringify(name)}`;
  return null;
}

function disagreements(names: Iterable<string>): string[] {
  const found: string[] = [];
  for (const name of names) {
    const why = disagreement(name);
    if (why !== null) found.push(why);
    if (found.length > 9) break;
  }
  return found;
}

function* everyCharacter(): Generator<string> {
  for (let code = 0; code <= LAST; code++) yield String.fromCodePoint(code);
}

/** Of each general category and each length in UTF-8 the first and the last, and what is special. */
function samples(): string[] {
  const found = new Set<string>();
  const patterns = CATEGORIES.split(" ").map((name) => new RegExp(`\\p{${name}}`, "u"));
  for (const [from, to] of LENGTHS) {
    const last = new Map<RegExp, string>();
    for (let code = from; code <= to; code++) {
      const character = String.fromCodePoint(code);
      const pattern = patterns.find((one) => one.test(character));
      if (pattern === undefined) continue;
      // What is often found is looked for first.
      patterns.splice(patterns.indexOf(pattern), 1);
      patterns.unshift(pattern);
      if (!last.has(pattern)) found.add(character);
      last.set(pattern, character);
    }
    for (const character of last.values()) found.add(character);
  }
  // Separators, marks that change places, letters that grow when they are composed, and halves.
  for (const special of SPECIAL.split("")) found.add(special);
  return [...found];
}
const LENGTHS = [
  [0, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xffff],
  [0x10000, LAST],
] as const;
const SPECIAL =
  "./\\ \u0301\u0323\u0958\ufb2c\u1161\u11a8\uac00\ufeff\ufffd\u200d\ud800\ue000\udbff\udc00\ue000\udfff";
const SAMPLES = samples();

describe("all checks agree", () => {
  test(
    "on every character alone",
    () => {
      expect(disagreements(everyCharacter())).toEqual([]);
    },
    UNLIMITED_MS,
  );

  test(
    "on characters of all classes together",
    () => {
      const all = samples();
      expect(all.length).toBeGreaterThan(100);
      function* pairs(): Generator<string> {
        for (const a of SAMPLES) for (const b of SAMPLES) yield* [a + b, `x${a}${b}`, `${a}y${b}`];
      }
      expect(disagreements(pairs())).toEqual([]);
    },
    UNLIMITED_MS,
  );

  test(
    "at the limits of the length",
    () => {
      function* limits(): Generator<string> {
        yield* ["", ".", "..", "...", "a/..", "/", "\0"];
        for (const one of SAMPLES) {
          for (let bytes = 250; bytes <= 260; bytes++) {
            yield one + "a".repeat(Math.max(0, bytes - Buffer.byteLength(one)));
            yield one.repeat(Math.ceil(bytes / Buffer.byteLength(one)));
          }
        }
      }
      expect(disagreements(limits())).toEqual([]);
    },
    UNLIMITED_MS,
  );

  test("at the terminal: a name is typed as it is", () => {
    const wrong = SAMPLES.flatMap((one) => {
      const name = `a${one}b`;
      const typed = parseTyped(`Request ${name}`, 48);
      const good = wrongName(name, 48) === null;
      return (typed.kind === "request" && typed.name === name) === good ? [] : [name];
    });
    expect(wrong).toEqual([]);
  });
});

test("blanks around a typed name are none of it, others are", () => {
  const names = ["Request  a  b\t\r", "\tREQUEST a  b", "request a  b "].map((line) =>
    parseTyped(line, 48),
  );
  for (const typed of names) expect(typed).toEqual({ kind: "request", name: "a  b" });
  expect(parseTyped("Where \u00a0x", 48)).toEqual({ kind: "where", name: "\u00a0x" });
  expect(parseTyped(" store \u00a02067 ", 8)).toEqual({ kind: "store", name: "2067" });
  expect(parseTyped("store\t2067", 8)).toEqual({ kind: "store", name: "2067" });
  expect(parseTyped("Quit ", 8)).toEqual({ kind: "quit" });
});

test("in a numbered ring a name is four digits, or a conflict of such", () => {
  for (const name of ["a912", "32134", "207", "2067\n", "report.pdf", "２０６７"]) {
    expect(wrongName(name, 8)).toContain("exactly four digits");
    expect(wrongToStore(name, 8)).toContain("exactly four digits");
  }
  expect(wrongName("0000", 8)).toBeNull();
  expect(wrongToStore("0000", 8)).toBeNull();
  expect(wrongName("2067.conflict-0123456789abcdef-7", 8)).toBeNull();
  expect(wrongToStore("2067.conflict-0123456789abcdef-7", 8)).toContain("of a conflict copy");
  for (const none of ["a912.conflict-0123456789abcdef-7", "2067.conflict-7-19-1"]) {
    expect(wrongName(none, 8)).toContain("exactly four digits");
  }
});

test("the name of a conflict copy can be asked for, and nothing can be stored under it", () => {
  const conflicts = [
    "a.conflict-0123456789abcdef-7",
    "a.conflict-0123456789abcdef-7-k0",
    "é.txt.conflict-0123456789abcdef-12345678901-kfeedc0ffee00",
    "a.conflict-7-19-1",
  ];
  for (const name of conflicts) {
    expect(isConflictName(name)).toBe(true);
    expect(wrongName(name, 48)).toBeNull();
    expect(wrongToStore(name, 48)).toContain("that of a conflict copy");
    expect(wrongToStore(name.normalize("NFD"), 48)).toContain("that of a conflict copy");
    expect(parseTyped(`Remove ${name}`, 48)).toEqual({ kind: "remove", name });
    expect(parseTyped(`Store ${name}`, 48).kind).toBe("refused");
  }
  for (const name of [
    "a.conflict-0123456789abcde-7",
    "a.conflict-0123456789ABCDEF-7",
    "a.conflict-0123456789abcdef-7.txt",
    "a.conflict-0123456789abcdef-7-k",
    "conflict-1-2-3",
    "a.conflict-1-2",
  ]) {
    expect(wrongToStore(name, 48)).toBeNull();
  }
});

test("names that look the same are stored as one, and found in any form", () => {
  const composed = "caf\u00e9.pdf";
  const apart = "cafe\u0301.pdf";
  expect(storedName(apart)).toBe(composed);
  expect(nameForms(apart)).toEqual([composed, apart]);
  expect(nameForms(composed)).toEqual([composed, apart]);
  // Some as typed are neither.
  expect(nameForms("a\u0323\u0301\u1ea1\u0301").length).toBeGreaterThan(1);
  expect(nameForms("2067")).toEqual(["2067"]);
  // What fits only when it is composed can be stored; what fits only as it is can be found.
  expect(wrongToStore("e\u0301".repeat(127), 48)).toBeNull();
  expect(nameForms("e\u0301".repeat(127))).toEqual(["\u00e9".repeat(127)]);
  expect(wrongToStore("\u0958".repeat(80), 48)).toContain("longer");
  expect(nameForms("\u0958".repeat(80))).toEqual(["\u0958".repeat(80)]);
});

test("what is shown of a name is nothing that a terminal obeys", () => {
  const wild = "a\u001b[2J\u009b2J\u007f\n\u2028\u202e\ud800b";
  for (const text of [show(wild), printable(wild)]) {
    expect(text).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    expect(JSON.parse(text)).toBe(wild);
  }
  expect(printable("café 👩‍👧.pdf")).toBe("café 👩‍👧.pdf");
  expect(printable("a\u202eb")).toBe('"a\\u202eb"');
});

test("what is typed to be stored may be no name that bytes which are no text are read as", () => {
  const typed = (line: string) => parseTyped(line, 48);
  expect(typed("Store caf\ufffd.txt")).toMatchObject({ kind: "refused" });
  expect(typed("Request caf\ufffd.txt")).toMatchObject({ kind: "request", name: "caf\ufffd.txt" });
});
