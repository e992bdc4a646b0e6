/** How much room there is for files: on this disk, and on those of others as they have said. */

import { boundTable } from "../model/bounded.ts";
import { ROOMS_KNOWN } from "../model/config.ts";
import type { Member } from "../model/member.ts";
import type { Peer } from "../state.ts";

/** Bytes of files that this disk has room for; none for a while after it has refused something. */
export function ownRoom({ now, replication: { fullUntil }, membership: { room } }: Peer): number {
  return now < fullUntil ? 0 : room;
}

/** A member has said how much room it has, or has rejected what it had none for. */
export function noteRoom(peer: Peer, { instance }: Member, bytes: number): void {
  peer.membership.rooms.set(instance, bytes);
  boundTable(peer.membership.rooms, ROOMS_KNOWN);
}

/** The members that are known to have no room for so many bytes, this peer included. */
export function withoutRoomFor(
  peer: Peer,
  members: readonly Member[],
  bytes: number,
): readonly Member[] {
  return members.filter(({ id, instance }) => {
    const room = id === peer.self.id ? ownRoom(peer) : peer.membership.rooms.get(instance);
    return room !== undefined && room < bytes;
  });
}
