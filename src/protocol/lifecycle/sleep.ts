/**
 * A sleep of this very peer: its process was stopped, its machine too busy or suspended. Silence during
 * it says nothing of the others, and what was known before it may be so no more.
 */

import { sleptThrough } from "../membership/late.ts";
import { SILENCE_MS } from "../membership/patience.ts";
import { restartProbes } from "../membership/probing.ts";
import { renewEpoch } from "../membership/records.ts";
import { awaitMember, extendAwaited } from "../membership/rounds.ts";
import { seekLost } from "../membership/seeking.ts";
import { ASLEEP_MS, HEARTBEAT_MS, RESTORED_GRACE_MS } from "../model/config.ts";
import { isExpected } from "../model/member.ts";
import { endTenure } from "../replication/tenure.ts";
import { emit, type Peer } from "../state.ts";

/**
 * Whether a process slept between two looks at its clock.
 * @param aliveAt its last look, in milliseconds
 * @param dueAt when it was to act next; it was to look at its clock within HEARTBEAT_MS in any case
 * @returns for how many milliseconds it slept at most; null if it did not
 */
export function sleepOf(aliveAt: number, dueAt: number, now: number): number | null {
  const expected = Math.max(aliveAt, Math.min(dueAt, aliveAt + HEARTBEAT_MS));
  return now - expected > ASLEEP_MS ? now - aliveAt : null;
}

/** All that is believed by silence begins anew, and an owner has to ask again. */
export function wake(peer: Peer, sleptMs: number): void {
  peer.lifecycle.sleep = { until: peer.now, ms: sleptMs };
  sleptThrough(peer, sleptMs);
  restartProbes(peer);
  extendAwaited(peer);
  if (sleptMs >= SILENCE_MS) {
    awaitAll(peer);
    seekLost(peer);
  }
  // Others may have owned its part of the circle meanwhile.
  renewEpoch(peer);
  endTenure(peer);
  emit(peer, { event: "woke", ms: sleptMs });
}

/**
 * After so long the others may hold this peer for dead, and have gone on without it, as after a start: it
 * goes by nobody's word before it has heard who is there, and what those have.
 */
function awaitAll(peer: Peer): void {
  for (const member of peer.membership.view.members) {
    if (member.id === peer.self.id || isExpected(member) || peer.membership.awaited.has(member.id))
      continue;
    awaitMember(peer, member.id, peer.now + RESTORED_GRACE_MS);
  }
}
