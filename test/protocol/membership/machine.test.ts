/** The failure detector's tables are whole, lead everywhere, and are those that ARCHITECTURE.md shows. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  EVENTS,
  PAUSES,
  type ProbeEvent,
  REASONS,
  REFUSAL_TABLE,
  SILENCE_TABLE,
  type Transition,
} from "../../../src/protocol/membership/machine.ts";
import { PROBES_BEFORE_LAST_TRY } from "../../../src/protocol/membership/patience.ts";
import type { ProbeEnd } from "../../../src/protocol/membership/state.ts";
import { REFUSALS } from "../../../src/protocol/model/config.ts";
import { keysOf, type Phase, REFUSAL_PHASES, SILENCE_PHASES, TABLES } from "../detector-tables.ts";

const text = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");
const section = text.split(/^(?=## )/m).find((part) => part.startsWith("## The failure detector"));

/** The tables of the section by the first cell of their heads. */
const shown = new Map(
  (section ?? "")
    .split(/\n{2,}/)
    .filter((block) => block.startsWith("| "))
    .map((block) => [firstCell(block), block.trim().split("\n")]),
);

function firstCell(line: string): string {
  return line.split("|")[1]?.trim() ?? "";
}

/** All that stands in both tables. */
const TRANSITIONS: readonly Transition<Phase>[] = [
  ...Object.values(SILENCE_TABLE),
  ...Object.values(REFUSAL_TABLE),
].flatMap((row): Transition<Phase>[] => EVENTS.map((event) => row[event]));

const ENDS = new Set(TRANSITIONS.flatMap((transition) => transition?.end ?? []));
const ACTIONS = new Set(TRANSITIONS.flatMap((transition) => transition?.do ?? []));
const VERDICTS = new Set(
  Object.values(REASONS).flatMap(({ verdicts }) => Object.values(verdicts).filter((v) => v)),
);

/** The phases that one leads to, by some events. */
function reachedFrom<P extends Phase>(
  first: P,
  table: Readonly<Record<P, Readonly<Record<ProbeEvent, Transition<P>>>>>,
): P[] {
  const reached = new Set([first]);
  for (const phase of reached) {
    for (const event of EVENTS) {
      const to = table[phase][event]?.to;
      if (to !== undefined) reached.add(to);
    }
  }
  return [...reached].sort();
}

describe("ARCHITECTURE.md", () => {
  test.each(TABLES.map((lines) => [firstCell(lines[0] ?? ""), lines] as const))(
    "shows the table of %s as it is",
    (name, lines) => expect(shown.get(name)).toEqual([...lines]),
  );

  test.each([
    ["event", EVENTS],
    ["action", [...ACTIONS]],
    ["verdict", [...VERDICTS]],
  ] as const)("says what each %s is, and of no other", (name, words) => {
    const [, , ...rows] = shown.get(name) ?? [];
    expect(rows.map(firstCell).sort() as string[]).toEqual([...words].map(String).sort());
  });

  test("draws every phase and every end", () => {
    const drawing = section?.split("```")[1] ?? "";
    const drawn = new Set(drawing.match(/[a-z]+(-[a-z]+)*/g));
    const missing = [...SILENCE_PHASES, ...REFUSAL_PHASES, ...ENDS].filter((w) => !drawn.has(w));
    expect(missing).toEqual([]);
  });
});

describe("the machine", () => {
  test("has an entry for each event in each phase, and no other", () => {
    for (const row of [...Object.values(SILENCE_TABLE), ...Object.values(REFUSAL_TABLE)]) {
      expect(keysOf(row).sort()).toEqual([...EVENTS].sort());
    }
  });

  test("leads from its first phases to each other one, and to each end", () => {
    expect(reachedFrom("waiting", SILENCE_TABLE)).toEqual([...SILENCE_PHASES].sort());
    expect(reachedFrom("unrefused", REFUSAL_TABLE)).toEqual([...REFUSAL_PHASES].sort());
    const ends: ProbeEnd[] = [...keysOf(REASONS.watch.verdicts), "superseded"];
    expect([...ENDS].sort()).toEqual(ends.sort());
  });

  test("waits in no phase without a deadline, which comes to an end", () => {
    for (const phase of SILENCE_PHASES) {
      expect(PAUSES[phase]).not.toBeNull();
      expect(SILENCE_TABLE[phase].deadline?.to).toBeDefined();
      expect(SILENCE_TABLE[phase]["last-deadline"]?.end).toBeDefined();
    }
    // A phase of refusals that has taken the deadline for its own goes by it; the others leave it alone.
    for (const phase of REFUSAL_PHASES) {
      const ends = PAUSES[phase] !== null;
      for (const event of ["deadline", "last-deadline"] as const) {
        expect(REFUSAL_TABLE[phase][event]?.end !== undefined).toBe(ends);
      }
    }
  });

  test("counts pings and refusals by its phases, as many as the limits say", () => {
    const next = (phase: (typeof SILENCE_PHASES)[number]) =>
      SILENCE_TABLE[phase].deadline?.to ?? phase;
    let phase = next("waiting");
    let pings = 1;
    for (; phase !== "last-try" && pings < 100; phase = next(phase)) pings += 1;
    expect(pings).toBe(PROBES_BEFORE_LAST_TRY);
    let refused: (typeof REFUSAL_PHASES)[number] = "unrefused";
    let refusals = 0;
    for (; refused !== "confirming" && refusals < 100; refusals++) {
      refused = REFUSAL_TABLE[refused].refusal?.to ?? refused;
    }
    expect(refusals).toBe(REFUSALS);
  });

  test("has no verdict by an answer to another only where no other is asked", () => {
    for (const { asksOthers, verdicts } of Object.values(REASONS)) {
      for (const end of keysOf(verdicts)) {
        expect(verdicts[end] === null).toBe(end === "relayed" && !asksOthers);
      }
    }
  });
});
