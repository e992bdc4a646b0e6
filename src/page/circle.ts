/**
 * The ring as a drawing of characters: each peer at its place on the circle with a sign for its condition, its id
 * and its copies, an arrow to its successor, and what the last event points at. Pure.
 */
import type { Account, AccountKind } from "./account-form.ts";
import { Canvas, type FrameLine, type Style } from "./canvas.ts";
import { arrowsOf } from "./ring-at.ts";
import { type Condition, conditionOf, type PeerNow, type RingState } from "./ring-state.ts";

/** A sign for each condition, so that it is told without its color. */
export const SIGNS: Readonly<Record<Condition, { readonly sign: string; readonly style: Style }>> =
  {
    alive: { sign: "●", style: "alive" },
    joining: { sign: "+", style: "joining" },
    suspected: { sign: "?", style: "doubt" },
    frozen: { sign: "‖", style: "doubt" },
    leaving: { sign: "»", style: "joining" },
    dead: { sign: "✕", style: "dead" },
    left: { sign: "○", style: "dim" },
  };

/** The last event, as it is drawn: whose it was, what it points at, and what it was. */
export type Told = Pick<Account, "peer" | "kind" | "points">;

/** While these are the last events, the way that a request has gone is still of interest. */
const OF_REQUESTS: readonly AccountKind[] = ["hop", "copy", "end"];

type Place = { readonly x: number; readonly y: number };

/** Fewer cells than these from one peer to the next, and only unusual arrows are drawn. */
const ROOM_FOR_ARROWS = 3.5;
/** Letters of copies behind an id. */
const MOST_LETTERS = 4;

/**
 * @param letters of the files whose copies are marked
 * @param told null where nothing has happened yet, or nothing is to be marked
 */
export function drawCircle(
  state: RingState,
  columns: number,
  rows: number,
  letters: ReadonlyMap<string, string>,
  told: Told | null,
): FrameLine[] {
  const canvas = new Canvas(columns, rows);
  const peers = [...state.peers.values()].sort((a, b) => a.id - b.id);
  const circle = new Circle(columns, rows, peers.length, labelWidth(peers));
  const places = new Map(peers.map(({ id }, index) => [id, circle.at(index)]));
  const isRoomy = circle.step >= ROOM_FOR_ARROWS;
  if (!isRoomy) circle.draw(canvas);
  const lines = new Map(
    [...arrowLines(peers, isRoomy), ...walkLines(state, told), ...pointing(told)].map((line) => [
      `${line.from} ${line.to}`,
      line,
    ]),
  );
  for (const { from, to, style } of lines.values()) {
    draw(canvas, places.get(from), places.get(to), style);
  }
  drawPeers(canvas, state, peers, circle, letters, told?.peer ?? null);
  if (isRoomy) drawKeys(canvas, state, peers, circle, letters);
  return canvas.lines();
}

/** From one peer to another; of several between two the last is drawn. */
type Line = { readonly from: number; readonly to: number; readonly style: Style };

/** To the first successors; where there is no room for all, to those that are not simply the next peer. */
function arrowLines(peers: readonly PeerNow[], isRoomy: boolean): Line[] {
  const running = peers.filter(({ process }) => process !== "down").map(({ id }) => id);
  return peers.flatMap(({ id: from, says }) =>
    arrowsOf(from, says.slice(0, 1), running, () => false)
      .filter(({ to, right }) => isRoomy || !right || !areNext(peers, from, to))
      .map(({ to, right }): Line => ({ from, to, style: right ? "arrow" : "wrong" })),
  );
}

/** The ways of requests that are under way, and of the last one as long as it is what is spoken of. */
function walkLines({ walks }: RingState, told: Told | null): Line[] {
  const last = told !== null && OF_REQUESTS.includes(told.kind) ? walks.at(-1) : undefined;
  return walks
    .filter((walk) => !walk.isOver || walk === last)
    .flatMap(({ route }) =>
      route.slice(1).map((to, index): Line => ({ from: route[index] ?? to, to, style: "hop" })),
    );
}

function pointing(told: Told | null): Line[] {
  const [from, to] = told?.points ?? [];
  return from === undefined || to === undefined ? [] : [{ from, to, style: "now" }];
}

/** The signs first, then as many ids as have room: of those first with whom something is the matter. */
function drawPeers(
  canvas: Canvas,
  state: RingState,
  peers: readonly PeerNow[],
  circle: Circle,
  letters: ReadonlyMap<string, string>,
  teller: number | null,
): void {
  const copies = new Map<number, string>();
  for (const [name, letter] of letters) {
    for (const id of state.files.get(name)?.copies ?? []) {
      copies.set(id, `${copies.get(id) ?? ""}${letter}`);
    }
  }
  const drawn = peers.map((peer, index) => {
    const condition = conditionOf(peer);
    const { sign, style } = SIGNS[condition];
    const urgency = peer.id === teller ? 2 : condition === "alive" ? 0 : 1;
    return { peer, sign, style, urgency, place: circle.at(index) };
  });
  drawn.sort((a, b) => a.urgency - b.urgency);
  for (const { place, sign, style, peer } of drawn) {
    const [column, row] = [Math.round(place.x), Math.round(place.y)];
    canvas.text(column, row, sign, peer.id === teller ? "now" : style);
  }
  for (const { peer, place, style } of drawn.reverse()) {
    const has = (copies.get(peer.id) ?? "").slice(0, MOST_LETTERS);
    const isDown = peer.process === "down";
    label(canvas, circle, place, String(peer.id), has === "" || isDown ? "" : has, style);
  }
}

