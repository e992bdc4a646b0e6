/** The ring as a drawing: peers on a circle in the order of their ids, and arrows to whom they take for the next. */
import type { Arrow, PeerAt, RingAt } from "../ring-at.ts";
import { shape } from "./elements.ts";

type Point = { readonly x: number; readonly y: number };
type Place = Point & { readonly angle: number };

const CENTRE = 320;
const RADIUS = 238;
/** Ids of more digits than these stand outside, and are cut. */
const DIGITS = 3;

export class RingView {
  private readonly places: ReadonlyMap<number, Place>;
  private readonly size: number;
  private readonly inside: boolean;

  /** @param ids of all that ever are in the run, ascending */
  constructor(
    private readonly svg: SVGSVGElement,
    ids: readonly number[],
  ) {
    this.places = new Map(ids.map((id, index) => [id, placeOf(index / ids.length)]));
    this.size = Math.max(7, Math.min(24, (Math.PI * RADIUS) / Math.max(1, ids.length) / 1.7));
    this.inside = this.size >= 13 && ids.every((id) => String(id).length <= DIGITS);
  }

  draw(ring: RingAt): void {
    const { peers } = ring;
    this.svg.replaceChildren(
      shape("circle", { class: "circle", cx: CENTRE, cy: CENTRE, r: RADIUS }),
      // Those of the first successors, and among them the wrong ones, lie on top.
      ...[2, 1].flatMap((place) => peers.flatMap((peer) => this.arrows(peer, place))),
      ...peers.map((peer) => this.peer(peer)),
    );
  }

  private arrows({ id, arrows }: PeerAt, place: number): SVGElement[] {
    const from = this.places.get(id);
    return arrows.flatMap((arrow) => {
      const to = this.places.get(arrow.to);
      if (arrow.place !== place || from === undefined || to === undefined || to === from) return [];
      return [this.arrow(from, to, arrow)];
    });
  }

  private arrow(from: Place, to: Place, { place, right, severed }: Arrow): SVGElement {
    const turn = (to.angle - from.angle + 2 * Math.PI) % (2 * Math.PI);
    // Neighbours are joined along the circle, and others through it.
    const pull = Math.max(0, Math.cos(turn / 2)) * (place === 1 ? 0.96 : 0.8) * RADIUS;
    const middle = from.angle + turn / 2;
    const bend = { x: CENTRE + pull * Math.cos(middle), y: CENTRE + pull * Math.sin(middle) };
    const start = towards(from, bend, this.size + 3);
    const end = towards(to, bend, this.size + 2 + Math.min(7, this.size / 1.5));
    const tip = towards(to, bend, this.size + 2);
    const kind = `${place > 1 ? " second" : ""}${right ? "" : " wrong"}`;
    return shape(
      "g",
      {},
      shape("path", {
        class: `arrow${kind}${severed ? " severed" : ""}`,
        d: `M${start.x} ${start.y}Q${bend.x} ${bend.y} ${end.x} ${end.y}`,
      }),
      head(end, tip, Math.min(place > 1 ? 3 : 4.5, this.size / 2.2), kind),
    );
  }

  private peer({ id, state, struck }: PeerAt): SVGElement {
    const place = this.places.get(id) ?? { ...placeOf(0) };
    const { x, y } = place;
    const r = this.size;
    const kind = `node ${state}${struck.length > 0 ? " struck" : ""}`;
    const body =
      state === "frozen"
        ? shape("rect", { class: kind, x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: r / 4 })
        : shape("circle", { class: kind, cx: x, cy: y, r });
    const half = r * 0.62;
    const cross = `M${x - half} ${y - half}l${2 * half} ${2 * half}m0 ${-2 * half}l${-2 * half} ${2 * half}`;
    const words = [
      ...(this.inside ? [] : [short(id)]),
      ...(state === "running" ? [] : [state]),
    ].join(" ");
    const tags = struck.map(({ n, side }) => `f${n}${side}`).join(" ");
    const outside = (text: string, kind: string, row: number) => {
      const [right, below] = [Math.cos(place.angle), Math.sin(place.angle)];
      const away = r + 15;
      const anchor = right > 0.35 ? "start" : right < -0.35 ? "end" : "middle";
      const aside = anchor === "middle" ? 0 : anchor === "start" ? -6 : 6;
      const lower = (below < -0.2 ? -15 : 15) * row;
      const at = { x: x + away * right + aside, y: y + away * below + lower };
      const label = shape("text", { class: kind, ...at }, text);
      label.style.textAnchor = anchor;
      return label;
    };
    const isDown = this.inside && state === "down";
    return shape(
      "g",
      {},
      body,
      ...(state === "down" ? [shape("path", { class: "cross", d: cross })] : []),
      ...(this.inside && state !== "down" ? [shape("text", { x, y }, short(id))] : []),
      ...(words === "" ? [] : [outside(isDown ? `${short(id)} down` : words, "state", 0)]),
      ...(tags === "" ? [] : [outside(tags, "tag", words === "" ? 0 : 1)]),
      shape("title", {}, `peer ${id}, ${state}`),
    );
  }
}

/** @param share of the circle, from the top, clockwise */
function placeOf(share: number): Place {
  const angle = 2 * Math.PI * share - Math.PI / 2;
  return { angle, x: CENTRE + RADIUS * Math.cos(angle), y: CENTRE + RADIUS * Math.sin(angle) };
}

/** The point at that distance from one, on the way to another. */
function towards(from: Point, to: Point, distance: number): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.max(1, Math.hypot(dx, dy));
  return { x: from.x + (dx / length) * distance, y: from.y + (dy / length) * distance };
}

function head(from: Point, tip: Point, width: number, kind: string): SVGElement {
  const [dx, dy] = [tip.x - from.x, tip.y - from.y];
  const length = Math.max(1, Math.hypot(dx, dy));
  const [nx, ny] = [(-dy / length) * width, (dx / length) * width];
  const points = `${tip.x},${tip.y} ${from.x + nx},${from.y + ny} ${from.x - nx},${from.y - ny}`;
  return shape("polygon", { class: `head${kind}`, points });
}

function short(id: number): string {
  const text = String(id);
  return text.length <= 6 ? text : `${text.slice(0, 5)}…`;
}
