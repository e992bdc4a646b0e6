import { expect, test } from "bun:test";
import { SILENCE_MS } from "../../src/protocol/membership/patience.ts";
import { leastBytes, maintenanceBytes } from "../../src/sim/figure-bytes.ts";
import { healTimes } from "../../src/sim/figure-heal.ts";
import { lookupHops } from "../../src/sim/figure-hops.ts";
import type { Figure } from "../../src/sim/figure-kind.ts";
import { plotSvg } from "../../src/sim/plot.ts";
import { makeAxis } from "../../src/sim/plot-scale.ts";
import { drawFigures } from "../../src/sim/run.ts";

const SEED = 11;

const NASTY = `<&> "quoted" 'too' \u0000\u{1f600}`;

function figure(fields: Partial<Figure>): Figure {
  const points = [
    { x: 8, y: 1 },
    { x: 64, y: 3.5 },
  ];
  return {
    name: "some",
    title: "Some",
    xLabel: "x",
    yLabel: "y",
    xScale: "log2",
    yScale: "linear",
    series: [
      { name: "measured", points, theory: false },
      { name: "expected", points, theory: true },
    ],
    ...fields,
  };
}

/** Throws if tags do not nest, an attribute stands wrong, or a character should have been escaped. */
function readXml(xml: string): string[] {
  const open: string[] = [];
  const texts: string[] = [];
  const pieces = xml.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>|([^<]+)|(<)/g);
  for (const [, closes, name = "", attributes = "", single, words, stray] of pieces) {
    if (stray !== undefined) throw new Error("a < that begins no tag");
    for (const part of [words ?? "", attributes]) {
      if (/&(?!(amp|lt|gt|quot|#39);)/.test(part)) throw new Error(`not escaped: ${part}`);
    }
    if (words !== undefined) texts.push(words);
    else if (closes === "/") expect(open.pop()).toBe(name);
    else if (single !== "/") open.push(name);
  }
  expect(open).toEqual([]);
  return texts;
}

test("a plot is well-formed, whatever the words in it", () => {
  const points = [{ x: 8, y: 1 }];
  const series = [{ name: NASTY, points, theory: false }];
  const svg = plotSvg(figure({ title: NASTY, xLabel: NASTY, yLabel: NASTY, series }));
  const texts = readXml(svg);
  const escaped = "&lt;&amp;&gt; &quot;quoted&quot; &#39;too&#39; \u{1f600}";
  expect(texts.filter((words) => words === escaped).length).toBe(5);
  expect(svg).not.toContain("\u0000");
});

test("a plot names its series, dashes theory, and has no number that is none", () => {
  const svg = plotSvg(figure({}));
  const texts = readXml(svg);
  for (const words of ["Some", "x", "y", "measured", "expected", "8", "64"]) {
    expect(texts).toContain(words);
  }
  expect(svg).toContain('class="s0 theory"');
  for (const scale of ["linear", "log2"] as const) {
    for (const points of [[], [{ x: 0, y: 0 }], [{ x: 5, y: -1 }]]) {
      const series = [{ name: "few", points, theory: false }];
      const odd = plotSvg(figure({ xScale: scale, yScale: scale, series }));
      readXml(odd);
      expect(odd).not.toMatch(/NaN|Infinity|undefined/);
    }
  }
});

test("an axis holds all its values between its first and last mark", () => {
  const values = [0.03, 0.7, 3, 1_500];
  for (const scale of ["linear", "log2"] as const) {
    const { ticks, place } = makeAxis(scale, values);
    for (const value of values) {
      expect(place(value)).toBeGreaterThanOrEqual(0);
      expect(place(value)).toBeLessThanOrEqual(1);
    }
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.length).toBeLessThanOrEqual(11);
  }
  expect(makeAxis("linear", [3, 180]).ticks.map((t) => t.label)).toEqual([
    "0",
    "50",
    "100",
    "150",
    "200",
  ]);
  expect(makeAxis("log2", [8, 4_096]).ticks.at(-1)?.label).toBe("4,096");
});

test("finger stays within ceil(log2 N) hops, also where N is no power of two", () => {
  for (const peers of [2, 3, 5, 8, 21, 64, 100]) {
    const { max, count } = lookupHops("finger", peers, 300, SEED);
    expect(count).toBe(300);
    expect(max).toBeLessThanOrEqual(Math.ceil(Math.log2(peers)));
  }
});

test("finger is near half log2 N, successor near N/2, direct one hop", () => {
  expect(Math.abs(lookupHops("finger", 64, 1_000, SEED).mean - 3)).toBeLessThan(0.2);
  expect(Math.abs(lookupHops("successor", 16, 1_000, SEED).mean - 7.5)).toBeLessThan(0.6);
  expect(lookupHops("direct", 64, 300, SEED).max).toBe(1);
});

test("a ring at rest sends what theory says, and one under churn not much more", () => {
  expect(maintenanceBytes(8, 0, 50_000, SEED)).toBeCloseTo(leastBytes(0), 6);
  const churned = maintenanceBytes(32, 0.1, 200_000, SEED);
  expect(churned).toBeGreaterThan(leastBytes(0.1) * 0.9);
  expect(churned).toBeLessThan(leastBytes(0.1) * 1.7);
});

test("a kill is noticed within three delays, a freeze within an interval and five seconds", () => {
  expect(Math.max(...healTimes("kill", 2_000, 6, SEED))).toBeLessThanOrEqual(120);
  const frozen = healTimes("freeze", 2_000, 6, SEED);
  expect(Math.min(...frozen)).toBeGreaterThanOrEqual(SILENCE_MS);
  expect(Math.max(...frozen)).toBeLessThanOrEqual(2_000 + SILENCE_MS + 100);
});

test("the same seed draws the same figures", () => {
  const draw = (seed: number) => drawFigures({ seed, quick: true }).map(plotSvg);
  const first = draw(SEED);
  expect(draw(SEED)).toEqual(first);
  expect(first.length).toBe(3);
}, 180_000);
