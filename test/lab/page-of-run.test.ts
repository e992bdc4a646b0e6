/** A run is put on a page: small, whole in what matters, and safe whatever names are in it. */
import { describe, expect, test } from "bun:test";
import { pageOfRun } from "../../src/lab/page-of-run.ts";
import { collectRun } from "../../src/lab/run.ts";
import type { RunLine } from "../../src/lab/run-lines.ts";
import { judgeRun } from "../../src/lab/verdict.ts";
import { reportPage } from "../../src/page/document.ts";
import { ringAt } from "../../src/page/ring-at.ts";
import { madeRun } from "../support/made-run.ts";

const IDS = [2, 4, 5, 8, 9, 14, 19, 30];
const LINES = madeRun({ seed: 7, ids: IDS, faults: 6, operations: 200, everyMs: 4_000 });

function pageOf(lines: readonly RunLine[]) {
  return pageOfRun(judgeRun(collectRun(lines), { heal: 1_000 }));
}

describe("a run as it is drawn", () => {
  const page = pageOf(LINES);

  test("has its peers, faults, operations, times and limits", () => {
    expect(page.peers.map(({ id }) => id)).toEqual(IDS);
    expect(page.faults.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(page.operations).toHaveLength(200);
    expect(page.leftOut).toBe(0);
    expect(page.times.map(({ name, limitMs }) => [name, limitMs])).toEqual([
      ["detect", null],
      ["heal", 1_000],
      ["recopy", null],
      ["unavailable", null],
    ]);
  });

  test("shows the ring whole at its beginning, and its victim down after a kill", () => {
    const begin = ringAt(page, 0);
    expect(begin.peers.every(({ state }) => state === "running")).toBe(true);
    expect(begin.peers.flatMap(({ arrows }) => arrows).every(({ right }) => right)).toBe(true);
    const fault = page.faults.find(({ kind }) => ["kill", "restart", "quit"].includes(kind));
    const victim = fault?.peers[0];
    const during = ringAt(page, (fault?.from ?? 0) + 100);
    expect(during.peers.find(({ id }) => id === victim)?.state).toBe("down");
  });
});

test("a ring that was there before is drawn as it was found", () => {
  const view: RunLine = {
    ...{ type: "view", at: 1_700_000_000_400, peer: 4, successors: [5, 8], predecessors: [2, 30] },
  };
  const page = pageOf([...LINES.filter(({ type }) => type !== "event"), view]);
  const arrows = ringAt(page, 0).peers.flatMap(({ arrows }) => arrows);
  expect(arrows.map(({ to, right }) => [to, right])).toEqual([
    [5, true],
    [8, true],
  ]);
});

test("one that joins is there from then on, until it leaves", () => {
  const [first] = LINES.filter((line) => line.type === "situation");
  if (first?.type !== "situation") throw new Error("no situation");
  const joined = { ...first, from: first.from + 1_000, running: [...IDS, 77] };
  const left = { ...first, from: first.from + 2_000 };
  const lines = LINES.filter(({ type }) => type !== "situation");
  const page = pageOf([...lines, first, joined, left]);
  const there = [500, 1_500, 2_500].map((at) => ringAt(page, at).peers.some(({ id }) => id === 77));
  expect(there).toEqual([false, true, false]);
});

test("of an hour under load the page is small, and keeps whatever did not end well", () => {
  const lines = madeRun({ seed: 3, ids: IDS, faults: 100, operations: 30_000, everyMs: 36_000 });
  let index = 0;
  const unknown = lines.map((line): RunLine => {
    if (line.type !== "operation" || line.kind !== "store" || index++ % 50 > 0) return line;
    return { ...line, outcome: { kind: "unknown" } };
  });
  const run = collectRun(unknown);
  const wanted = run.operations.filter(({ outcome }) => outcome.kind === "unknown").length;
  expect(wanted).toBeGreaterThan(100);
  // To judge as many takes its time, and is not what is looked at here.
  const page = pageOfRun({ ...judgeRun({ ...run, operations: [] }), run });
  expect(page.operations.length).toBeLessThan(12_100);
  expect(page.operations.length + page.leftOut).toBe(30_000);
  expect(page.operations.filter(([, , , outcome]) => outcome === 2)).toHaveLength(wanted);
  const text = reportPage(page);
  expect(text.length).toBeLessThan(3_000_000);
  expect(text).toContain(`Of 30000 operations ${page.operations.length} are drawn`);
});

describe("whatever a name or a program says is text:", () => {
  const EVIL = [
    `</script><script>alert(1)</script>`,
    `"><img src=x onerror=alert(1)>`,
    `' onmouseover='alert(1)`,
    "<!--<script>",
    "\u2028]]>\u0000",
  ];
  test.each(EVIL)("%j", (evil) => {
    const lines = LINES.map((line): RunLine => {
      if (line.type === "operation")
        return { ...line, name: line.name === "2067" ? evil : line.name };
      if (line.type === "ending") return { ...line, name: line.name === "2067" ? evil : line.name };
      return line.type === "run" ? { ...line, program: evil } : line;
    });
    const loss: RunLine = { type: "loss", at: 1, file: evil, peer: 5, why: evil };
    const text = reportPage(pageOf([...lines, loss]));
    const data = /<script type="application\/json" id="run">(.*?)<\/script>/s.exec(text)?.[1] ?? "";
    expect(JSON.parse(data).names).toContain(evil);
    const counted = [/<script/g, /<\/script/g].map((tag) => text.match(tag)?.length);
    expect(counted).toEqual([2, 2]);
    const seen = ["<img", "<!--<", "' onmouseover='", '" onmouseover', "\u0000"];
    expect(seen.filter((each) => text.replace(data, "").includes(each))).toEqual([]);
    expect(["<img", "<!--", "\u2028"].filter((each) => data.includes(each))).toEqual([]);
  });

  test("and the page lets nothing run or load but its own script and style", () => {
    const text = reportPage(pageOf(LINES));
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1] ?? "";
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; base-uri 'none'; form-action 'none'$/,
    );
    const own = text.replaceAll("http://www.w3.org/2000/svg", "");
    const wanted = /\b(src|href|action|srcset|poster)=|@import|url\(|https?:\/\//;
    expect(wanted.exec(own)?.[0]).toBeUndefined();
  });
});
