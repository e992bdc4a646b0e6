/** What a terminal shows of a ring: it fits, whatever its size, and tells what each peer did. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { colored } from "../../src/lab/frame-colors.ts";
import { SIGNS } from "../../src/page/circle.ts";
import { frameOf, MOST_ACCOUNTS, type Showing } from "../../src/page/frame.ts";
import { accountOf } from "../../src/page/ring-account.ts";
import type { RingLine } from "../../src/page/ring-lines.ts";
import { afterLine, conditionOf, NO_RING } from "../../src/page/ring-state.ts";
import { Timeline } from "../../src/page/ring-timeline.ts";
import { makeRandom, randomBelow } from "../../src/protocol/model/random.ts";
import { madeLog, RECORDED } from "./ring-logs.ts";

const SHOWING: Showing = {
  size: { columns: 80, rows: 24 },
  prompt: { text: "", cursor: 0 },
  ...{ stopped: false, slow: 100, isPresent: false, behindMs: 0 },
};

function timelineOf(lines: readonly RingLine[]): Timeline {
  const timeline = new Timeline();
  for (const line of lines) timeline.add(line);
  return timeline;
}

/** The lines of a frame, as text. */
function shown(timeline: Timeline, at: number, showing: Partial<Showing> = {}): string[] {
  const frame = frameOf(timeline.momentAt(at, MOST_ACCOUNTS), { ...SHOWING, ...showing });
  return frame.map((line) => line.map(({ text }) => text).join(""));
}

const SEED = randomBelow(makeRandom(Date.now()), 1e9);

