/** What people are told of a ring that does not let a peer in. */
import { Failure } from "../protocol/model/failure.ts";
import type { Address } from "../protocol/model/member.ts";
import type { LockedOut } from "../transport/types.ts";

/** Why a peer is not let in, and what to do about it. @param at who says so */
export function lockedOutSentence(
  address: Address,
  why: LockedOut,
  at = `The peer at ${address}`,
): string {
  switch (why) {
    case "rotated":
      return `${at} says that the key of the ring was changed without this peer: it is out, and comes in again with an invite (p2p invite, where a member runs).`;
    case "expired":
      return `${at} says that this invite has ended: ask for another (p2p invite).`;
    case "used":
      return `${at} says that this invite was used already, and held once: ask for another (p2p invite).`;
    case "stranger":
      return `${at} does not let this peer in: it knows no such key, or its ring is open to all (--insecure), or it is another program.`;
  }
}

/** That an invite is not known where it should be. */
export function unknownInvite(address: Address): Failure {
  return new Failure(
    `The peer at ${address} knows nothing of this invite: ask for another (p2p invite), where that peer runs.`,
  );
}
