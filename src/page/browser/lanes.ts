/** Faults and operations as lanes under the slider, drawn once; what moves is the line of the moment. */
import { explainFault, timeInWords } from "../explain.ts";
import { OUTCOMES, type PageFault, type PageRun } from "../page-run.ts";
import { element, shape } from "./elements.ts";

/** Units of a lane's drawing, which is stretched to its place. */
const WIDE = 1000;
const HIGH = 22;
/** The least that a bar is wide. */
const BAR = 2.5;
/** A bar is as wide where it has room for a mark. */
const MARK = 5;
/** More clients than these share the last lane. */
const MOST_LANES = 8;

export class Lanes {
  private readonly lines: SVGElement[] = [];

  /** @param seek is given the moment at which somebody pointed */
  constructor(
    private readonly rows: HTMLElement,
    private readonly run: PageRun,
    private readonly seek: (at: number) => void,
  ) {
    for (const kind of new Set(run.faults.map((fault) => fault.kind))) this.faults(kind);
    const clients = [...new Set(run.operations.map(([, , , , client]) => client))].sort(byClient);
    const own = clients.slice(0, clients.length > MOST_LANES ? MOST_LANES - 1 : MOST_LANES);
    for (const client of own)
      this.operations(client === 0 ? "read back" : `client ${client}`, [client]);
    const others = clients.slice(own.length);
    if (others.length > 0) this.operations(`${others.length} others`, others);
    this.axis();
  }

  move(at: number): void {
    const x = this.x(at);
    for (const line of this.lines) {
      line.setAttribute("x1", String(x));
      line.setAttribute("x2", String(x));
    }
  }

  private faults(kind: string): void {
    const faults = this.run.faults.filter((fault) => fault.kind === kind);
    this.row(
      kind,
      `faults: ${kind}, ${faults.length}`,
      faults.map((fault) => this.fault(fault)),
    );
  }

  private fault(fault: PageFault): SVGElement {
    const { from, to, healedAt } = fault;
    const end = to ?? this.run.lengthMs;
    const [x, until] = [this.x(from), this.x(end)];
    const bar = shape("rect", {
      class: "fault",
      ...{ x, y: 5, width: Math.max(BAR, until - x), height: HIGH - 10, rx: 1 },
    });
    const title = shape("title", {}, `${timeInWords(from)}: ${explainFault(fault)}`);
    if (healedAt === null) return shape("g", {}, bar, title);
    const healed = this.x(healedAt);
    // It would hide a bar that is hardly wider than itself.
    if (healed - x < MARK && until - x < MARK) return shape("g", {}, bar, title);
    const mark = `M${Math.min(until, healed)} ${HIGH / 2}H${healed}M${healed} 0V${HIGH}`;
    const line = { class: "healed", d: mark, "vector-effect": "non-scaling-stroke" };
    return shape("g", {}, bar, shape("path", line), title);
  }

  private operations(name: string, clients: readonly number[]): void {
    const operations = this.run.operations.filter(([, , , , client]) => clients.includes(client));
    const paths = OUTCOMES.map((outcome, index) => {
      const [top, height] = TALL[outcome];
      const d = operations
        .filter((operation) => operation[3] === index)
        .map(([start, took]) => {
          const x = this.x(start);
          const width = Math.max(0.6, this.x(took < 0 ? this.run.lengthMs : start + took) - x);
          return `M${x.toFixed(1)} ${top}h${width.toFixed(1)}v${height}h${(-width).toFixed(1)}z`;
        });
      return shape("path", { class: `op ${outcome}`, d: d.join("") });
    });
    this.row(name, `${name}: ${operations.length} operations`, paths);
  }

  private axis(): void {
    const svg = this.row("", "", []);
    svg.parentElement?.classList.add("axis");
    svg.setAttribute("aria-hidden", "true");
    const step = stepOf(this.run.lengthMs);
    for (let at = 0; at <= this.run.lengthMs; at += step) {
      const x = this.x(at) / (WIDE / 100);
      const anchor = at === 0 ? "start" : x > 97 ? "end" : "middle";
      const label = shape("text", { x: `${x}%`, y: 13 }, at === 0 ? "0" : timeInWords(at));
      label.style.textAnchor = anchor;
      svg.append(label);
    }
    svg.removeAttribute("viewBox");
  }

  private row(name: string, title: string, inside: readonly SVGElement[]): SVGSVGElement {
    const svg = shape("svg", {
      ...{ viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" },
      ...{ role: "img", "aria-label": title },
    });
    const line = shape("line", {
      class: "now",
      x1: 0,
      x2: 0,
      y1: -4,
      y2: HIGH,
      "vector-effect": "non-scaling-stroke",
    });
    svg.append(...inside, ...(title === "" ? [] : [line]));
    if (title !== "") this.lines.push(line);
    svg.addEventListener("click", (event) => {
      const { left, width } = svg.getBoundingClientRect();
      this.seek(((event.clientX - left) / Math.max(1, width)) * this.run.lengthMs);
    });
    this.rows.append(element("div", "row", element("span", "lane", name), svg));
    return svg;
  }

  private x(at: number): number {
    const share = Math.max(0, Math.min(1, at / Math.max(1, this.run.lengthMs)));
    return Math.round(share * WIDE * 100) / 100;
  }
}

/** From where, and how tall: an outcome is told without its colour. */
const TALL = { done: [8, 6], refused: [4, 14], unknown: [1, 20] } as const;

/** A whole number of units between the labels of the axis, of which there are twelve at most. */
function stepOf(lengthMs: number): number {
  const steps = [
    100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    1_800_000,
  ];
  return steps.find((step) => lengthMs / step <= 12) ?? Math.ceil(lengthMs / 12);
}

/** 0 is who reads all names in the end. */
function byClient(a: number, b: number): number {
  return a === 0 || b === 0 ? b - a : a - b;
}
