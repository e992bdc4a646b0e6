/**
 * In a large ring each change is told to each member about once, down a tree. Its root is the member before the one that
 * it is about. Whoever has a part of the circle before itself to tell tells those 1, 2, 4, 8, ... places
 * before it, each with the part up to the next of these: a binomial tree, which ends at the one that it is about
 * (EDRA: Monnerat & Amorim, "D1HT", 2006; with ranges as of El-Ansary et al., "Efficient broadcast", 2003, so
 * that views which differ miss nobody). News that is known already is passed on all the same, since a part of
 * the ring has it from here alone. What gets lost on the way is found by comparing tables (spreading.ts).
 */

import { boundTable } from "../model/bounded.ts";
import { RELAYS_WAITING } from "../model/limits.ts";
import { compareMembers, isPresent, type Member } from "../model/member.ts";
import type { Relay } from "../model/tree.ts";
import type { Peer } from "../state.ts";
import { ROOT_SILENT_MS, TOLD_REMEMBERED, TREE_FROM, TREE_TWICE, TREE_UNTRIED } from "./large.ts";
import { beats, known, probeKey } from "./records.ts";

/** What goes to one member, with the part of the circle that has it from there. */
export type Bundle = {
  readonly to: Member;
  readonly upTo: number;
  readonly plain: Member[];
  readonly joining: Member[];
};

/** True in a ring in which telling each change to several others besides would cost more than all else. */
export function isLarge({ membership: { view } }: Peer): boolean {
  return view.size > TREE_FROM;
}

/** How far before this peer a position is, on the circle; 0 is all around. */
export function reachOf({ self, config }: Peer, position: number): number {
  const circle = 2 ** config.bits;
  return (self.id - position + circle) % circle;
}

/** About how many members there are in a part of the circle of such a length. */
function membersIn({ config, membership: { view } }: Peer, length: number): number {
  return (view.size * length) / 2 ** config.bits;
}

/** True of word that few have from here: it is passed on before it has been tried, and its suspect told by others. */
export function isForFew(peer: Peer, reach: number): boolean {
  return membersIn(peer, reach) <= TREE_UNTRIED;
}

/** True of a part of the circle so large that what is lost on its way there would be missed by some. */
export function isForSome(peer: Peer, length: number): boolean {
  return membersIn(peer, length) >= TREE_TWICE;
}

/**
 * Takes note of word that has been looked at, and is believed, being tried, or known already. What many would
 * hear from here is passed on only once it has been tried here: so no lie goes far.
 */
export function noteWord(peer: Peer, said: Member, joining: boolean, reach: number): void {
  const { heard } = peer.membership.tree;
  if (said.id === peer.self.id) return;
  if (!beats(peer, said)) {
    const best = known(peer, said.id);
    if (best !== undefined && compareMembers(best, said) === 0) relay(peer, said, joining, reach);
    return;
  }
  // It may come from one that does not count on this peer as well, in a table that was compared: those who do still wait.
  const furthest = Math.max(reach, heard.get(said.id)?.reach ?? 0);
  heard.delete(said.id);
  heard.set(said.id, { at: peer.now, reach: furthest });
  boundTable(heard, TOLD_REMEMBERED);
  if (isForFew(peer, reach) && isTried(peer, said.id)) relay(peer, said, joining, reach);
}

/**
 * What this peer has come to know is passed on: as its root, or as far as it was heard.
 * @returns the root, if that is another, who may not know of it
 */
export function passOnNews(peer: Peer, member: Member, joining: boolean): Member | null {
  const { heard, told, untold, seen } = peer.membership.tree;
  const { id } = member;
  const own = seen.delete(id);
  if (!isPresent(member)) sendAgain(peer, id);
  const word = heard.get(id);
  heard.delete(id);
  const root = peer.membership.view.predecessor(id);
  // Of a joiner the one that takes it in tells.
  if (
    id === peer.self.id &&
    peer.start.start.kind === "join" &&
    peer.lifecycle.enteredAt === peer.now
  )
    return null;
  if (id === peer.self.id || root === undefined || root.id === peer.self.id) {
    relayToAll(peer, member, joining);
    return null;
  }
  if (word !== undefined && peer.now - word.at < ROOT_SILENT_MS) {
    relay(peer, member, joining, word.reach);
    return null;
  }
  const done = told.get(id);
  if (done !== undefined && compareMembers(done.member, member) >= 0) return null;
  untold.set(id, { member, joining, at: peer.now, own });
  boundTable(untold, TOLD_REMEMBERED);
  peer.deadlines.setEarlier("push", 0, peer.now + ROOT_SILENT_MS);
  return root;
}

