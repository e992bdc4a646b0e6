/**
 * The failure detector as a machine: what befalls a probe, in which phase, and what then. A probe is in two
 * phases at once, since either may end it and neither waits for the other: how far the member's silence has
 * come, and how many connections to it were refused in a row (the orthogonal regions of a statechart: Harel,
 * 1987). What an end means depends on the probe's reason. The code runs on these tables (probing.ts), and
 * ARCHITECTURE.md shows them.
 */

import { TAKEN_PROBE_MS } from "../model/config.ts";
import { REFUTE_MS, SILENCE_MS } from "./patience.ts";
import type { ProbeEnd, ProbeReason, RefusalPhase, SilencePhase, Verdict } from "./state.ts";

/** What befalls a probe. */
export const EVENTS = [
  // One of its pings was answered, by the very process that it is about: by datagram, or by stream.
  "answer",
  "answer-by-stream",
  // Another was asked to try, and had an answer.
  "relayed-answer",
  // The pause of its phase is over.
  "deadline",
  // The same, and silence has lasted for as long as the reason bears it.
  "last-deadline",
  // A connection was refused; with the second, a stream that came from there has just broken.
  "refusal",
  "refusal-and-break",
  // The first refusal was too long ago for the next to be in a row with it; comes just before that.
  "lapse",
  // A connection was not answered at all.
  "dial-timeout",
  // This very process stood still.
  "sleep",
  // What is known by now needs no probe.
  "known",
  // There is word of a later run of a new member, or a later address: that is tried instead.
  "restart",
] as const;

export type ProbeEvent = (typeof EVENTS)[number];

/** What is done; how, says `ACTIONS` in probing.ts. */
export type Action =
  | "ping"
  | "ping-again"
  | "try-neighbours"
  | "try-every-way"
  | "begin-anew"
  | "measure"
  | "note-loss"
  | "stay-muted"
  | "mute"
  | "look-closer"
  | "note-timeout"
  | "blame-refusals"
  | "blame-timeout"
  | "clear-streams";

/** The next phase, or the end, and what is done; with neither, the phase stays. Null: ignored. */
export type Transition<Phase> = {
  readonly to?: Phase;
  readonly end?: ProbeEnd;
  readonly do?: readonly Action[];
} | null;

type Row<Phase> = Readonly<Record<ProbeEvent, Transition<Phase>>>;
/** Of what ends a probe and sets nothing off. */
type Superseding = { readonly known: { readonly end: ProbeEnd; readonly do?: never } };

const WHILE_SILENT = {
  "relayed-answer": { end: "relayed" },
  "last-deadline": { end: "silent" },
  refusal: null,
  "refusal-and-break": null,
  lapse: null,
  "dial-timeout": null,
  sleep: { to: "waiting", do: ["begin-anew"] },
  known: { end: "superseded" },
  restart: { end: "superseded" },
} as const;

/** An answer after a silence says that the network loses some. */
const DOUBTED = {
  ...WHILE_SILENT,
  answer: { end: "answered", do: ["measure", "note-loss"] },
  "answer-by-stream": { end: "answered", do: ["measure", "note-loss", "stay-muted"] },
} as const;

/** How far its silence has come. */
export const SILENCE_TABLE: Readonly<Record<SilencePhase, Row<SilencePhase> & Superseding>> = {
  waiting: {
    ...WHILE_SILENT,
    answer: { end: "answered", do: ["measure"] },
    "answer-by-stream": { end: "answered", do: ["measure", "stay-muted"] },
    deadline: { to: "probing", do: ["ping-again"] },
  },
  probing: {
    ...DOUBTED,
    deadline: { to: "probing-again", do: ["ping-again"] },
  },
  "probing-again": {
    ...DOUBTED,
    deadline: { to: "last-try", do: ["ping", "try-neighbours", "try-every-way"] },
  },
  "last-try": {
    ...DOUBTED,
    // By now many datagrams have gone without one.
    "answer-by-stream": { end: "answered", do: ["measure", "note-loss", "mute"] },
    deadline: { to: "last-try", do: ["ping", "try-neighbours", "try-every-way"] },
  },
};