function label(
  canvas: Canvas,
  circle: Circle,
  place: Place,
  id: string,
  copies: string,
  style: Style,
): void {
  const width = id.length + (copies === "" ? 0 : copies.length + 1);
  const [x, y] = [Math.round(place.x), Math.round(place.y)];
  const sides: Readonly<Record<string, readonly [number, number]>> = {
    right: [x + 2, y],
    left: [x - 1 - width, y],
    above: [x - Math.floor(width / 2), y - 1],
    below: [x - Math.floor(width / 2), y + 1],
  };
  for (const side of circle.sidesOf(place)) {
    const [column, row] = sides[side] ?? [x, y];
    if (!canvas.isApart(column, row, width)) continue;
    canvas.text(column, row, id, style === "alive" ? "strong" : style);
    if (copies !== "") canvas.text(column + id.length + 1, row, copies, "copy");
    return;
  }
}

/** A file's key lies on the circle before its owner. */
function drawKeys(
  canvas: Canvas,
  { files }: RingState,
  peers: readonly PeerNow[],
  circle: Circle,
  letters: ReadonlyMap<string, string>,
): void {
  const there = peers.flatMap(({ id, process }, index) =>
    process === "down" ? [] : { id, index },
  );
  for (const [name, letter] of letters) {
    const key = files.get(name)?.key ?? 0;
    const owner = there.find(({ id }) => id >= key) ?? there[0];
    if (owner === undefined) continue;
    const [before, at] = [circle.at(owner.index - 1), circle.at(owner.index)];
    const [column, row] = [Math.round((before.x + at.x) / 2), Math.round((before.y + at.y) / 2)];
    if (canvas.isFree(column, row, 1)) canvas.text(column, row, letter.toUpperCase(), "copy");
  }
}

/** True where no other peer stands between the two, clockwise. */
function areNext(peers: readonly PeerNow[], from: number, to: number): boolean {
  const place = peers.findIndex(({ id }) => id === from);
  return peers[(place + 1) % peers.length]?.id === to;
}

function labelWidth(peers: readonly PeerNow[]): number {
  return Math.max(1, ...peers.map(({ id }) => String(id).length)) + 2 + MOST_LETTERS;
}

const HEADS = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"] as const;

/** A line with its head at the end; a cell is twice as high as it is wide. */
function draw(canvas: Canvas, from: Place | undefined, to: Place | undefined, style: Style): void {
  if (from === undefined || to === undefined) return;
  const [dx, dy] = [to.x - from.x, 2 * (to.y - from.y)];
  const length = Math.hypot(dx, dy);
  if (length < 3) return;
  const [ux, uy] = [dx / length, dy / length];
  for (let at = 1.6; at < length - 2.4; at += 0.25) {
    const [x, y] = [from.x + ux * at + 0.5, from.y + (uy * at) / 2 + 0.5];
    canvas.dot(Math.floor(2 * x), Math.floor(4 * y), style);
  }
  const [x, y] = [to.x - ux * 2, to.y - uy];
  const [column, row] = [Math.round(x), Math.round(y)];
  const eighth = Math.round((Math.atan2(dy, dx) / Math.PI) * 4);
  const head = HEADS[(eighth + 8) % 8] ?? "·";
  if (canvas.isFree(column, row, 1)) canvas.text(column, row, head, style);
}

/** Points of an ellipse that look as far apart as they are. */
const FINE = 720;

class Circle {
  /** Cells from one peer to the next. */
  readonly step: number;
  private readonly points: readonly (Place & { readonly upTo: number })[];
  private readonly length: number;
  private readonly centre: Place;
  private readonly radii: Place;

  constructor(
    columns: number,
    rows: number,
    private readonly count: number,
    margin: number,
  ) {
    const radiusX = Math.max(2, (columns - 1) / 2 - margin);
    const radiusY = Math.max(1, (rows - 1) / 2 - 1);
    // As round as it can be.
    this.radii = { x: Math.min(radiusX, 2.3 * radiusY), y: Math.min(radiusY, radiusX / 1.6) };
    this.centre = { x: (columns - 1) / 2, y: (rows - 1) / 2 };
    let { points, length } = this.measured(2);
    // Where they stand close, each has its own cell.
    if (length / Math.max(1, count) < 2 * ROOM_FOR_ARROWS) ({ points, length } = this.measured(1));
    this.points = points;
    this.length = length;
    this.step = length / Math.max(1, count);
  }

  /** The place of the peer of that number, from the top, clockwise. */
  at(index: number): Place {
    const share = (index / Math.max(1, this.count) + 1) % 1;
    const upTo = share * this.length;
    return this.points.find((point) => point.upTo >= upTo) ?? this.centre;
  }

  draw(canvas: Canvas): void {
    for (const { x, y } of this.points) {
      canvas.dot(Math.floor(2 * (x + 0.5)), Math.floor(4 * (y + 0.5)), "dim");
    }
  }

  /** Where a label is to stand, outside if it can. */
  sidesOf({ x, y }: Place): readonly string[] {
    const across = (x - this.centre.x) / this.radii.x;
    const outside = across >= 0 ? "right" : "left";
    const up = y < this.centre.y ? "above" : "below";
    return Math.abs(across) < 0.35 ? [up, outside] : [outside, up];
  }

  /** @param high how much a row counts, in columns */
  private measured(high: number): {
    points: readonly (Place & { readonly upTo: number })[];
    length: number;
  } {
    let length = 0;
    let last: Place | null = null;
    const points = Array.from({ length: FINE }, (_, index) => {
      const angle = (2 * Math.PI * index) / FINE - Math.PI / 2;
      const x = this.centre.x + this.radii.x * Math.cos(angle);
      const y = this.centre.y + this.radii.y * Math.sin(angle);
      if (last !== null) length += Math.hypot(x - last.x, high * (y - last.y));
      last = { x, y };
      return { x, y, upTo: length };
    });
    return { points, length };
  }
}
