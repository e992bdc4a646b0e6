/** A moment of the run in words: who is there, what is broken, and what clients wait for. */
import { explainFault, timeInWords } from "../explain.ts";
import {
  OPERATION_KINDS,
  OUTCOMES,
  type PageFault,
  type PageOperation,
  type PageRun,
} from "../page-run.ts";
import type { PeerAt, RingAt } from "../ring-at.ts";
import { element } from "./elements.ts";

/** More than these are counted. */
const MOST_LISTED = 7;

/** One line of it, as the slider says it: "12 of 12 run; fault 3: peer 9 was killed". */
export function momentInWords(ring: RingAt): string {
  const faults = ring.faults.map((fault) => `fault ${fault.n}: ${explainFault(fault)}`);
  return [peersInState(ring.peers), ...faults].join("; ");
}

/** Everything that is to be said of it. */
export function momentNodes(run: PageRun, ring: RingAt): Node[] {
  const wrong = ring.peers.flatMap(wrongSuccessors);
  return [
    element("p", "", peersInState(ring.peers)),
    ...listed(
      "Faults",
      ring.faults.map((fault) => {
        const tag = element("span", "tag", `f${fault.n} `);
        return element(
          "li",
          "",
          tag,
          `${explainFault(fault)}, ${ago(Math.max(0, ring.at - fault.from))}`,
        );
      }),
    ),
    ...(ring.faults.length > 0 ? [] : between(run, ring.at)),
    ...listed(
      "Not right yet",
      wrong.map((text) => element("li", "", text)),
    ),
    ...listed(
      "Operations under way",
      ring.operations.map((operation) => element("li", "", operationInWords(run, operation))),
    ),
  ];
}

/** In calm: what was last, and what is next. */
function between(run: PageRun, at: number): Node[] {
  const last = run.faults.findLast(({ from }) => from < at);
  const next = run.faults.find(({ from }) => from > at);
  const healMs = last?.times["heal"] ?? null;
  const healed = healMs === null ? "" : `; healed within ${timeInWords(healMs)}`;
  return [
    ...(last === undefined ? [] : aFault("Last fault", last, `${ago(at - last.from)}${healed}`)),
    ...(next === undefined ? [] : aFault("Next fault", next, `in ${timeInWords(next.from - at)}`)),
  ];
}

function aFault(title: string, fault: PageFault, when: string): Node[] {
  const tag = element("span", "tag", `f${fault.n} `);
  return [element("h3", "", title), element("p", "", tag, `${explainFault(fault)}, ${when}`)];
}

function ago(ms: number): string {
  return `${timeInWords(ms)} ago`;
}

function listed(title: string, items: readonly HTMLElement[]): Node[] {
  if (items.length === 0) return [];
  const more = items.length - MOST_LISTED;
  const rest = more > 0 ? [element("li", "", `and ${more} more`)] : [];
  return [element("h3", "", title), element("ul", "", ...items.slice(0, MOST_LISTED), ...rest)];
}

function peersInState(peers: readonly PeerAt[]): string {
  const of = (state: PeerAt["state"]) => peers.filter((peer) => peer.state === state);
  const running = of("running").length + of("frozen").length;
  const parts = [`${running} of ${peers.length} peers run`];
  for (const state of ["frozen", "down"] as const) {
    const ids = of(state).map(({ id }) => id);
    if (ids.length > 0) parts.push(`${state}: ${ids.join(", ")}`);
  }
  return parts.join("; ");
}

function wrongSuccessors({ id, arrows, state }: PeerAt): string[] {
  const wrong = arrows.filter(({ right }) => !right).map(({ to }) => to);
  if (wrong.length === 0 || state !== "running") return [];
  return [
    `peer ${id} takes ${wrong.join(" and ")} for ${wrong.length > 1 ? "successors" : "a successor"}`,
  ];
}

function operationInWords({ names }: PageRun, operation: PageOperation): string {
  const [, took, kind, outcome, client, peer, name] = operation;
  const by = client === 0 ? "to read it back" : `by client ${client}`;
  const what = `${OPERATION_KINDS[kind]} ${names[name]} at peer ${peer} ${by}`;
  const end = took < 0 ? "never answered" : `${OUTCOMES[outcome]} after ${timeInWords(took)}`;
  return `${what}: ${end}`;
}
