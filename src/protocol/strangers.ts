/**
 * What is asked by one that this peer does not have among its members. Those who ask on behalf of a name
 * build on whom they hear; two that do not even count each other have seen different rings, and neither
 * can tell what was acknowledged in the other's. So what is asked waits until the asker, and the one
 * that the answer is for, are members here (as in Viewstamped Replication, where a replica answers in
 * its own view alone), and is dropped when nobody waits for it any more.
 */
import type { Postponed } from "./absence.ts";
import { HOP_ACK_MS, POSTPONED } from "./config.ts";
import { isExpected, type Member } from "./member.ts";
import type { Message } from "./messages.ts";
import { randomBits } from "./random.ts";
import { isIn, type Peer } from "./state.ts";
import { sendPing } from "./ways.ts";

/** What others build on. A newcomer asks to be let in, and anybody may look up an owner. */
export function isAsking(message: Message): boolean {
  if (message.tag === "inquire" || message.tag === "lease") return true;
  return message.tag === "routed" && message.ask.kind !== "join" && message.ask.kind !== "lookup";
}

/**
 * Keeps what a stranger asks until it is a member.
 * @returns true if it is kept; `takeFamiliar` gives it back
 */
export function waitForMember(peer: Peer, came: Postponed): boolean {
  if (!isIn(peer) || !isAsking(came.message) || isFamiliar(peer, came)) return false;
  const { from, message } = came;
  // The sender was heard, and is being tried; the origin is another, of which too little is known for that.
  if (message.tag === "routed" && message.origin.id !== from.id) {
    sendPing(peer, message.origin.address, randomBits(peer.random), "datagram");
  }
  if (peer.strangers.length < POSTPONED) peer.strangers.push({ came, since: peer.now });
  return true;
}

/** What can be dealt with now, since those who ask have become members. */
export function takeFamiliar(peer: Peer): Postponed[] {
  if (peer.strangers.length === 0) return [];
  const waiting = peer.strangers.splice(0).filter((w) => peer.now - w.since < HOP_ACK_MS);
  const ready: Postponed[] = [];
  for (const each of waiting) {
    const { came, since } = each;
    if (!isFamiliar(peer, came)) peer.strangers.push(each);
    else {
      const heldMs = came.heldMs === null ? null : came.heldMs + peer.now - since;
      ready.push({ ...came, heldMs });
    }
  }
  return ready;
}

function isFamiliar(peer: Peer, { from, message }: Postponed): boolean {
  if (!isMember(peer, from)) return false;
  return message.tag !== "routed" || isMember(peer, message.origin);
}

function isMember({ view }: Peer, { id, birth }: Pick<Member, "id" | "birth">): boolean {
  const member = view.find(id);
  return member !== undefined && member.birth === birth && !isExpected(member);
}
