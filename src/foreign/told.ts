/** What a line of the assignment's transcript tells of its ring, whoever printed it. Pure. */
import { LENIENT } from "./reading.ts";

export type Told =
  /** Whom it has just pinged: its two successors. */
  | { readonly kind: "pings"; readonly first: number; readonly second: number }
  | { readonly kind: "pinged" | "answered" | "dead" | "departs"; readonly peer: number }
  | { readonly kind: "successor"; readonly place: 0 | 1; readonly peer: number }
  | { readonly kind: "joined" }
  /** A store has come to its end, a content to whoever asked for it; at whom it lies. */
  | { readonly kind: "stored" | "received" | "held"; readonly file: string };

type Form = readonly [pattern: RegExp, tell: (words: readonly string[]) => Told];

/** In small letters: lines are read leniently. */
const FORMS: readonly Form[] = [
  [
    /^ping requests? sent to peers? (\d+) and (?:peer )?(\d+)$/,
    ([first, second]) => ({ kind: "pings", first: Number(first), second: Number(second) }),
  ],
  [/^ping request message received from peer (\d+)$/, of("pinged")],
  [/^ping response received from peer (\d+)$/, of("answered")],
  [/^peer (\d+) is no longer alive$/, of("dead")],
  [/^peer (\d+) will depart from the network$/, of("departs")],
  [
    /^my (?:new )?(first|second) successor is peer (\d+)$/,
    ([which, peer]) => ({
      kind: "successor",
      place: which === "first" ? 0 : 1,
      peer: Number(peer),
    }),
  ],
  [/^join request has been accepted$/, () => ({ kind: "joined" })],
  [/^store (\S+) request accepted$/, about("stored")],
  [/^file (\S+) received$/, about("received")],
  [/^file (\S+) is stored here$/, about("held")],
];

function of(kind: "pinged" | "answered" | "dead" | "departs"): Form[1] {
  return ([peer]) => ({ kind, peer: Number(peer) });
}

function about(kind: "stored" | "received" | "held"): Form[1] {
  return ([file = ""]) => ({ kind, file });
}

/**
 * @param prompts what this program has shown as its prompt
 * @returns null where it tells nothing of these
 */
export function toldBy(line: string, prompts: readonly string[] = []): Told | null {
  const key = LENIENT.key(line, prompts);
  for (const [pattern, tell] of FORMS) {
    const match = pattern.exec(key);
    if (match !== null) return tell(match.slice(1));
  }
  return null;
}

/** True of the lines of a round of pings, which come again and again. */
export function isOfPings(told: Told | null): boolean {
  return told !== null && ["pings", "pinged", "answered"].includes(told.kind);
}
