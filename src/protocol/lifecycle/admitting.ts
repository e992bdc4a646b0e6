/** The predecessor of a new id takes it in: one at a time into its gap, its own predecessor told first. */

import { greet, takeMet } from "../membership/greeting.ts";
import { afterVerdict, isPossible, metOfHearsay } from "../membership/news.ts";
import { died, probeMember } from "../membership/probing.ts";
import { beats, isMember, known, learn, probeKey } from "../membership/records.ts";
import { spreadEntry, withholdEntry } from "../membership/spreading.ts";
import type { Judged } from "../membership/state.ts";
import { standingOf } from "../model/absence.ts";
import { HIGHEST_TAKEN_IN, isPlausible } from "../model/bounds.ts";
import { DEPARTED_TOLD, JOIN_LOCK_MS, SUCCESSOR_CHANGE_MS, SYNC_MEMBERS } from "../model/config.ts";
import type { Input } from "../model/io.ts";
import { type Address, isExpected, type Member, makeMember } from "../model/member.ts";
import type { JoinAnswer, Routed, SuccessorChange } from "../model/messages.ts";
import { lines } from "../model/transcript.ts";
import { line, type Peer, send } from "../state.ts";

type Greeted = Pick<Extract<Input, { readonly type: "greeted" }>, "address" | "id" | "instance">;

/** A join request that belongs here. @param met whether its joiner has said who it is, where it is to be found */
export function admit(peer: Peer, routed: Routed, joiner: Member, met = false): void {
  const {
    self,
    lifecycle: { lock },
    membership: { view },
  } = peer;
  const old = view.find(joiner.id);
  // Nobody else listens here.
  if (joiner.address === self.address && joiner.id !== self.id) return;
  if (joiner.id === self.id) {
    if (joiner.instance !== self.instance)
      answer(peer, routed, { kind: "taken", by: self.address });
  } else if (peer.phase !== "in") {
    answer(peer, routed, { kind: "busy" });
  } else if (old?.instance === joiner.instance) {
    // Taken in before: the answer was lost, or its predecessor does not know yet.
    if (lock?.joiner.instance !== joiner.instance || lock.told)
      accept(peer, routed, old.incarnation);
  } else if (lock !== null) {
    answer(peer, routed, { kind: "busy" });
  } else if (old !== undefined && !isExpected(old) && old.address !== joiner.address) {
    probeMember(peer, old, "claimant", ["stream", "datagram"]);
    const isTried = peer.membership.probes.has(probeKey("claimant", joiner.id));
    if (isTried) peer.lifecycle.contested.set(joiner.id, routed);
    else answer(peer, routed, { kind: "busy" });
  } else if (met) takeIn(peer, routed, joiner);
  else if (!greet(peer, joiner, { kind: "join", routed, joiner }))
    answer(peer, routed, { kind: "busy" });
}

/** One that was spoken of has said who it is. */
export function met(peer: Peer, { address, id, instance }: Greeted): void {
  for (const what of takeMet(peer, address, id, instance)) {
    if (what.kind === "hearsay") metOfHearsay(peer, what.said);
    else if (what.kind === "join") admit(peer, what.routed, what.joiner, true);
    else enterBehind(peer, what.by, what.change);
  }
}

/** A probe has come to a verdict, which may settle who has a contested id. */
export function probeJudged(peer: Peer, judged: Judged | null): void {
  if (judged === null) return;
  afterVerdict(peer, judged);
  const { verdict, target } = judged;
  const routed = peer.lifecycle.contested.get(target.id);
  if (!(verdict === "id-taken" || verdict === "id-free") || routed?.ask.kind !== "join") return;
  peer.lifecycle.contested.delete(target.id);
  if (verdict === "id-taken") {
    answer(peer, routed, { kind: "taken", by: target.address });
    return;
  }
  died(peer, target, "lost");
  admit(peer, routed, routed.ask.joiner);
}

/** This peer's predecessor knows of the joiner, or has had its time: now the joiner is told, then the rest. */
export function tellJoiner(peer: Peer): void {
  const {
    lifecycle: { lock },
  } = peer;
  if (lock === null || lock.told) return;
  lock.told = true;
  peer.deadlines.clear("change", 0);
  const member = peer.membership.view.find(lock.joiner.id);
  if (member === undefined) return;
  spreadEntry(peer, member);
  sendAcceptance(peer, lock.request, member);
}

/** The joiner is in, or has had its time, or is gone: the gap is free. */
export function unlockGap(peer: Peer): void {
  peer.lifecycle.lock = null;
  peer.deadlines.clear("lock", 0);
  peer.deadlines.clear("change", 0);
}

