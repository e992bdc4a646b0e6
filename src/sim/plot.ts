/** A figure as a line chart in SVG: one file that needs nothing else, the same for the same figure. */
import type { Figure, FigureSeries } from "./figure-kind.ts";
import { type Axis, makeAxis } from "./plot-scale.ts";

const WIDTH = 880;
const HEIGHT = 460;
/** The frame of the lines; the legend stands on its right. */
const LEFT = 72;
const RIGHT = 610;
const TOP = 52;
const BOTTOM = 396;
const LEGEND = 634;
const LEGEND_LINE = 24;

/** Told apart by most who see colours differently, and by their markers; two for light and dark. */
const COLOURS = [
  ["#0b62b8", "#6cb2ff"],
  ["#b34700", "#ff9f5a"],
  ["#0a7a55", "#4fd1a1"],
  ["#a02b93", "#f08ae0"],
  ["#6b5b00", "#d8c24a"],
] as const;

/** Series with their colours: a theory has the colour of the measured series before it. */
type Drawn = FigureSeries & { readonly colour: number };

export function plotSvg(figure: Figure): string {
  const points = figure.series.flatMap((s) => s.points);
  const x = makeAxis(
    figure.xScale,
    points.map((p) => p.x),
  );
  const y = makeAxis(
    figure.yScale,
    points.map((p) => p.y),
  );
  const drawn = coloured(figure.series);
  const title = escaped(figure.title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<style>${style()}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8"/>`,
    text(figure.title, LEFT, 30, "title"),
    ...axes(figure, x, y),
    // What was measured is broad and pale, so that theory is seen on it where the two agree.
    ...drawn.filter((s) => !s.theory).map((s) => line(s, x, y)),
    ...drawn.filter((s) => s.theory).map((s) => line(s, x, y)),
    ...drawn.flatMap(legend),
    "</svg>",
    "",
  ].join("\n");
}

function coloured(series: readonly FigureSeries[]): Drawn[] {
  let measured = 0;
  return series.map((s) => {
    if (!s.theory) measured += 1;
    return { ...s, colour: Math.max(0, measured - 1) % COLOURS.length };
  });
}

function axes(figure: Figure, x: Axis, y: Axis): string[] {
  const marks = [];
  for (const { value, label } of x.ticks) {
    const at = across(x, value);
    marks.push(`<path class="grid" d="M${at} ${TOP}V${BOTTOM}"/>`);
    marks.push(text(label, at, BOTTOM + 20, "middle"));
  }
  for (const { value, label } of y.ticks) {
    const at = down(y, value);
    marks.push(`<path class="grid" d="M${LEFT} ${at}H${RIGHT}"/>`);
    marks.push(text(label, LEFT - 8, at + 4, "end"));
  }
  const middle = (TOP + BOTTOM) / 2;
  return [
    ...marks,
    `<path class="axis" d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}"/>`,
    text(figure.xLabel, (LEFT + RIGHT) / 2, BOTTOM + 44, "middle"),
    `<g transform="translate(20 ${middle}) rotate(-90)">${text(figure.yLabel, 0, 0, "middle")}</g>`,
  ];
}

function line(series: Drawn, x: Axis, y: Axis): string {
  const at = series.points.map((p) => [across(x, p.x), down(y, p.y)] as const);
  const path = at.map(([px, py], i) => `${i === 0 ? "M" : "L"}${px} ${py}`).join("");
  const dots = series.theory ? [] : at.map(([px, py]) => marker(series.colour, px, py));
  return `<g class="${classes(series)}"><path d="${path}"/>${dots.join("")}</g>`;
}

function legend(series: Drawn, place: number): string[] {
  const y = TOP + 12 + place * LEGEND_LINE;
  const dot = series.theory ? "" : marker(series.colour, LEGEND + 14, y);
  return [
    `<g class="${classes(series)}"><path d="M${LEGEND} ${y}H${LEGEND + 28}"/>${dot}</g>`,
    text(series.name, LEGEND + 36, y + 4, "start"),
  ];
}

/** A square, a circle or a diamond. */
function marker(colour: number, x: number, y: number): string {
  if (colour % 3 === 0) return `<circle cx="${x}" cy="${y}" r="3.5"/>`;
  const [dx, dy] = [pixel(x - 3.5), pixel(y - 3.5)];
  const turned = colour % 3 === 1 ? "" : ` transform="rotate(45 ${x} ${y})"`;
  return `<rect x="${dx}" y="${dy}" width="7" height="7"${turned}/>`;
}

function classes({ colour, theory }: Drawn): string {
  return theory ? `s${colour} theory` : `s${colour}`;
}

function across(x: Axis, value: number): number {
  return pixel(LEFT + x.place(value) * (RIGHT - LEFT));
}

function down(y: Axis, value: number): number {
  return pixel(BOTTOM - y.place(value) * (BOTTOM - TOP));
}

/** To a tenth: more nobody sees, and machines may differ in the last digits of a logarithm. */
function pixel(value: number): number {
  return Math.round(value * 10) / 10;
}

function text(words: string, x: number, y: number, of: string): string {
  return `<text class="${of}" x="${x}" y="${y}">${escaped(words)}</text>`;
}

/** For text and for attributes; characters that XML does not know are dropped. */
function escaped(words: string): string {
  const known = [...words].filter((c) => {
    const code = c.codePointAt(0) ?? 0;
    const control = code < 0x20 && c !== "\t" && c !== "\n" && c !== "\r";
    return !control && !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
  });
  const names: Record<string, string> = {
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "#39",
  };
  return known.map((c) => (names[c] === undefined ? c : `&${names[c]};`)).join("");
}

/** The card is drawn with the chart, so the page around it may be of any colour. */
function style(): string {
  const theme = (dark: boolean) => {
    const [panel, ink, grid] = dark
      ? ["#161b22", "#e6edf3", "#30363d"]
      : ["#ffffff", "#1f2328", "#d8dee4"];
    const series = COLOURS.map(([light, bright], i) => {
      const colour = dark ? bright : light;
      return `.s${i} path{stroke:${colour}}.s${i} circle,.s${i} rect{fill:${colour}}`;
    });
    return `.card{fill:${panel};stroke:${grid}}text{fill:${ink}}.grid{stroke:${grid}}.axis{stroke:${ink}}${series.join("")}`;
  };
  return [
    "text{font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}",
    ".middle{text-anchor:middle}.end{text-anchor:end}path{fill:none;stroke-width:6;stroke-opacity:.4}",
    ".grid,.axis{stroke-width:1;stroke-opacity:1}.theory path{stroke-width:1.5;stroke-opacity:1;stroke-dasharray:6 4}",
    theme(false),
    `@media (prefers-color-scheme:dark){${theme(true)}}`,
  ].join("");
}
