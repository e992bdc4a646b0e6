/**
 * Right histories by chance: clients that each do one thing after the other, and registers which do each
 * operation at one moment between its start and its end.
 */
import type { History, Operation, Outcome, Situation, Value } from "../../src/checks/history.ts";
import { makeRandom, type Random, randomBelow } from "../../src/protocol/model/random.ts";
import { ALL, from, REPLICAS } from "./histories.ts";

type Drawn = { readonly operation: Operation; readonly point: number | null };

export type DrawnHistory = History & {
  /** What each name was, from when on. */
  readonly course: ReadonlyMap<string, readonly { readonly at: number; readonly value: Value }[]>;
};

const CLIENTS = 6;

/** A history of some hundred operations, of a few names. @param situations what else went on meanwhile */
export function drawHistory(seed: number, count = 300, situations: Situation[] = []): DrawnHistory {
  const random = makeRandom(seed);
  const names = ["x", "y", "z"].slice(0, 1 + randomBelow(random, 3));
  const drawn: Drawn[] = [];
  for (let client = 0; client < CLIENTS; client++) {
    let at = randomBelow(random, 200);
    for (let i = 0; i < count / CLIENTS; i++) {
      const one = drawOne(random, client, at, i, names);
      drawn.push(one);
      at = (one.operation.end ?? at) + randomBelow(random, 60);
    }
  }
  const course = new Map(names.map((name) => [name, [{ at: -1, value: null as Value }]]));
  const inOrder = [...drawn].sort((a, b) => (a.point ?? 0) - (b.point ?? 0));
  const answers = new Map<Operation, Operation>();
  for (const { operation, point } of inOrder) {
    const changes = course.get(operation.name);
    if (point === null || changes === undefined) continue;
    const value = changes.at(-1)?.value ?? null;
    if (operation.kind === "request") {
      answers.set(operation, { ...operation, outcome: { kind: "done", value } });
    } else changes.push({ at: point, value: operation.content });
  }
  return {
    operations: drawn.map(({ operation }) => answers.get(operation) ?? operation),
    situations,
    endings: names.map((name) => ({
      name,
      value: course.get(name)?.at(-1)?.value ?? null,
      conflicts: [],
    })),
    course,
  };
}

function drawOne(
  random: Random,
  client: number,
  start: number,
  number: number,
  names: readonly string[],
): Drawn {
  const end = start + 5 + randomBelow(random, 80);
  const name = names[randomBelow(random, names.length)] ?? "x";
  const peer = 1 + randomBelow(random, ALL.length);
  const within = (from: number, to: number) =>
    from + (randomBelow(random, 1e6) / 1e6) * (to - from);
  const draw = randomBelow(random, 100);
  const base = { client, peer, name, start, end };
  if (draw < 50) {
    const outcome: Outcome = { kind: "done", value: null };
    const operation: Operation = { ...base, kind: "request", content: null, outcome };
    return { operation, point: within(start, end) };
  }
  const kind = draw < 90 ? "store" : "remove";
  const content = kind === "store" ? `${client}.${number}` : null;
  const how = randomBelow(random, 20);
  if (how === 0) {
    const operation: Operation = { ...base, kind, content, outcome: { kind: "refused" } };
    return { operation, point: null };
  }
  if (how <= 3) {
    // Done in time, done late, or never.
    const operation: Operation = { ...base, kind, content, outcome: { kind: "unknown" } };
    const point = how === 1 ? null : within(start, how === 2 ? end : end + 5000);
    return { operation, point };
  }
  const operation: Operation = {
    ...base,
    kind,
    content,
    outcome: { kind: "done", replicas: REPLICAS },
  };
  return { operation, point: within(start, end) };
}

/** Kills, freezes and cuts by chance, for so long. */
export function drawSituations(seed: number, until = 5000): Situation[] {
  const random = makeRandom(seed);
  const situations = [from(0)];
  for (let at = 100; at < until; at += 50 + randomBelow(random, 800)) {
    const some = () => ALL.filter(() => randomBelow(random, 6) === 0);
    const cut = some();
    const severed = cut.flatMap((a) =>
      ALL.filter((b) => !cut.includes(b)).map((b): [number, number] => [a, b]),
    );
    const departed = some();
    const running = ALL.filter((id) => !departed.includes(id));
    situations.push(
      randomBelow(random, 2) === 0 ? from(at) : from(at, { running, frozen: some(), severed }),
    );
  }
  return situations;
}
