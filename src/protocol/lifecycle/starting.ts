/** The ways into a ring: named successors, a ring of one's own, a known peer, or an earlier run's view. */

import { askFormerSelf, formerSelfAbsent, waitForFormer } from "../membership/former.ts";
import { cameIn } from "../membership/late.ts";
import {
  adoptView,
  becomeIncarnation,
  known,
  raiseTo,
  rememberDeparted,
  viewChanged,
} from "../membership/records.ts";
import { isLarge } from "../membership/relaying.ts";
import { awaitMember, beginRound } from "../membership/rounds.ts";
import { seekLost } from "../membership/seeking.ts";
import { dropRumours } from "../membership/spreading.ts";
import { sendPing } from "../membership/ways.ts";
import { RESTORED_GRACE_MS } from "../model/config.ts";
import type { Unreachable } from "../model/io.ts";
import { type Address, isPresent, type Member, makeMember, NO_INSTANCE } from "../model/member.ts";
import { randomBelow, randomBits } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { emit, exit, note, type Peer } from "../state.ts";
import { beginJoin, enterRing } from "./joining.ts";
import { beginReturn, formerMembers, returnElsewhere } from "./returning.ts";

/** Begins a peer's life: a joiner asks at once; any other first makes its incarnation durable. */
export function begin(peer: Peer): void {
  askFormerSelf(peer);
  if (peer.start.start.kind === "join") beginJoin(peer);
  else if (!beginReturn(peer)) raiseTo(peer, peer.start.incarnation + 1);
}

/** An incarnation is durable: it counts from here on. */
export function persisted(peer: Peer, incarnation: number): void {
  if (incarnation < peer.membership.incarnationAsked) return;
  if (peer.lifecycle.joining !== null) enterRing(peer, peer.lifecycle.joining, incarnation);
  else if (peer.phase !== "starting") becomeIncarnation(peer, incarnation);
  else if (peer.membership.formerAddress !== null) waitForFormer(peer, incarnation);
  else comeUp(peer, incarnation);
}

/** Nobody lives where this folder's peer did. @param at what cannot be reached; null if the time for it is over */
export function formerPlaceEmpty(peer: Peer, at: Address | null): void {
  const incarnation = formerSelfAbsent(peer, at);
  if (incarnation !== null) persisted(peer, incarnation);
}

/**
 * The known peer of a joiner does not run or does not answer. One that was in this ring before finds
 * its own way back, since the whole ring may just be starting again; any other ends with a sentence.
 */
export function contactLost(peer: Peer, how: Unreachable): void {
  const {
    lifecycle: { joining },
  } = peer;
  if (joining === null || joining.acceptance !== null) return;
  const { contact, contactName } = joining;
  if (peer.lifecycle.returning !== null) returnElsewhere(peer, contact);
  else if (peer.start.left !== true && peer.start.restored.some((m) => m.id !== peer.self.id)) {
    note(peer, sentences.goingOnAlone(contactName, contact));
    peer.lifecycle.joining = null;
    peer.phase = "starting";
    peer.deadlines.clear("join", 0);
    raiseTo(peer, peer.membership.incarnationAsked + 1);
  } else if (how === "refused") {
    exit(peer, 1, sentences.contactRefused(contactName, contact));
  } else {
    exit(peer, 1, sentences.contactSilent(contactName, contact));
  }
}

/** Comes up as a member in its own right, with those it knows of awaited until they answer. */
function comeUp(peer: Peer, incarnation: number): void {
  peer.phase = "in";
  becomeIncarnation(peer, incarnation);
  const { start } = peer.start;
  const restored = membersBefore(peer);
  peer.lifecycle.returning = null;
  for (const member of restored) {
    if (member.id === peer.self.id) continue;
    if (!isPresent(member)) {
      rememberDeparted(peer, member);
      sendPing(peer, member.address, randomBits(peer.random), "datagram");
      continue;
    }
    adoptView(peer, peer.membership.view.with(member));
    awaitMember(peer, member.id, peer.now + RESTORED_GRACE_MS);
  }
  seekLost(peer);
  // The very view that the others have, so that they all share one table.
  if (start.kind === "formed") adoptView(peer, start.view.with(peer.self));
  if (start.kind === "init") {
    const before = peer.start.left !== true && restored.some((m) => m.id !== peer.self.id);
    for (const { id, address } of start.successors) expect(peer, id, address, before);
  }
  viewChanged(peer);
  peer.reported.pair = peer.membership.view.successorPair(peer.self.id);
  emit(peer, { event: "joined", id: peer.self.id });
  cameIn(peer);
  // All know each other: in a large ring it would be much to tell.
  if (start.kind === "formed" && isLarge(peer)) dropRumours(peer);
  if (start.kind !== "formed") beginRound(peer);
  // A ring that stands has been pinging for long: its rounds are spread over the interval.
  else
    peer.deadlines.set("round", 0, peer.now + randomBelow(peer.random, peer.config.pingIntervalMs));
}

/**
 * Those that are taken for members until they do not answer. One that left in good order and begins by
 * its command, as the others do, has those who have begun.
 */
function membersBefore(peer: Peer): readonly Member[] {
  const { start, restored, left } = peer.start;
  if (start.kind === "init" && left === true) return peer.lifecycle.returning?.restarted ?? [];
  peer.lifecycle.returns = start.kind === "found" && formerMembers(peer).length > 0;
  return restored;
}

/** A member named by hand may start at any time; in a ring that has been, it has its time like the rest. */
function expect(peer: Peer, id: number, address: Address, limited: boolean): void {
  if (id === peer.self.id || known(peer, id) !== undefined) return;
  const instance = NO_INSTANCE;
  const member = makeMember({ id, address, instance, incarnation: 0, state: "alive" });
  adoptView(peer, peer.membership.view.with(member));
  const until = limited ? peer.now + RESTORED_GRACE_MS : Number.POSITIVE_INFINITY;
  awaitMember(peer, id, until);
}
