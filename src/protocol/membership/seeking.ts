/**
 * Those that were lost may be back, and have gone on together while this peer was down or asleep: they
 * are sought at once, and until each has had its time to answer this peer does not go by what it and the
 * few that it still counts know.
 */
import { SOUGHT } from "../model/limits.ts";
import type { Address } from "../model/member.ts";
import { randomBits } from "../model/random.ts";
import type { Peer } from "../state.ts";
import { sendPing } from "./ways.ts";

/** A lost member has so long to answer: some round trips, or a dial. */
export const SEEK_MS = 1_000;

/** Seeks the last that were lost. A stream tells at once where nobody listens. */
export function seekLost(peer: Peer): void {
  peer.membership.sought.clear();
  peer.membership.soughtUntil = peer.now + SEEK_MS;
  for (const { id, address } of peer.membership.departed
    .lostSince(Number.NEGATIVE_INFINITY)
    .slice(-SOUGHT)) {
    peer.membership.sought.set(id, { address, refused: false });
    sendPing(peer, address, randomBits(peer.random), "stream");
  }
}

/** Nobody listens there. The first refusal may be that of a dial before the sleep: it is tried once more. */
export function soughtInVain(peer: Peer, refused: Address): void {
  for (const [id, sought] of peer.membership.sought) {
    if (sought.address !== refused) continue;
    if (sought.refused) peer.membership.sought.delete(id);
    else {
      sought.refused = true;
      sendPing(peer, refused, randomBits(peer.random), "stream");
    }
  }
}

/** The ids of the lost that may be about to answer. */
export function stillSought({ now, membership: { sought, soughtUntil, view } }: Peer): number[] {
  if (now >= soughtUntil) return [];
  return [...sought.keys()].filter((id) => view.find(id) === undefined);
}
