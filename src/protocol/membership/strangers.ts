/**
 * What is asked by one that this peer does not have among its members. Those who ask on behalf of a name
 * build on whom they hear; two that do not even count each other have seen different rings, and neither
 * can tell what was acknowledged in the other's. So what is asked waits until the asker is a member here
 * (as in Viewstamped Replication, where a replica answers in its own view alone), and is dropped when
 * nobody waits for it any more.
 */
import { entriesOf, type Postponed } from "../model/absence.ts";
import { HOP_ACK_MS, POSTPONED } from "../model/config.ts";
import { POSTPONED_ENTRIES } from "../model/limits.ts";
import { isExpected } from "../model/member.ts";
import type { Message } from "../model/messages.ts";
import { isIn, type Peer } from "../state.ts";

/** What others build on, or what makes work: for members alone. How the ring is seen anybody may ask. */
const FOR_MEMBERS: ReadonlySet<Message["tag"]> = new Set<Message["tag"]>([
  "inquire",
  "lease",
  "catch-up",
  "compare",
  "list",
  "replicate",
]);

/** True of what is for members. A new member asks to be let in, and anybody may look up an owner. */
export function isAsking(message: Message): boolean {
  if (message.tag !== "routed") return FOR_MEMBERS.has(message.tag);
  return message.ask.kind !== "join" && message.ask.kind !== "lookup";
}

/**
 * Keeps what a stranger asks until it is a member.
 * @returns true if it is kept; `takeFamiliar` gives it back
 */
export function waitForMember(peer: Peer, came: Postponed): boolean {
  if (!isIn(peer) || !isAsking(came.message) || isFamiliar(peer, came)) return false;
  const { strangers } = peer.membership;
  const entries = entriesOf(came.message);
  const before = strangers.reduce((sum, each) => sum + each.entries, 0);
  if (strangers.length < POSTPONED && before + entries <= POSTPONED_ENTRIES)
    strangers.push({ came, since: peer.now, entries });
  return true;
}

/** What can be dealt with now, since those who ask have become members. */
export function takeFamiliar(peer: Peer): Postponed[] {
  if (peer.membership.strangers.length === 0) return [];
  const waiting = peer.membership.strangers
    .splice(0)
    .filter((w) => peer.now - w.since < HOP_ACK_MS);
  const ready: Postponed[] = [];
  for (const each of waiting) {
    const { came, since } = each;
    if (!isFamiliar(peer, came)) peer.membership.strangers.push(each);
    else {
      const heldMs = came.heldMs === null ? null : came.heldMs + peer.now - since;
      ready.push({ ...came, heldMs });
    }
  }
  return ready;
}

/** True of a member; and of a program that says itself that it is none, of this ring or any other. */
function isFamiliar({ membership: { view } }: Peer, { from, message }: Postponed): boolean {
  if (from.incarnation === 0) return message.tag === "routed";
  const member = view.find(from.id);
  return member !== undefined && member.instance === from.instance && !isExpected(member);
}
