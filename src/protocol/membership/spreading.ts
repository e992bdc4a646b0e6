/**
 * How views come to agree: news is pushed to a few members, who push it on; digests travel with every
 * ping, and where they differ the two compare their tables by buckets of the circle.
 */

import {
  GOSSIP_FANOUT,
  GOSSIP_MEMBERS,
  GOSSIP_SPACING_MS,
  SETTLE_CHECK_MS,
  SYNC_MEMBERS,
  SYNC_SPACING_MS,
} from "../model/config.ts";
import { type Address, compareMembers, isExpected, type Member } from "../model/member.ts";
import type { Channel, Pong, Sync } from "../model/messages.ts";
import { randomBelow, randomBits } from "../model/random.ts";
import { boundsOf } from "../model/view.ts";
import { isIn, type Peer, send } from "../state.ts";
import {
  COMPARED_LOSSY_MS,
  COMPARED_MS,
  QUIET_MS,
  TREE_LOSSY_MS,
  TREE_LOSSY_TIMES,
  TREE_MS,
  TREE_TIMES,
} from "./large.ts";
import { absorb } from "./news.ts";
import { isMember, queueNews } from "./records.ts";
import { isForSome, isLarge, passOnNews, reachOf, reviewUntold, takeRelays } from "./relaying.ts";
import { sendPing, wayTo } from "./ways.ts";

/**
 * Pushes what was learnt to the neighbours on both sides and to a few others: at once if it has been
 * quiet, else a little later, so that a burst of news makes few messages.
 */
export function pushRumours(peer: Peer): void {
  const { rumours, joiningRumours, tree, view } = peer.membership;
  const isQuiet = rumours.size === 0 && joiningRumours.size === 0 && tree.queue.length === 0;
  if (isQuiet && tree.untold.size === 0) return;
  const spacing = isLarge(peer) ? TREE_MS / Math.log2(view.size) : 0;
  const soonest = peer.membership.pushedAt + Math.max(GOSSIP_SPACING_MS, spacing);
  if (isIn(peer) && peer.now < soonest) {
    peer.deadlines.set("push", 0, soonest);
    return;
  }
  peer.membership.pushedAt = peer.now;
  if (isLarge(peer) && isIn(peer)) {
    pushDownTree(peer);
    return;
  }
  tree.untold.clear();
  tree.queue.length = 0;
  tree.seen.clear();
  const targets = new Set(isIn(peer) ? pushTargets(peer) : []);
  if (peer.membership.rumours.has(peer.self.id)) {
    for (const suspecter of peer.membership.suspecters) targets.add(suspecter);
    peer.membership.suspecters.clear();
  }
  // Whoever says that it listens here is told nothing.
  targets.delete(peer.self.address);
  for (const [joining, table] of [
    [false, peer.membership.rumours],
    [true, peer.membership.joiningRumours],
  ] as const) {
    const members = [...table.values()];
    table.clear();
    for (let i = 0; i < members.length; i += GOSSIP_MEMBERS) {
      const some = members.slice(i, i + GOSSIP_MEMBERS);
      for (const address of targets) tell(peer, address, wayTo(peer, address), { joining }, some);
    }
  }
}

/** In a large ring: to those that have it from here, in messages with all that is news to them. */
function pushDownTree(peer: Peer): void {
  const { rumours, joiningRumours, suspecters } = peer.membership;
  for (const [joining, table] of [
    [false, rumours],
    [true, joiningRumours],
  ] as const) {
    for (const member of table.values()) {
      const root = passOnNews(peer, member, joining);
      if (root !== null) tell(peer, root.address, "stream", { joining }, [member]);
    }
    table.clear();
  }
  suspecters.clear();
  reviewUntold(peer);
  const lossy = isLossy(peer);
  for (const { to, upTo, plain, joining } of takeRelays(peer)) {
    const way = wayTo(peer, to.address);
    const again = isForSome(peer, reachOf(peer, upTo) - reachOf(peer, to.id));
    const times = way === "stream" ? 1 : lossy ? TREE_LOSSY_TIMES : again ? TREE_TIMES : 1;
    for (let i = 0; i < times; i++) {
      tell(peer, to.address, way, { joining: false, upTo }, plain);
      tell(peer, to.address, way, { joining: true, upTo }, joining);
    }
  }
}

/** @param how with `upTo`, to be passed on up to there */
function tell(
  peer: Peer,
  to: Address,
  channel: Channel,
  how: { readonly joining: boolean; readonly upTo?: number },
  members: readonly Member[],
): void {
  const { joining, upTo } = how;
  for (let i = 0; i < members.length; i += GOSSIP_MEMBERS) {
    const some = members.slice(i, i + GOSSIP_MEMBERS);
    if (upTo === undefined) send(peer, to, channel, { tag: "gossip", joining, members: some });
    else send(peer, to, channel, { tag: "spread", upTo, joining, members: some });
  }
}

