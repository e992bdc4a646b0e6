import { expect, test } from "bun:test";
import { parseReport } from "../../src/mark/document.ts";
import { csvOf, type Entry, gradescopeOf, junitOf } from "../../src/mark/files.ts";
import { reportDocument } from "../../src/mark/report.ts";
import { sample } from "./sample.ts";

const WRONG = "File 4103 is stored here";
const ENTRIES: readonly Entry[] = [
  { name: "alice", report: sample([]), error: null },
  {
    name: "bob & co, <ltd>",
    report: sample([WRONG], ["File 4103 is <kept> here\x1b"]),
    error: null,
  },
  { name: "=1+1", report: null, error: 'it said "no"' },
];

test("a document is read back as the report that it was made of", () => {
  for (const report of [sample([]), sample([WRONG], ["File 4103 is kept here"], false)]) {
    const back = parseReport(JSON.stringify(reportDocument(report, null)));
    expect(JSON.stringify(reportDocument(back ?? sample([]), 90))).toBe(
      JSON.stringify(reportDocument(report, 90)),
    );
    expect(back?.criteria.map(({ tookMs }) => tookMs)).toEqual(
      report.criteria.map(({ tookMs }) => tookMs),
    );
  }
});

test("what is no such document is none", () => {
  for (const text of ["", "{}", "[]", "null", '{"v":2}', '{"v":1,"times":{},"checks":[{}]}']) {
    expect(parseReport(text)).toBeNull();
  }
});

test("CSV has a line for each, with nothing that a spreadsheet would compute", () => {
  expect(csvOf(ENTRIES).split("\r\n")).toEqual([
    "submission,pings,graceful departure,insertion,joining,abrupt departure,retrieval,together,error",
    "alice,24,17,11,14,12,12,90,",
    '"bob & co, <ltd>",24,17,11,14,12,10.9,88.9,',
    `'=1+1,0,0,0,0,0,0,0,"it said ""no"""`,
    "",
  ]);
});

test("JUnit has a suite for each, a case for each criterion, and is sound XML", () => {
  const xml = junitOf(ENTRIES);
  expect(xml.match(/<testcase /g)).toHaveLength(18);
  expect(xml).toContain('<testsuite name="alice" tests="6" failures="0" errors="0">');
  expect(xml).toContain(
    '<testsuite name="bob &amp; co, &lt;ltd&gt;" tests="6" failures="1" errors="0">',
  );
  expect(xml).toContain('<failure message="10.9 of 12 marks">retrieval: 1.1 of 12 marks lost');
  expect(xml).toContain('<error message="it said &quot;no&quot;"/>');
  expect(xml).not.toContain("\x1b");
  // Every element is closed by its own name.
  const open: string[] = [];
  for (const [, end, name, single] of xml.matchAll(/<(\/?)(\w+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (end === "/") expect(open.pop()).toBe(name);
    else if (single !== "/") open.push(name ?? "");
  }
  expect(open).toEqual([]);
});

test("Gradescope gets a test for each criterion, with what was missing", () => {
  const [all, some, none] = ENTRIES.map((entry) => JSON.parse(gradescopeOf(entry)));
  expect(all.score).toBe(90);
  expect(all.tests.map((each: { output: string }) => each.output)).toEqual(Array(6).fill(""));
  expect(some.score).toBe(88.9);
  expect(some.tests[5]).toMatchObject({ name: "retrieval", score: 10.9, max_score: 12 });
  expect(some.tests[5].output).toContain(`peer 8: ${WRONG}`);
  expect(none).toMatchObject({ score: 0, output: '0 of 90 marks\nit said "no"' });
});
