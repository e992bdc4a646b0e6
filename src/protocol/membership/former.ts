/**
 * A data folder knows where its peer listened before. One that begins elsewhere asks there first: whoever
 * answers with its id is the peer that this folder is a copy of, which is in the ring and keeps its place.
 * A machine that has moved hears of nobody, and goes on.
 */
import type { Address, Member } from "../model/member.ts";
import type { Message } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { exit, type Peer } from "../state.ts";
import { sendPing } from "./ways.ts";

/** The former place has so long to answer: some round trips. */
export const FORMER_MS = 300;

/** Asks at the address where this folder's peer listened last, if that was another. */
export function askFormerSelf(peer: Peer): void {
  const former = peer.start.restored.find((m) => m.id === peer.self.id);
  if (former === undefined || former.address === peer.self.address) return;
  peer.membership.formerAddress = former.address;
  peer.membership.formerNonce = randomBits(peer.random);
  peer.deadlines.set("former", 0, peer.now + FORMER_MS);
  sendPing(peer, former.address, peer.membership.formerNonce, "stream");
}

/** An answer to that. @returns whether it came from one with this peer's id, and this peer has ended */
export function meetsFormerSelf(peer: Peer, from: Member, message: Message): boolean {
  if (peer.membership.formerAddress === null || from.id !== peer.self.id) return false;
  if (message.tag !== "pong" || message.nonce !== peer.membership.formerNonce) return false;
  exit(peer, 1, sentences.folderCopied(peer.self.id, from.address));
  return true;
}

/** An incarnation is durable, and counts once nobody is there. */
export function waitForFormer(peer: Peer, incarnation: number): void {
  peer.membership.waitingIncarnation = incarnation;
}

/** Nobody is there, or nobody answers. @returns the incarnation that has waited for that, if one has */
export function formerSelfAbsent(peer: Peer, at: Address | null): number | null {
  if (
    peer.membership.formerAddress === null ||
    (at !== null && at !== peer.membership.formerAddress)
  )
    return null;
  const {
    membership: { waitingIncarnation },
  } = peer;
  peer.membership.formerAddress = null;
  peer.membership.waitingIncarnation = null;
  peer.deadlines.clear("former", 0);
  return waitingIncarnation;
}