describe(`seed ${SEED}`, () => {
  test.each([1, 2, 8, 64, 256])(
    "no frame of %i peers is wider or higher than its terminal",
    (n) => {
      const lines = madeLog(SEED + n, n, 150);
      const timeline = timelineOf(lines);
      const random = makeRandom(SEED);
      const sizes = [
        ...[
          [80, 24],
          [200, 50],
          [1, 1],
          [58, 19],
          [57, 18],
          [20, 5],
          [110, 40],
          [400, 120],
        ],
        ...Array.from({ length: 25 }, () => [
          1 + randomBelow(random, 240),
          1 + randomBelow(random, 80),
        ]),
      ];
      for (const [columns = 1, rows = 1] of sizes) {
        const at = timeline.beganAt + randomBelow(random, 1500);
        const text = "kill \u5b57\u001b[2J".repeat(randomBelow(random, 30));
        const prompt =
          randomBelow(random, 4) === 0
            ? null
            : { text, cursor: randomBelow(random, text.length + 1) };
        const stopped = randomBelow(random, 2) === 0;
        const frame = shown(timeline, at, {
          size: { columns, rows },
          prompt,
          stopped,
          behindMs: 5_000,
        });
        expect(frame.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
        for (const line of frame) {
          expect(Bun.stringWidth(line)).toBe(columns);
          expect(line).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        }
      }
    },
  );
});

const killedAt =
  RECORDED.find((line) => line.type === "process" && line.state === "killed")?.at ?? 0;

/** The events beside the circle, each in one line: what stands behind the column of the times. */
function eventsIn(frame: readonly string[]): string[] {
  const events: string[] = [];
  for (const line of frame.slice(2, -2)) {
    const [, time, text = ""] =
      /^.{36} ( *[+\d.:]+ m?s| {11}) {1,2}(\S.*|)$/.exec(line.trimEnd()) ?? [];
    if (time === undefined) continue;
    if (time.trim() === "" && events.length > 0) events.push(`${events.pop()} ${text.trim()}`);
    else if (time.trim() !== "") events.push(`${time.trim()} ${text.replace(/\s+/g, " ")}`);
  }
  return events;
}

test("at 80 by 24 it can be told what each neighbour of two that were killed did, in which order", () => {
  const timeline = timelineOf(RECORDED);
  const read = new Set<string>();
  const end = killedAt + 1_000;
  // As one who steps from event to event, and reads nothing but what is shown.
  for (let at = timeline.after(killedAt - 50); at !== null && at < end; at = timeline.after(at)) {
    for (const event of eventsIn(shown(timeline, at))) read.add(event);
  }
  const text = [...read].join("\n");
  const inOrder = (...parts: readonly string[]) => {
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  };
  inOrder("! > kill 14 19", "! peer 14 is killed", "! peer 19 is killed");
  inOrder("? 8 suspects 14: refused", "✕ 8 holds 14 for dead: refused", "→ 8 now 9, 19; was 9, 14");
  inOrder("→ 8 now 9, 19; was 9, 14", "? 8 suspects 19: refused", "→ 8 now 9, 30; was 9, 19");
  inOrder("✕ 9 holds 14 for dead", "→ 9 now 19, 30; was 14, 19", "→ 9 now 30, 2; was 19, 30");
  inOrder("? 5 is told 14 died: tries it", "? 5 suspects 14: refused", "✕ 5 holds 14 for dead");
  inOrder("→ 9 now 30, 2", "■ 4 has 2067 from 30");
});

test("a request is drawn hop by hop, and as a whole until something else is spoken of", () => {
  const timeline = timelineOf(RECORDED);
  const typedAt = RECORDED.find(({ type }) => type === "typed")?.at ?? 0;
  const hopDots = (at: number) =>
    frameOf(timeline.momentAt(at, MOST_ACCOUNTS), SHOWING)
      .flatMap((line) => line.slice(0, 8))
      .filter(({ text, style }) => style === "hop" && /[\u2800-\u28ff]/.test(text)).length;
  const times = [0, 1, 2, 3].reduce<number[]>((all) => {
    const next = timeline.after(all.at(-1) ?? typedAt);
    return next === null ? all : [...all, next];
  }, []);
  const dots = times.map(hopDots);
  expect(dots[0]).toBe(0);
  expect(dots).toEqual(dots.toSorted((a, b) => a - b));
  expect(dots[3]).toBeGreaterThan(dots[1] ?? 0);
  // What comes of the next thing that is done is not on that way.
  expect(hopDots(killedAt + 600)).toBe(0);
});

test("each condition has its sign, and without colors nothing is lost", () => {
  const timeline = timelineOf(RECORDED);
  const frame = frameOf(timeline.momentAt(killedAt + 5, MOST_ACCOUNTS), SHOWING);
  const texts = frame.map((line) => line.map(({ text }) => text).join(""));
  const strip = (lines: readonly string[]) => lines.map((line) => Bun.stripANSI(line));
  expect(strip(colored(frame, true))).toEqual(texts);
  expect(strip(colored(frame, false))).toEqual(texts);
  expect(colored(frame, false).join("")).not.toMatch(/\[3\dm|;3\dm/);
  expect(texts[0]).toContain("✕ 2 dead");
  expect(texts.join("\n")).toMatch(/✕ *14|14 ✕/);
  const signs = Object.values(SIGNS).map(({ sign }) => sign);
  expect(new Set(signs).size).toBe(signs.length);
});

test("a freeze is a doubt before it is a death, and both can be seen", () => {
  const lines = madeLog(1, 8, 0);
  const at = lines.at(-1)?.at ?? 0;
  const frozen = { type: "process", at: at + 1, peer: 32, state: "frozen" } as const;
  const event = { v: 1, seq: 1, peer: 0, incarnation: 1, at: at + 2 } as const;
  const probe = { ...event, event: "probe", id: 32, doubt: "silent", asked: [] } as const;
  const states = [frozen, { type: "event", at: at + 2, peer: 0, event: probe } as const].map(
    (_, index, all) => [...lines, ...all.slice(0, index + 1)].reduce(afterLine, NO_RING),
  );
  const conditions = states.map((state) => {
    const peer = state.peers.get(32);
    return peer === undefined ? null : conditionOf(peer);
  });
  expect(conditions).toEqual(["frozen", "suspected"]);
});

test("what an event meant is said in two sentences, with a place in the documents that there is", () => {
  const protocol = readFileSync(join(import.meta.dir, "../../docs/PROTOCOL.md"), "utf8");
  const anchors = [...protocol.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
  const told = new Set<string>();
  for (const lines of [RECORDED, ...[1, 2, 3].map((seed) => madeLog(seed, 8, 400))]) {
    let state = NO_RING;
    for (const line of lines) {
      const account = accountOf(line, state);
      state = afterLine(state, line);
      if (account === null) continue;
      told.add(account.meaning.replace(/\d+/g, "N"));
      expect(account.meaning.match(/[.!?](?= |$)/g)).toHaveLength(2);
      const anchor = /\(docs\/PROTOCOL\.md#([\w-]+)\)\.$/.exec(account.meaning)?.[1] ?? "";
      expect(anchors).toContain(anchor);
    }
  }
  expect(told.size).toBeGreaterThan(15);
});
