/**
 * The tables of one peer, and the most that each holds. test/checks/limits.test.ts goes through the whole state of
 * peers, and fails for a table that no row here reads.
 */
import { TOLD_REMEMBERED } from "../protocol/membership/large.ts";
import {
  DEPARTED_MEMBERS,
  FORMER_ASKED,
  OPERATIONS_REMEMBERED,
  POSTPONED,
  PROBES_AT_ONCE,
  PROMISES,
  REJECTED_FILES,
  REPLICAS_AT_ONCE,
  REPLICAS_QUEUED,
  REQUESTS_IN_FLIGHT,
  REQUESTS_REMEMBERED,
  ROOMS_KNOWN,
  SUSPECTERS,
  SYNC_MEMBERS,
} from "../protocol/model/config.ts";
import {
  ARRIVALS_KNOWN,
  BATCHED_MEMBERS,
  CONTENTS_MOVING,
  FOREIGN_WRITES,
  NEWS_WAITING,
  RELAYS_WAITING,
  SOUGHT,
  WITHHELD,
} from "../protocol/model/limits.ts";
import type { Peer } from "../protocol/state.ts";

/** Looked at after every step: what it reads has to be at hand, as a `size` is. */
export type Table = readonly [
  name: string,
  /** A limit of a config file; or what bounds it, where that is another table. */
  most: number | ((peer: Peer) => number),
  size: (peer: Peer) => number,
];

/** Tables that drop their oldest only when an eighth too many are there (`forgetOldest`). */
const SLACK = 9 / 8;
/** The two successors, to whom rounds go. */
const SUCCESSORS = 2;
/** The two successors and predecessors, and a mark between them. */
const NEIGHBOURS = 5;
/** Kinds of deadlines of which there is one at most; all others are of what is in a table. */
const SINGLE_DEADLINES = 20;
/** What is dealt with before a step ends. */
const NONE = 0;

const MEMBERSHIP: readonly Table[] = [
  ["departed members", DEPARTED_MEMBERS, ({ membership }) => membership.departed.size],
  ["suspecters", SUSPECTERS, ({ membership }) => membership.suspecters.size],
  ["members that are awaited", inView, ({ membership }) => membership.awaited.size],
  ["those who are greeted", PROBES_AT_ONCE / 2, ({ membership }) => membership.greetings.size],
  ["probes", PROBES_AT_ONCE, ({ membership }) => membership.probes.size],
  ["members tried for others", PROBES_AT_ONCE, ({ membership }) => membership.indirect.size],
  ["rounds under way", SUCCESSORS, ({ membership }) => membership.roundSent.size],
  ["rounds heard of", PROBES_AT_ONCE, ({ membership }) => membership.roundHeard.size],
  ["round trips", SYNC_MEMBERS, ({ membership }) => membership.roundTrips.size],
  ["addresses muted", PROBES_AT_ONCE, ({ membership }) => membership.datagrams.muted.size],
  ["members without streams", PROBES_AT_ONCE, ({ membership }) => membership.streamless.size],
  ["members' room", ROOMS_KNOWN, ({ membership }) => membership.rooms.size],
  ["members that are sought", SOUGHT, ({ membership }) => membership.sought.size],
  ["members that came lately", ARRIVALS_KNOWN, ({ membership }) => membership.arrivals.size],
  ["questions of strangers", POSTPONED, ({ membership }) => membership.strangers.length],
  // Its own record always finds a place.
  ["news that waits", NEWS_WAITING + 1, ({ membership }) => membership.rumours.size],
  ["news of joins", NEWS_WAITING, ({ membership }) => membership.joiningRumours.size],
  ["deaths to tell of", NEWS_WAITING, ({ membership }) => membership.tree.seen.size],
  ["relays that wait", RELAYS_WAITING, ({ membership }) => membership.tree.queue.length],
  ["relays that were sent", TOLD_REMEMBERED, ({ membership }) => membership.tree.sent.length],
  ["news being tried", TOLD_REMEMBERED, ({ membership }) => membership.tree.heard.size],
  ["news passed on", TOLD_REMEMBERED, ({ membership }) => membership.tree.told.size],
  ["news told to its root", TOLD_REMEMBERED, ({ membership }) => membership.tree.untold.size],
  ["successors heard", SUCCESSORS, ({ membership }) => membership.tree.heardAt.size],
  ["members that are late", SYNC_MEMBERS, ({ membership }) => membership.absence.others.size],
  ["late ones that answered", SYNC_MEMBERS, ({ membership }) => membership.absence.answered.size],
  ["members asked for word", SYNC_MEMBERS, ({ membership }) => membership.absence.asked.size],
  ["words of the doubtful", POSTPONED, ({ membership }) => membership.absence.postponed.length],
];

