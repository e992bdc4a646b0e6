/**
 * What a folder cannot know that was away for longer than removals are kept: which of its files were
 * removed meanwhile. A ring that forgets removals remembers how young the youngest of them was, and
 * says so in every ping; so what was stored before that, and was away since before that, is told from
 * what no removal can have hit. A ring that was off as a whole has forgotten nothing meanwhile.
 *
 * Times are of this peer's clock; on the wire and on the disk there are durations alone.
 */
import { AWAY_MS } from "./config.ts";
import type { FileRecord } from "./files.ts";
import type { Body, StartInput } from "./io.ts";
import type { Member } from "./member.ts";
import type { Channel, Message, Standing } from "./messages.ts";

/** A message that waits until it is known what its sender has been through. */
export type Postponed = {
  readonly from: Member;
  /** Its ages as this peer counts them. */
  readonly message: Message;
  readonly body: Body | null;
  readonly channel: Channel;
  readonly heldMs: number | null;
};

/** How much a message holds: itself, and the entries of its lists. */
export function entriesOf(message: Message): number {
  let entries = 1;
  for (const value of Object.values(message)) if (Array.isArray(value)) entries += value.length;
  return entries;
}

/** What this peer may have missed while its folder was away. */
export type Absence = {
  /**
   * Its folder was away for AWAY_MS, or is new, and no member that was there has spoken to it yet. It
   * forgets no removal, and takes and gives them however old they are.
   */
  late: boolean;
  /** Every removal that was given its version before is known here, or hit nothing here; null if all are. */
  knownUntil: number | null;
  /** Removals that were given their versions up to then may be forgotten in this ring. */
  forgotten: number;
  /** It holds writes old enough to have been removed by what is forgotten. */
  hasOld: boolean;
  /** How long it has been with others. */
  togetherMs: number;
  /** Up to when others that are late know all, by instance: those that have spoken to this peer. */
  readonly others: Map<string, number>;
  /** Instance ids of those of them that have answered this peer's ping, and so know that it is late too. */
  readonly answered: Set<string>;
  /** When a member was last asked, by instance. */
  readonly asked: Map<string, number>;
  /** What has come from members that have not answered yet. */
  postponed: readonly Postponed[];
};

/** What a peer is, that has just been started. @param at the time of its clock */
export function startAbsence(start: StartInput, at: number): Absence {
  const { awayMs = 0, forgottenMs = null, files } = start;
  const late = awayMs === null || awayMs >= AWAY_MS;
  return {
    late,
    knownUntil: late ? at - (awayMs ?? 0) : null,
    forgotten: forgottenMs === null ? Number.NEGATIVE_INFINITY : at - forgottenMs,
    hasOld: late && files.some((record) => isOld(record, at)),
    togetherMs: 0,
    others: new Map(),
    answered: new Set(),
    asked: new Map(),
    postponed: [],
  };
}

/** What is said of it in pings, to those that it takes in, and to its own folder. */
export function standingOf({ late, knownUntil, forgotten }: Absence, now: number): Standing {
  return {
    awayMs: late && knownUntil !== null ? Math.max(0, now - knownUntil) : null,
    forgottenMs: forgotten === Number.NEGATIVE_INFINITY ? null : Math.max(0, now - forgotten),
  };
}

/** True of a peer that holds what may have been removed, and has heard from nobody who was there. */
export function isDoubtful({ late, hasOld }: Absence): boolean {
  return late && hasOld;
}

/** True of a write for which the ring may have had a removal that it has forgotten. */
export function isOld({ ageMs }: FileRecord, now: number): boolean {
  return ageMs + now >= AWAY_MS;
}

/** True of a file that was stored before the youngest removal that is forgotten, and bears its name. */
export function mayBeRemoved(
  { removed, apart, ageMs }: FileRecord,
  { forgotten }: Absence,
): boolean {
  return !removed && !apart && -ageMs < forgotten;
}