/** A root that says nothing of what it was told has another in its place: whoever comes after it, or has seen it. */
export function reviewUntold(peer: Peer): void {
  const { untold } = peer.membership.tree;
  for (const [id, { member, joining, at, own }] of untold) {
    const root = peer.membership.view.predecessor(id);
    const isOver = peer.now - at >= ROOT_SILENT_MS;
    if (root?.id === peer.self.id || (own && isOver)) relayToAll(peer, member, joining);
    if (isOver) untold.delete(id);
  }
}

/** Takes all that is to be passed on, by whom it goes to. */
export function takeRelays(peer: Peer): Iterable<Bundle> {
  const bundles = new Map<string, Bundle>();
  const { queue, sent } = peer.membership.tree;
  const joined = justJoined(peer);
  const give = (to: Member, upTo: number, { member, joining }: Relay) => {
    const key = `${to.address} ${upTo}`;
    const bundle = bundles.get(key) ?? { to, upTo, plain: [], joining: [] };
    (joining ? bundle.joining : bundle.plain).push(member);
    bundles.set(key, bundle);
    if (to !== joined) sent.push({ to: to.id, at: peer.now, member, joining, upTo });
  };
  for (const news of queue.splice(0)) {
    for (const { to, upTo } of parts(peer, news)) give(to, upTo, news);
    // It has nobody to tell: this peer is the one before it.
    if (joined !== undefined && joined.id !== news.member.id) give(joined, peer.self.id, news);
  }
  sent.splice(0, Math.max(0, sent.length - TOLD_REMEMBERED));
  return bundles.values();
}

/** Who has news from here, and up to where each is to pass it on. */
function* parts(peer: Peer, { member, low, high }: Relay) {
  const { view } = peer.membership;
  const circle = 2 ** peer.config.bits;
  const end = Math.min(high, reachOf(peer, member.id) || circle);
  for (let places = 1; places < view.size; places *= 2) {
    const to = firstAt(peer, places, end);
    if (to === undefined) return;
    const next = view.ahead(peer.self.id, view.size - 2 * places);
    const last = 2 * places < view.size && next !== undefined ? reachOf(peer, next.id) : end;
    const reach = Math.min(last, end);
    if (reach <= low) continue;
    const upTo = (peer.self.id - reach + circle) % circle;
    yield { to, upTo };
  }
}

/** The member so many places before this peer, or the next before it that is not in doubt; none from `end` on. */
function firstAt(peer: Peer, places: number, end: number): Member | undefined {
  const { view } = peer.membership;
  for (let place = places; place < Math.min(2 * places, view.size); place++) {
    const target = view.ahead(peer.self.id, view.size - place);
    if (target === undefined || reachOf(peer, target.id) >= end) return undefined;
    if (!isTried(peer, target.id)) return target;
  }
  return undefined;
}

/** The one behind this peer that came a moment ago: what was on its way then, nobody else tells it. */
function justJoined({ self, now, membership: { view, arrivals } }: Peer): Member | undefined {
  const [next] = view.after(self.id, 1);
  const came = next === undefined ? undefined : arrivals.get(next.instance);
  return came !== undefined && now - came.at < ROOT_SILENT_MS ? next : undefined;
}

/** What was sent to one that turns out to be dead goes to those that were to have it from there. */
function sendAgain(peer: Peer, departed: number): void {
  const { sent, queue } = peer.membership.tree;
  const kept = sent.filter(({ at }) => peer.now - at < ROOT_SILENT_MS).slice(-TOLD_REMEMBERED);
  sent.splice(0, sent.length, ...kept.filter(({ to }) => to !== departed));
  for (const { to, member, joining, upTo } of kept) {
    if (to !== departed || member.id === departed) continue;
    if (queue.length < RELAYS_WAITING)
      queue.push({ member, joining, low: reachOf(peer, departed), high: reachOf(peer, upTo) });
  }
}

function relayToAll(peer: Peer, member: Member, joining: boolean): void {
  relay(peer, member, joining, 2 ** peer.config.bits);
}

function relay(peer: Peer, member: Member, joining: boolean, reach: number): void {
  const { told, queue, untold } = peer.membership.tree;
  const done = told.get(member.id);
  const order = done === undefined ? 1 : compareMembers(member, done.member);
  if (order < 0 || queue.length >= RELAYS_WAITING) return;
  const low = order === 0 ? (done?.reach ?? 0) : 0;
  untold.delete(member.id);
  if (order === 0 && reach <= low) return;
  told.delete(member.id);
  told.set(member.id, { member, reach });
  boundTable(told, TOLD_REMEMBERED);
  queue.push({ member, joining, low, high: reach });
}

/** True while a member is being tried. */
function isTried({ membership: { probes } }: Peer, id: number): boolean {
  if (probes.size === 0) return false;
  return probes.has(id) || probes.has(probeKey("unverified", id));
}