const REPLICATION: readonly Table[] = [
  ["requests at their owner", REQUESTS_IN_FLIGHT, requestsHere],
  ["reads that may go on", NONE, ({ replication }) => replication.readings.length],
  [
    "acknowledgements",
    REQUESTS_REMEMBERED * SLACK,
    ({ replication }) => replication.acknowledgements.size,
  ],
  ["members that agree", inTenure, ({ replication }) => replication.tenure.agreed.size],
  ["members that promised", inTenure, ({ replication }) => replication.tenure.granted.size],
  ["promises", PROMISES, ({ replication }) => replication.pledges.size],
  ["writes told from others", FOREIGN_WRITES, mostForeign],
  ["words that are withheld", WITHHELD, ({ replication }) => replication.withheld.length],
  ["names that it lost", REJECTED_FILES, ({ replication }) => replication.lost.size],
  ["names that are stale here", REJECTED_FILES, ({ replication }) => replication.knownStale.size],
  ["names that were rejected", REJECTED_FILES, ({ replication }) => replication.rejected.size],
  ["names that it rejected", REJECTED_FILES, ({ replication }) => replication.refusals.size],
  ["confirmed writes", held, ({ replication }) => replication.confirmed.size],
  ["unconfirmed writes", held, ({ replication }) => replication.unconfirmed.size],
  ["removals", held, ({ replication }) => replication.removals.size],
  ["members to be told of copies", BATCHED_MEMBERS, ({ replication }) => replication.batched.size],
  ["copies in line", REPLICAS_QUEUED, ({ replication }) => replication.replicaQueue.size],
  ["copies on their way", REPLICAS_AT_ONCE, ({ replication }) => replication.jobs.replicas().all],
  [
    "contents on their way",
    // A request that was begun before there were so many may still begin one.
    CONTENTS_MOVING + 2 * REQUESTS_IN_FLIGHT,
    ({ replication }) => replication.jobs.contents,
  ],
  ["contents that it serves", REQUESTS_REMEMBERED, ({ replication }) => replication.serving.size],
];

const REQUESTS: readonly Table[] = [
  ["operations", OPERATIONS_REMEMBERED * SLACK, ({ requests }) => requests.lastOn.size],
  ["hops", REQUESTS_IN_FLIGHT, ({ requests }) => requests.hops.size],
  ["requests seen", REQUESTS_REMEMBERED * SLACK, ({ requests }) => requests.seen.size],
  [
    "requests of its own",
    REQUESTS_IN_FLIGHT,
    ({ requests: { pending, listings, surveys } }) => pending.size + listings.size + surveys.size,
  ],
  [
    "names in line",
    ({ requests }) => requests.pending.size,
    ({ requests }) => requests.writes.size,
  ],
  ["hops to acknowledge", REQUESTS_IN_FLIGHT, ({ acks }) => acks.size],
];

const LIFECYCLE: readonly Table[] = [
  ["ids that are wanted", PROBES_AT_ONCE, ({ lifecycle }) => lifecycle.contested.size],
  [
    "members told to a joiner",
    SYNC_MEMBERS,
    ({ lifecycle }) => lifecycle.joining?.acceptance?.members.length ?? 0,
  ],
  ["former members", FORMER_ASKED, ({ lifecycle }) => lifecycle.returning?.silent.size ?? 0],
  ["restarted ones", FORMER_ASKED, ({ lifecycle }) => lifecycle.returning?.restarted.length ?? 0],
  [
    "commands that wait",
    REQUESTS_IN_FLIGHT,
    ({ lifecycle }) => lifecycle.returning?.commands.length ?? 0,
  ],
  ["neighbours to hear", SUCCESSORS, ({ lifecycle }) => lifecycle.departing?.waiting.size ?? 0],
];

/** All of them. */
export const TABLES: readonly Table[] = [
  ...MEMBERSHIP,
  ...REPLICATION,
  ...REQUESTS,
  ...LIFECYCLE,
  ["effects", NONE, ({ effects }) => effects.length],
  ["messages to itself", NONE, ({ loopback }) => loopback.length],
  ["deadlines", deadlinesAtMost, ({ deadlines }) => deadlines.size],
  ["neighbours that were reported", NEIGHBOURS, ({ reported }) => reported.neighbours.length],
];

/** What is said to hold of such a table. */
export function statementOf([name, most]: Table): string {
  return most === NONE ? `no ${name} are left behind` : `there are few ${name}`;
}

/** What is true of a peer whose table holds no more than it may. */
export function limitOf([, most, size]: Table): (peer: Peer) => boolean {
  return typeof most === "number"
    ? (peer) => size(peer) <= most
    : (peer) => size(peer) <= most(peer);
}

function inView({ membership }: Peer): number {
  return membership.view.size;
}

/** Once the view has changed nobody is added, and all are forgotten before they are looked at again. */
function inTenure({ membership: { epoch, view }, replication: { tenure } }: Peer): number {
  return tenure.epoch === epoch ? view.size : Number.POSITIVE_INFINITY;
}

function held({ replication }: Peer): number {
  return replication.files.size;
}

function requestsHere({ replication: { inquiries, placements, looks, doubts } }: Peer): number {
  return inquiries.size + placements.size + looks.size + doubts.size;
}

function mostForeign({ replication: { pledges } }: Peer): number {
  let most = 0;
  for (const { foreign } of pledges.values()) most = Math.max(most, foreign.size);
  return most;
}

/** Each is of something that waits: none is left behind when that has gone. */
function deadlinesAtMost(peer: Peer): number {
  const { membership, requests } = peer;
  const { probes, awaited } = membership;
  const { hops, pending, listings, surveys } = requests;
  const own = hops.size + pending.size + listings.size + surveys.size;
  return SINGLE_DEADLINES + probes.size + awaited.size + own + requestsHere(peer);
}
