/**
 * The end of every step: a change of the two successors goes into the transcript, once, whatever
 * brought it; the driver hears whom to watch and what to keep; news is pushed on.
 */

import { formerMembers, takeReturn } from "./lifecycle/returning.ts";
import { roundSoon } from "./membership/rounds.ts";
import { pushRumours } from "./membership/spreading.ts";
import type { Effect } from "./model/io.ts";
import { isExpected } from "./model/member.ts";
import { sentences } from "./model/sentences.ts";
import { lines } from "./model/transcript.ts";
import { emit, isIn, line, note, type Peer } from "./state.ts";

/** Completes a step. @returns its effects, in order */
export function finishStep(peer: Peer): Effect[] {
  if (peer.changed && isIn(peer)) {
    peer.changed = false;
    reportSuccessors(peer);
    reportNeighbours(peer);
    updateWatch(peer);
    saveView(peer);
    reportReturn(peer);
  }
  peer.cause = null;
  pushRumours(peer);
  const { effects } = peer;
  peer.effects = [];
  return effects;
}

/** A cause line for each member that left the two, clockwise, or for the one that entered, then the pair. */
function reportSuccessors(peer: Peer): void {
  const {
    self,
    membership: { view },
  } = peer;
  const before = peer.reported.pair;
  const pair = view.successorPair(self.id);
  if (pair[0] === before[0] && pair[1] === before[1]) return;
  peer.reported.pair = pair;
  roundSoon(peer);
  // A leaver's own neighbours are of no interest any more.
  if (peer.phase !== "in") return;
  for (const id of new Set(before)) {
    const departed = peer.membership.departed.get(id);
    if (id === self.id || view.find(id) !== undefined || departed === undefined) continue;
    line(peer, departed.state === "left" ? lines.willDepart(id) : lines.notAlive(id));
  }
  if (peer.cause !== null) line(peer, peer.cause);
  line(peer, lines.newFirstSuccessor(pair[0]));
  line(peer, lines.newSecondSuccessor(pair[1]));
}

function reportNeighbours(peer: Peer): void {
  const successors = peer.membership.view.after(peer.self.id, 2).map((m) => m.id);
  const predecessors = peer.membership.view.before(peer.self.id, 2).map((m) => m.id);
  const neighbours = [...successors, Number.NaN, ...predecessors];
  const before = peer.reported.neighbours;
  if (
    neighbours.length === before.length &&
    neighbours.every((id, i) => Object.is(id, before[i]))
  ) {
    return;
  }
  peer.reported.neighbours = neighbours;
  emit(peer, { event: "successors", successors, predecessors });
}

/** Streams are kept to the two successors that have answered. */
function updateWatch(peer: Peer): void {
  const successors = peer.membership.view
    .after(peer.self.id, 2)
    .filter((m) => !peer.membership.awaited.has(m.id));
  const watched = successors.map((m) => m.address).join(" ");
  if (watched === peer.watched) return;
  // A successor that has begun to answer gets its round, as a new one does.
  if (watched.length > peer.watched.length) roundSoon(peer);
  peer.watched = watched;
  peer.effects.push({ type: "watch", addresses: successors.map((m) => m.address) });
}

/** Whom a founder has come back to, once all whom it knew have answered or had their time. */
function reportReturn(peer: Peer): void {
  if (peer.membership.awaited.size > 0 || !takeReturn(peer)) return;
  const others = peer.membership.view.size - 1;
  if (others > 0) note(peer, sentences.backIn(others));
  else if (peer.start.left !== true) note(peer, sentences.nobodyBack(formerMembers(peer).length));
}

function saveView(peer: Peer): void {
  if (peer.viewSaved) return;
  peer.viewSaved = true;
  const {
    membership: { view },
  } = peer;
  const members = view.expected === 0 ? view.members : view.members.filter((m) => !isExpected(m));
  // The gone are kept too: one of them may be the only way back to a ring that has parted.
  peer.effects.push({
    type: "save",
    members,
    departed: peer.membership.departed.last,
    left: false,
  });
}