/** An answer by stream says that streams work; one by datagram, where they do not, that nothing else is wrong. */
const REFUSED = {
  answer: { do: ["blame-timeout"] },
  "answer-by-stream": { do: ["clear-streams"] },
  "relayed-answer": null,
  deadline: null,
  "last-deadline": null,
  lapse: { to: "unrefused" },
  "dial-timeout": { do: ["note-timeout"] },
  sleep: { to: "unrefused" },
  known: null,
  restart: null,
} as const;

/**
 * Connections refused in a row: the first may be a firewall's, or a reset's on the way, so there are two more
 * dials and a ping at once. All three are a death if the streams from there have broken too; else the
 * ping has its moment to be answered.
 */
export const REFUSAL_TABLE: Readonly<Record<RefusalPhase, Row<RefusalPhase>>> = {
  unrefused: {
    ...REFUSED,
    refusal: { to: "refused-once", do: ["look-closer"] },
    "refusal-and-break": { to: "refused-once", do: ["look-closer"] },
    lapse: null,
    sleep: null,
  },
  "refused-once": {
    ...REFUSED,
    refusal: { to: "refused-twice" },
    "refusal-and-break": { to: "refused-twice" },
  },
  "refused-twice": {
    ...REFUSED,
    refusal: { to: "confirming" },
    "refusal-and-break": { end: "refused" },
  },
  confirming: {
    ...REFUSED,
    answer: { do: ["blame-refusals"] },
    refusal: null,
    "refusal-and-break": null,
    deadline: { end: "refused" },
    "last-deadline": { end: "refused" },
  },
};

/**
 * How long is waited in a phase before its deadline, which is set when the phase is entered, or entered again:
 * for an answer, between two pings of the last try, or for an answer to the ping that went with the
 * dials. Null: until the deadline that is set already.
 */
export type Pause = "answer" | "next-try" | "confirmation";

export const PAUSES: Readonly<Record<SilencePhase, Pause> & Record<RefusalPhase, Pause | null>> = {
  waiting: "answer",
  probing: "answer",
  "probing-again": "answer",
  "last-try": "next-try",
  unrefused: null,
  "refused-once": null,
  "refused-twice": null,
  confirming: "confirmation",
};

/** What the reason for a probe decides. */
export type Reason = {
  /** How long silence lasts at least before it is a verdict. */
  readonly silenceMs: number;
  /** One ping is enough where nobody is to be held for dead. */
  readonly pingsOnce: boolean;
  /** In its last try others are asked to try too; those who spread word have tried it themselves. */
  readonly asksOthers: boolean;
  /** In its last try those behind it are tried as well, if it is one of the two successors. */
  readonly triesNeighbours: boolean;
  /** What each end means; of one by the answer to another, null where no other is asked. */
  readonly verdicts: Readonly<Record<Exclude<ProbeEnd, "superseded">, Verdict | null>>;
};

export const REASONS: Readonly<Record<ProbeReason, Reason>> = {
  watch: {
    ...{ silenceMs: SILENCE_MS, pingsOnce: false, asksOthers: true, triesNeighbours: true },
    verdicts: { answered: "lives", relayed: "confirmed", silent: "lost", refused: "refused" },
  },
  suspicion: {
    ...{ silenceMs: REFUTE_MS, pingsOnce: false, asksOthers: false, triesNeighbours: false },
    verdicts: { answered: "lives", relayed: null, silent: "suspicion", refused: "refused" },
  },
  unverified: {
    ...{ silenceMs: SILENCE_MS, pingsOnce: false, asksOthers: true, triesNeighbours: false },
    verdicts: {
      ...{ answered: "believed", relayed: "believed" },
      ...{ silent: "disbelieved", refused: "disbelieved" },
    },
  },
  stranger: {
    ...{ silenceMs: REFUTE_MS, pingsOnce: true, asksOthers: false, triesNeighbours: false },
    verdicts: { answered: "believed", relayed: null, silent: "ignored", refused: "ignored" },
  },
  claimant: {
    ...{ silenceMs: TAKEN_PROBE_MS, pingsOnce: true, asksOthers: false, triesNeighbours: false },
    verdicts: { answered: "id-taken", relayed: null, silent: "id-free", refused: "id-free" },
  },
};
