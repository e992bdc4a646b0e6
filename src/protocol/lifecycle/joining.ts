/** A joiner's way into the ring: it asks the one peer it knows, and waits to be taken in. */

import { cameIn, noteStanding } from "../membership/late.ts";
import {
  adoptView,
  becomeIncarnation,
  raiseTo,
  rememberDeparted,
  viewChanged,
} from "../membership/records.ts";
import { roundSoon } from "../membership/rounds.ts";
import { HIGHEST_TAKEN_IN } from "../model/bounds.ts";
import {
  JOIN_ANSWER_MS,
  JOIN_ATTEMPTS,
  JOIN_BUSY_MS,
  JOIN_GIVE_UP_MS,
  NUMBERED_BITS,
} from "../model/config.ts";
import { type Address, isPresent, type Member, makeMember } from "../model/member.ts";
import type { Introduction, JoinAnswer, RequestId } from "../model/messages.ts";
import { randomBelow, randomRequest } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { lines } from "../model/transcript.ts";
import { View } from "../model/view.ts";
import { emit, exit, line, type Peer, send } from "../state.ts";
import type { Joining } from "./state.ts";

/** Asks the known peer to be taken in. */
export function beginJoin(peer: Peer): void {
  const { start } = peer.start;
  if (start.kind === "join") joinThrough(peer, start.contact, start.contactName, start.proposed);
}

/** Asks a member. `proposed`: the id was the ring's idea, so another will do. */
export function joinThrough(
  peer: Peer,
  contact: Address,
  contactName: string,
  proposed: boolean,
): void {
  const request = randomRequest(peer.random);
  peer.phase = "joining";
  peer.lifecycle.joining = {
    contact,
    contactName,
    proposed,
    startedAt: peer.now,
    request,
    unanswered: 0,
    acceptance: null,
  };
  askToJoin(peer, peer.lifecycle.joining);
}

/**
 * No answer in time: asks again, under the same id, up to a limit.
 * @returns true if it has to be given up because the contact is silent or gone
 */
export function joinOverdue(peer: Peer): boolean {
  const {
    lifecycle: { joining },
  } = peer;
  if (joining === null || joining.acceptance !== null) return false;
  joining.unanswered += 1;
  if (peer.now - joining.startedAt > JOIN_GIVE_UP_MS) {
    exit(peer, 1, sentences.joinBusy(joining.contactName));
    return false;
  }
  if (joining.unanswered >= JOIN_ATTEMPTS) return true;
  askToJoin(peer, joining);
  return false;
}

/**
 * The contact has the request: it lives, however long the ring takes to answer.
 * @returns whether it was this joiner's request
 */
export function joinHeard(peer: Peer, request: RequestId): boolean {
  const {
    lifecycle: { joining },
  } = peer;
  if (joining?.request !== request) return false;
  joining.unanswered = -1;
  return true;
}

/** The ring's word on this joiner's wish, if it is its last one and still open: accepted, busy, or taken. */
export function receiveJoinAnswer(peer: Peer, from: Member, answer: JoinAnswer): void {
  const {
    lifecycle: { joining },
  } = peer;
  if (joining === null || joining.request !== answer.request || joining.acceptance !== null) return;
  const { outcome } = answer;
  switch (outcome.kind) {
    case "busy": {
      joining.unanswered = -1;
      const wait = JOIN_BUSY_MS / 2 + randomBelow(peer.random, JOIN_BUSY_MS);
      peer.deadlines.set("join", 0, peer.now + wait);
      return;
    }
    case "taken":
      if (!joining.proposed) exit(peer, 1, sayTaken(peer, outcome.by));
      else send(peer, joining.contact, "stream", { tag: "introduce", request: joining.request });
      return;
    case "accepted": {
      const { incarnation, members, standing } = outcome;
      // Once it is written down it can only rise: whoever says such a thing is not believed.
      if (incarnation > HIGHEST_TAKEN_IN) return;
      joining.acceptance = { incarnation, members, standing, acceptor: from };
      peer.deadlines.clear("join", 0);
      // A former run from this folder may have gone beyond what the ring remembers.
      raiseTo(peer, Math.max(incarnation, peer.membership.incarnationAsked + 1));
    }
  }
}

/** The ring's first proposal was taken meanwhile by another joiner: try its next one. */
export function receiveIntroduction(peer: Peer, introduction: Introduction): void {
  const {
    lifecycle: { joining },
  } = peer;
  if (joining?.request !== introduction.request || joining.acceptance !== null) return;
  const { address, instance, incarnation, state } = peer.self;
  peer.self = makeMember({ id: introduction.proposedId, address, instance, incarnation, state });
  adoptView(peer, View.of([peer.self], peer.views));
  joining.request = randomRequest(peer.random);
  askToJoin(peer, joining);
}

/** The incarnation of the acceptance is durable: the peer takes part. */
export function enterRing(peer: Peer, joining: Joining, incarnation: number): void {
  if (joining.acceptance === null) return;
  const { members, standing, acceptor } = joining.acceptance;
  peer.lifecycle.joining = null;
  peer.lifecycle.returns = peer.lifecycle.returning !== null;
  peer.lifecycle.returning = null;
  peer.phase = "in";
  peer.lifecycle.enteredAt = peer.now;
  becomeIncarnation(peer, incarnation);
  const others = members.filter((m) => m.id !== peer.self.id);
  adoptView(peer, View.of([peer.self, ...others.filter(isPresent)], peer.views));
  // Known as gone, they are tried now and then: one may be the only way to a part split off.
  for (const member of others) if (!isPresent(member)) rememberDeparted(peer, member);
  viewChanged(peer);
  const pair = peer.membership.view.successorPair(peer.self.id);
  line(peer, lines.joinAccepted());
  line(peer, lines.firstSuccessor(pair[0]));
  line(peer, lines.secondSuccessor(pair[1]));
  peer.reported.pair = pair;
  emit(peer, { event: "joined", id: peer.self.id });
  noteStanding(peer, acceptor, standing, false);
  cameIn(peer);
  send(peer, acceptor.address, "stream", { tag: "join-done", request: joining.request });
  roundSoon(peer);
}

function askToJoin(peer: Peer, joining: Joining): void {
  peer.deadlines.set("join", 0, peer.now + JOIN_ANSWER_MS);
  const { id, address, instance } = peer.self;
  send(peer, joining.contact, "stream", {
    tag: "routed",
    request: joining.request,
    origin: { id, address, instance },
    route: [id],
    ask: { kind: "join", joiner: peer.self },
    leftMs: JOIN_ANSWER_MS,
    counter: peer.replication.counter,
    avoid: [],
    back: false,
    lost: false,
  });
}

/** Only a numbered peer can be given another id by hand. */
function sayTaken({ config, self }: Peer, by: Address): string {
  const numbered = config.bits <= NUMBERED_BITS;
  return numbered ? sentences.idTaken(self.id, by) : sentences.folderCopied(self.id, by);
}
