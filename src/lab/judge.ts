/** The checks of a ring as the lab asks for them: does it hold, and if not, what does not? Pure. */

import type { History } from "../checks/history.ts";
import { executedOnce } from "../checks/once.ts";
import { historyHolds } from "../checks/order.ts";
import {
  CHECK_NAMES,
  type CheckName,
  type CheckResult,
  checkRing,
  checkTold,
  type PeerSnapshot,
} from "../checks/ring.ts";
import type { LoggedEvent } from "../control/types.ts";
import { displaySomePeers } from "../terminal/display.ts";

/** D6 and D7 of what clients were told. @returns the first that does not hold, or null */
export function historyBroken(history: History): Broken | null {
  const results = { D6: historyHolds(history), D7: executedOnce(history) };
  for (const [check, result] of Object.entries(results)) {
    if (!result.ok) return { check, peers: result.peers, why: result.why };
  }
  return null;
}

/** A check that does not hold, at which peers, and why in words. */
export type Broken = {
  readonly check: string;
  readonly peers: readonly number[];
  readonly why: string;
};

/** What a ring in calm must hold, its lookups included. */
export const ALL_CHECKS: readonly CheckName[] = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"];
/** What a ring must hold to have healed: all that can be seen in views. */
export const HEAL_CHECKS: readonly CheckName[] = ["R1", "R2", "R3", "R4", "R5", "R6"];

/** Those of them that can be told of a ring, in its order. */
export function healChecks(tells: readonly CheckName[]): readonly CheckName[] {
  return tells.filter((name) => HEAL_CHECKS.includes(name));
}

/** What is said of a peer of which nothing is known, and of several. */
export type Silence = readonly [one: string, several: string];

export const NO_ANSWER: Silence = ["does not answer", "do not answer"];

/**
 * The first check that does not hold among the peers that should be there.
 * @param ids the living, as the one who injects the faults knows them
 * @param peers what is known of them; others are ignored
 * @param silence what is said of those of which nothing is
 */
export function firstBroken(
  ids: readonly number[],
  peers: readonly PeerSnapshot[],
  names: readonly CheckName[] = ALL_CHECKS,
  silence: Silence = NO_ANSWER,
): Broken | null {
  const living = peers.filter((peer) => ids.includes(peer.id));
  const silent = ids.filter((id) => !living.some((peer) => peer.id === id));
  // A walk over the ring would not get past them.
  if (silent.length > 0) return { check: "R4", peers: silent, why: sayOf(silent, silence) };
  const results = checkRing(living);
  for (const check of names) {
    const result = results[check];
    if (!result.ok) return { check, peers: result.peers, why: result.why };
  }
  return null;
}

/**
 * All checks that do not hold among the peers that should be there, with the silent first; what cannot be told
 * without these is left out.
 */
export function allBroken(ids: readonly number[], peers: readonly PeerSnapshot[]): Broken[] {
  const living = peers.filter((peer) => ids.includes(peer.id));
  const silent = ids.filter((id) => !living.some((peer) => peer.id === id));
  const results: Partial<Record<CheckName, CheckResult>> = checkTold(living, silent);
  const broken = CHECK_NAMES.flatMap((check): Broken[] => {
    const result = results[check];
    if (result === undefined || result.ok) return [];
    return [{ check, peers: result.peers, why: result.why }];
  });
  if (silent.length === 0) return broken;
  return [{ check: "R4", peers: silent, why: sayOf(silent, NO_ANSWER) }, ...broken];
}

/** `R6 does not hold: peer 8 holds 9 for alive`. */
export function sayBroken({ check, why }: Broken): string {
  return `${check} does not hold: ${why}`;
}

function sayOf(ids: readonly number[], [one, several]: Silence): string {
  return `${displaySomePeers(ids)} ${ids.length === 1 ? one : several}`;
}

/** What is known of a peer after one more of its events; the same value if that changes nothing. */
export function afterEvent(peer: PeerSnapshot, event: LoggedEvent): PeerSnapshot {
  if (event.event === "successors") {
    const { successors, predecessors } = event;
    return { ...peer, successors, predecessors };
  }
  if (event.event === "member") {
    const { id, state } = event;
    return { ...peer, members: [...peer.members.filter((m) => m.id !== id), { id, state }] };
  }
  return peer;
}

/** True of events that say something of a view. */
export function tellsOfView(event: LoggedEvent): boolean {
  return event.event === "successors" || event.event === "member" || event.event === "joined";
}
