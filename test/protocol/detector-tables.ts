/**
 * The failure detector's tables as ARCHITECTURE.md shows them, drawn from the data that the code runs on.
 * `bun test/protocol/detector-tables.ts` prints them.
 */
import {
  EVENTS,
  PAUSES,
  type Pause,
  type ProbeEvent,
  REASONS,
  REFUSAL_TABLE,
  SILENCE_TABLE,
  type Transition,
} from "../../src/protocol/membership/machine.ts";
import {
  LAST_TRY_EVERY_MS,
  LOSSY_EVERY_MS,
  PROBE_WAIT_LEAST_MS,
  PROBE_WAIT_MOST_MS,
  PROBE_WAIT_ROUND_TRIPS,
} from "../../src/protocol/membership/patience.ts";
import type {
  ProbeReason,
  RefusalPhase,
  SilencePhase,
} from "../../src/protocol/membership/state.ts";
import { REFUSAL_LEAST_MS, REFUSAL_MOST_MS } from "../../src/protocol/model/config.ts";

export type Phase = SilencePhase | RefusalPhase;
type Rows<P extends Phase> = Readonly<Record<P, Readonly<Record<ProbeEvent, Transition<P>>>>>;

/** The keys of a record that has no others. */
export function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(record) as K[];
}

export const SILENCE_PHASES = keysOf<SilencePhase>(SILENCE_TABLE);
export const REFUSAL_PHASES = keysOf<RefusalPhase>(REFUSAL_TABLE);

function shown(transition: Transition<Phase>): string {
  if (transition === null) return "·";
  const { to, end, do: actions = [] } = transition;
  const where = to === undefined ? (end === undefined ? "" : `**${end}**`) : `→ ${to}`;
  return [where, actions.join(", ")].filter((part) => part !== "").join(": ");
}

/** Lines of a table whose columns are as wide as they have to be. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const [head = [], ...body] = rows.map((row) => row.map((c, i) => c.padEnd(widths[i] ?? 0)));
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}

function phaseTable<P extends Phase>(name: string, rows: Rows<P>): string[] {
  const phases = keysOf<P>(rows);
  return table([
    [name, ...phases],
    ...EVENTS.map((event) => [event, ...phases.map((phase) => shown(rows[phase][event]))]),
    ["_pause_", ...phases.map((phase) => `_${PAUSES[phase] ?? "none of its own"}_`)],
  ]);
}

function reasonTable(): string[] {
  const says = (yes: boolean) => (yes ? "yes" : "no");
  const head = ["reason", "silence, ms", "one ping", "asks others", "tries neighbours"];
  const ends = keysOf(REASONS.watch.verdicts);
  return table([
    [...head, ...ends.map((end) => `**${end}**`)],
    ...keysOf<ProbeReason>(REASONS).map((reason) => {
      const { silenceMs, pingsOnce, asksOthers, triesNeighbours, verdicts } = REASONS[reason];
      const told = [pingsOnce, asksOthers, triesNeighbours].map(says);
      return [
        reason,
        String(silenceMs),
        ...told,
        ...ends.map((end) => verdicts[end] ?? "cannot be"),
      ];
    }),
  ]);
}

const roundTrips = (least: number, most: number) =>
  `${PROBE_WAIT_ROUND_TRIPS} round trips, ${least} to ${most} ms`;

const PAUSE_TEXTS: Readonly<Record<Pause, string>> = {
  answer: roundTrips(PROBE_WAIT_LEAST_MS, PROBE_WAIT_MOST_MS),
  "next-try": `${LAST_TRY_EVERY_MS} ms; ${LOSSY_EVERY_MS} ms where answers have been missing of late`,
  confirmation: `${roundTrips(REFUSAL_LEAST_MS, REFUSAL_MOST_MS)}, from the first refusal on`,
};

/** The tables, in the order of the document; each begins with its name. */
export const TABLES: readonly (readonly string[])[] = [
  phaseTable("silence", SILENCE_TABLE),
  phaseTable("refusals", REFUSAL_TABLE),
  table([["pause", "how long"], ...Object.entries(PAUSE_TEXTS)]),
  reasonTable(),
];

if (import.meta.main) console.log(TABLES.map((lines) => lines.join("\n")).join("\n\n"));