/** A joiner has entered behind this peer's first successor. */
export function receiveSuccessorChange(peer: Peer, by: Member, change: SuccessorChange): void {
  // Where it has not been met in time the one who asks goes on without this peer.
  if (isNewHere(peer, by, change)) greet(peer, change.joiner, { kind: "change", by, change });
  else confirmChange(peer, by, change);
}

function enterBehind(peer: Peer, by: Member, change: SuccessorChange): void {
  confirmChange(peer, by, change);
  if (!isNewHere(peer, by, change)) return;
  const before = peer.membership.view.successorPair(peer.self.id);
  learn(peer, change.joiner, "joined");
  withholdEntry(peer, change.joiner.id);
  announceEntry(peer, before, lines.successorChange());
}

function confirmChange(peer: Peer, by: Member, { request }: SuccessorChange): void {
  send(peer, by.address, "stream", { tag: "ack", request });
}

function isNewHere(peer: Peer, by: Member, { joiner }: SuccessorChange): boolean {
  return beats(peer, joiner) && joiner.state === "alive" && isAccepted(peer, by, joiner);
}

/** True of a joiner as another member may have taken it in: like any other word of a member it has its bounds. */
function isAccepted(peer: Peer, by: Member, joiner: Member): boolean {
  const { view } = peer.membership;
  const isOther = by.id !== peer.self.id && isMember(peer, by);
  const there = view.at(joiner.address);
  const isFree = there === undefined || there.id === joiner.id;
  const before = known(peer, joiner.id)?.incarnation ?? 0;
  return isOther && isFree && isPossible(peer, joiner) && isPlausible(before, joiner.incarnation);
}

function takeIn(peer: Peer, routed: Routed, joiner: Member): void {
  const former = peer.membership.view.find(joiner.id) ?? peer.membership.departed.get(joiner.id);
  const incarnation = Math.max(former?.incarnation ?? 0, joiner.incarnation) + 1;
  if (incarnation > HIGHEST_TAKEN_IN) {
    answer(peer, routed, { kind: "busy" });
    return;
  }
  const { id, address, instance } = joiner;
  const member = makeMember({ id, address, instance, incarnation, state: "alive" });
  const before = peer.membership.view.successorPair(peer.self.id);
  peer.lifecycle.lock = { request: routed.request, joiner, told: false };
  peer.deadlines.set("lock", 0, peer.now + JOIN_LOCK_MS);
  learn(peer, member, "joined");
  // Nobody else may hear of it before the predecessor does, whose lines tell of the change.
  withholdEntry(peer, id);
  announceEntry(peer, before, lines.joinReceived(id));
  const predecessor = peer.membership.view.predecessor(peer.self.id);
  if (predecessor === undefined || predecessor.id === id) {
    tellJoiner(peer);
    return;
  }
  peer.deadlines.set("change", 0, peer.now + SUCCESSOR_CHANGE_MS);
  const { request } = routed;
  send(peer, predecessor.address, "stream", { tag: "successor-change", request, joiner: member });
}

/** The lines of an entry stand even where a restarted member takes its own old place. */
function announceEntry(peer: Peer, before: readonly [number, number], cause: string): void {
  const pair = peer.membership.view.successorPair(peer.self.id);
  if (pair[0] !== before[0] || pair[1] !== before[1]) {
    peer.cause = cause;
    return;
  }
  line(peer, cause);
  line(peer, lines.newFirstSuccessor(pair[0]));
  line(peer, lines.newSecondSuccessor(pair[1]));
}

function accept(peer: Peer, routed: Routed, incarnation: number): void {
  const member = peer.membership.view.find(routed.origin.id);
  if (member?.incarnation === incarnation) sendAcceptance(peer, routed.request, member);
}

function sendAcceptance(peer: Peer, request: number, joiner: Member): void {
  const present = peer.membership.view.after(peer.self.id, SYNC_MEMBERS - DEPARTED_TOLD - 1);
  const known = [peer.self, ...present, ...peer.membership.departed.last].filter(
    (m) => !isExpected(m),
  );
  const { incarnation } = joiner;
  const standing = standingOf(peer.membership.absence, peer.now);
  const outcome = { kind: "accepted", standing, incarnation, members: known } as const;
  send(peer, joiner.address, "stream", { tag: "join-answer", request, outcome });
}

function answer(peer: Peer, routed: Routed, outcome: JoinAnswer["outcome"]): void {
  const to: Address = routed.origin.address;
  send(peer, to, "stream", { tag: "join-answer", request: routed.request, outcome });
}
