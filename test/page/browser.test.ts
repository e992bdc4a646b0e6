/** The page in a real browser, from a file: it complains of nothing, asks for nothing, and its slider works. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageOfRun } from "../../src/lab/page-of-run.ts";
import { collectRun } from "../../src/lab/run.ts";
import { judgeRun } from "../../src/lab/verdict.ts";
import { reportPage } from "../../src/page/document.ts";
import { CHROMIUM, Chromium, type Page } from "../support/chromium.ts";
import { madeRun } from "../support/made-run.ts";

const LIMIT_MS = 120_000;
const IDS = [2, 4, 5, 8, 9, 14, 19, 30];
const EVIL = `</script><img src="https://example.com/x" onerror="alert(1)">`;

let dir = "";
let browser: Chromium | null = null;

/** A page of a run with a hostile name in it, opened from a file. */
async function opened(): Promise<{ readonly page: Page; readonly url: string }> {
  const lines = madeRun({ seed: 7, ids: IDS, faults: 6, operations: 200, everyMs: 4_000 });
  const named = lines.map((line) =>
    line.type === "operation" || line.type === "ending"
      ? { ...line, name: EVIL + line.name }
      : line,
  );
  const path = join(dir, "report.html");
  writeFileSync(path, reportPage(pageOfRun(judgeRun(collectRun(named)))));
  const url = `file://${path}`;
  if (browser === null) throw new Error("there is no browser");
  return { page: await browser.open(url), url };
}

const clock = (page: Page) => page.evaluate(`Number(document.getElementById("time").value)`);
const text = (page: Page, id: string) =>
  page.evaluate(`document.getElementById("${id}").textContent`);

describe.skipIf(CHROMIUM === null)(
  `the page in a browser${CHROMIUM === null ? " (left out: there is no Chromium here)" : ""}`,
  () => {
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "p2p-page-test-"));
      browser = await Chromium.start(CHROMIUM ?? "");
    }, LIMIT_MS);
    afterAll(async () => {
      await browser?.close();
      rmSync(dir, { recursive: true, force: true });
    });

    test(
      "draws the ring, and goes through time by mouse and keyboard",
      async () => {
        const { page, url } = await opened();
        const nodes = await page.evaluate(`document.querySelectorAll("#ring .node").length`);
        expect(nodes).toBe(IDS.length);
        expect(await page.evaluate(`document.querySelectorAll("#ring .arrow").length`)).toBe(16);
        expect(await text(page, "moment")).toStartWith("8 of 8 peers run");

        await page.click("#time", 0.5);
        const middle = Number(await clock(page));
        expect(
          middle / Number(await page.evaluate(`document.getElementById("time").max`)),
        ).toBeCloseTo(0.5, 1);
        await page.press("ArrowRight");
        expect(await clock(page)).toBeGreaterThan(middle);
        await page.press("ArrowLeft");
        expect(await clock(page)).toBeCloseTo(middle, 3);
        await page.press("Home");
        expect(await clock(page)).toBe(0);

        await page.press("n");
        const first = await clock(page);
        expect(await text(page, "moment")).toContain("f1 ");
        const said = `document.getElementById("time").getAttribute("aria-valuetext")`;
        expect(await page.evaluate(said)).toContain("fault 1: ");
        await page.click("#fault-next");
        expect(await clock(page)).toBeGreaterThan(Number(first));
        await page.click("#fault-back");
        expect(await clock(page)).toBe(first);
        await page.click("#step");
        expect(await clock(page)).toBeGreaterThan(Number(first));
        await page.click(".row svg", 0.25);
        expect(Number(await clock(page)) / middle).toBeCloseTo(0.5, 1);
        await page.click("tbody tr:nth-child(3) button.show");
        expect(await text(page, "moment")).toContain("f3 ");

        expect(page.requests).toEqual([url]);
        expect(page.complaints).toEqual([]);
        expect(await page.evaluate(`document.images.length`)).toBe(0);
      },
      LIMIT_MS,
    );

    test(
      "plays and pauses, and stops at the end",
      async () => {
        const { page } = await opened();
        const setSpeed = (speed: string) =>
          page.evaluate(`(document.getElementById("speed").value = "${speed}", null)`);
        const label = `document.getElementById("play").getAttribute("aria-label")`;
        const ended = `new Promise((done) => {
          const look = () => (${label} === "Play" ? done(true) : setTimeout(look, 20));
          look();
        })`;
        // So slow that it is still on the way when it is looked at.
        await setSpeed("0.01");
        await page.click("#play");
        expect(await page.evaluate(label)).toBe("Pause");
        await page.click("#play");
        expect(await page.evaluate(label)).toBe("Play");
        await setSpeed("64");
        await page.click("#play");
        expect(await page.evaluate(ended)).toBe(true);
        expect(await clock(page)).toBe(
          Number(await page.evaluate(`document.getElementById("time").max`)),
        );
        expect(page.complaints).toEqual([]);
      },
      LIMIT_MS,
    );

    test(
      "has a name for each thing that can be used, and no two elements of one id",
      async () => {
        const { page } = await opened();
        const nameless = `[...document.querySelectorAll("button, select, input")].filter((e) =>
          !(e.getAttribute("aria-label") ?? (e.labels?.[0]?.textContent || e.textContent)).trim()).length`;
        expect(await page.evaluate(nameless)).toBe(0);
        const ids = `[...document.querySelectorAll("[id]")].map(({ id }) => id)`;
        const found = await page.evaluate(ids);
        expect(Array.isArray(found) && new Set(found).size === found.length).toBe(true);
      },
      LIMIT_MS,
    );
  },
);