/** News of one that has just come in, heard from itself: to be pushed as such at the end of the step. */
export function spreadEntry(peer: Peer, member: Member): void {
  queueNews(peer.membership.joiningRumours, member);
}

/** Others are to hear of that entry from somebody else first, or later. */
export function withholdEntry(peer: Peer, id: number): void {
  peer.membership.joiningRumours.delete(id);
}

/** What this peer would have pushed it tells those concerned itself. */
export function dropRumours(peer: Peer): void {
  peer.membership.rumours.clear();
  peer.membership.tree.seen.clear();
}

/** Compares digests with one member a little after a change, whatever the ping interval. */
export function settleCheck(peer: Peer): void {
  if (isLarge(peer)) {
    const quietAt = comparableAt(peer);
    if (quietAt > peer.now) {
      peer.deadlines.set("settle", 0, quietAt);
      return;
    }
    peer.membership.tree.comparedAt = peer.now;
  }
  const unfit = (m: Member) => m.id === peer.self.id || peer.membership.awaited.has(m.id);
  const [other] = peer.membership.view.sample(peer.random, 1, unfit);
  if (other === undefined || !isIn(peer)) return;
  const nonce = randomBits(peer.random);
  peer.membership.settleNonce = nonce;
  sendPing(peer, other.address, nonce, wayTo(peer, other.address));
}

/** When two views of a large ring may be compared: one that is still has most of what is on its way. */
function comparableAt(peer: Peer): number {
  const { tree } = peer.membership;
  const spacing = isLossy(peer) ? COMPARED_LOSSY_MS : COMPARED_MS;
  return Math.min(tree.changedAt + QUIET_MS, tree.comparedAt + spacing);
}

/** True where an answer to a datagram was lost of late. */
function isLossy({ now, membership: { datagrams } }: Peer): boolean {
  return now - datagrams.lostAt < TREE_LOSSY_MS;
}

/** The answer of a member to a round or to a check told its digest: if it differs, compare tables. */
export function compareDigest(peer: Peer, from: Member, pong: Pong): void {
  const { view } = peer.membership;
  if (!isIn(peer) || !isMember(peer, from) || pong.digest === view.digest) return;
  if (!pong.round && pong.nonce !== peer.membership.settleNonce) return;
  if (isLarge(peer) && pong.round && comparableAt(peer) > peer.now) return;
  const wait = Math.min(
    peer.membership.settleBackoffMs * 2 || SETTLE_CHECK_MS,
    peer.config.pingIntervalMs,
  );
  peer.membership.settleBackoffMs = wait;
  peer.deadlines.setEarlier("settle", 0, peer.now + wait + randomBelow(peer.random, wait));
  if (peer.now - peer.membership.syncedAt < SYNC_SPACING_MS) return;
  peer.membership.syncedAt = peer.now;
  const buckets = peer.membership.view.bucketDigests(peer.config.bits);
  send(peer, from.address, "stream", { tag: "sync", stage: "open", buckets, members: [] });
}

/** One step of a comparison of tables. */
export function receiveSync(peer: Peer, from: Member, sync: Sync): void {
  if (!isIn(peer)) return;
  const theirs = new Map(sync.members.map((member) => [member.id, member]));
  const buckets = peer.membership.view.bucketDigests(peer.config.bits);
  const mine = sync.stage === "close" ? [] : membersWhere(peer, buckets, sync.buckets);
  const members = mine
    .filter((m) => {
      const other = theirs.get(m.id);
      return other === undefined || compareMembers(m, other) > 0;
    })
    .slice(0, SYNC_MEMBERS);
  if (sync.stage === "open") {
    send(peer, from.address, "stream", { tag: "sync", stage: "answer", buckets, members });
  } else if (sync.stage === "answer" && members.length > 0) {
    send(peer, from.address, "stream", { tag: "sync", stage: "close", buckets: [], members });
  }
  absorb(peer, from, sync.members, false);
}

/** All that this peer knows of the parts of the circle whose digests differ, departed members too. */
function membersWhere(peer: Peer, mine: readonly number[], theirs: readonly number[]): Member[] {
  const { bits } = peer.config;
  const found: Member[] = [];
  for (let bucket = 0; bucket < mine.length; bucket++) {
    if (mine[bucket] === theirs[bucket]) continue;
    const [from, to] = boundsOf(bucket, bits);
    found.push(
      ...peer.membership.view.between(from, to),
      ...peer.membership.departed.between(from, to),
    );
  }
  return found.filter((m) => !isExpected(m));
}

function pushTargets(peer: Peer): Address[] {
  const {
    self,
    random,
    membership: { view },
  } = peer;
  const targets = [
    ...view.after(self.id, 1),
    ...view.before(self.id, 1),
    ...view.sample(random, GOSSIP_FANOUT, (m) => m.id === self.id),
  ];
  return targets.map(({ address }) => address);
}
