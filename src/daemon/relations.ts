/**
 * What the limits and intervals of the rooms owe to each other. Each is chosen in its own place, for its own
 * reason; that they fit together is said here, and looked at when the program is loaded.
 */
import { MAX_REQUIRED } from "../control/limits.ts";
import * as patience from "../protocol/membership/patience.ts";
import * as bounds from "../protocol/model/bounds.ts";
import * as config from "../protocol/model/config.ts";
import * as store from "../store/limits.ts";
import * as transport from "../transport/limits.ts";
import * as wire from "../wire/limits.ts";
import { HEADER_BYTES } from "../wire/message.ts";
import * as limits from "./limits.ts";

/** A member's record with an IPv4 address, and with the longest text of an IPv6 address. */
const SHORT_MEMBER_BYTES = 27;
const LONG_MEMBER_BYTES = 62;
/** An id of a route. */
const ID_BYTES = 6;
/** What a message has beside the list that makes it long. */
const OTHER_FIELDS_BYTES = 4_096;

export type Relation = readonly [statement: string, holds: boolean];

export const RELATIONS: readonly Relation[] = [
  ["a frame holds the longest table", fits(config.SYNC_MEMBERS * LONG_MEMBER_BYTES)],
  [
    "a frame holds the longest records, with a body and the longest route",
    fits(config.MESSAGE_BYTES + config.BODY_BYTES + 2 * wire.MAX_ROUTE * ID_BYTES),
  ],
  [
    "a datagram holds a push of news",
    HEADER_BYTES + 3 + config.GOSSIP_MEMBERS * SHORT_MEMBER_BYTES <= transport.DATAGRAM_BYTES,
  ],
  ["a route on the wire is as long as one may become", wire.MAX_ROUTE === config.ROUTE_MOST],
  [
    "a receipt may name every holder, and those in their place",
    wire.MAX_REPLICAS >= 2 * MAX_REQUIRED,
  ],
  ["an incarnation fits its four bytes", bounds.HIGHEST_INCARNATION < 2 ** 32],
  [
    "who comes into a ring has as many incarnations left as it may have used",
    2 * bounds.HIGHEST_TAKEN_IN <= bounds.HIGHEST_INCARNATION,
  ],
  ["the highest counter has one above it", bounds.HIGHEST_COUNTER < Number.MAX_SAFE_INTEGER],
  ["2^33 changes of the view fit a counter", config.COUNTER_LEAP * 2 ** 33 <= 2 ** 53],
  [
    "a whole offer may be on its way to a disk",
    config.REPLICATE_RECORDS <= config.REPLICAS_AT_ONCE,
  ],
  ["a name's holders are fewer than those told of", config.NEW_ASKED < config.ASKED_TOLD],

  [
    "a buffer is read into again when its copy is written",
    (limits.EARLY_BUFFERS - 1) * limits.HASH_BYTES >= store.UNWRITTEN_BYTES,
  ],
  [
    "each holder that brings a content has a stripe to begin",
    limits.GATHER_AHEAD_BYTES >= limits.GATHER_HOLDERS * limits.STRIPE_BYTES,
  ],
  ["what is fetched in stripes has several", limits.GATHER_BYTES > 2 * limits.STRIPE_BYTES],
  [
    "a silent holder is replaced by another before it is given up",
    limits.GATHER_IDLE_MS < limits.HOLDER_STALL_MS,
  ],

  ["a promise outlasts a lease by a fifth", config.PROMISE_MS >= 1.2 * config.LEASE_MS],
  ["an acknowledgement is given before it is missed", config.ACK_DELAY_MS < config.HOP_ACK_MS / 4],
  [
    "a hop is routed around before the origin tries again",
    config.HOP_ACK_MS < config.REQUEST_RETRY_MS / 2,
  ],
  [
    "an owner says that too few answered before the origin tries again",
    config.INQUIRE_MS < config.REQUEST_RETRY_MS / 2,
  ],
  [
    "an origin tries again before it gives up",
    2 * config.REQUEST_RETRY_MS < config.REQUEST_GIVE_UP_MS,
  ],
  [
    "a joiner tries as often as it may before it gives up",
    config.JOIN_ATTEMPTS * config.JOIN_ANSWER_MS < config.JOIN_GIVE_UP_MS,
  ],
  [
    "an acceptor's word comes before its joiner asks again",
    config.SUCCESSOR_CHANGE_MS < config.JOIN_ANSWER_MS,
  ],
  [
    "whoever asks for an id waits until its holder was tried",
    config.TAKEN_PROBE_MS < config.JOIN_ANSWER_MS,
  ],
  [
    "a copy is dropped after those who die together are mourned",
    config.DROP_SETTLE_MS >= config.MOURNING_MS,
  ],
  ["a sleep is longer than a heartbeat", config.ASLEEP_MS > config.HEARTBEAT_MS],
  [
    "silence is no death before a last try has its time",
    patience.SILENCE_MS > patience.PROBES_BEFORE_LAST_TRY * patience.PROBE_WAIT_MOST_MS,
  ],
  [
    "one that is suspected hears of it, and is heard",
    patience.REFUTE_MS >= 2 * patience.PROBE_WAIT_MOST_MS,
  ],
  [
    "who was away knows it before a removal is forgotten",
    config.AWAY_MS < config.TOMBSTONE_MS &&
      config.TOMBSTONE_MS < config.TOMBSTONE_DROP_MS &&
      config.TOMBSTONE_DROP_MS < config.TOMBSTONE_LAST_MS,
  ],
  ["an operation is remembered as long as a removal", config.OPERATION_MS >= config.TOMBSTONE_MS],
  [
    "contents are crowded where copies wait for their turn",
    transport.FETCHED_CROWD <= config.FETCHES_AT_ONCE,
  ],
  [
    "a sender of copies has most places, and never all",
    config.FETCHES_PER_SENDER < config.FETCHES_AT_ONCE &&
      config.SMALL_FETCHES_PER_SENDER < config.SMALL_FETCHES_AT_ONCE &&
      config.REPLICAS_QUEUED_PER_SENDER < config.REPLICAS_QUEUED,
  ],
  [
    "one server has slots for all copies that a peer fetches",
    config.SMALL_FETCHES_PER_SENDER <= transport.SERVED_PER_ADDRESS &&
      transport.SERVED_PER_ADDRESS < transport.SERVED_AT_ONCE,
  ],
  [
    "a transfer that crawls is known before it is still for too long",
    transport.CRAWL_WINDOWS * transport.RATE_WINDOW_MS < transport.STALL_MS,
  ],
  [
    "a flood of strangers leaves turns",
    transport.STRANGERS_PER_TURN < transport.DATAGRAMS_PER_TURN,
  ],
  ["a link is silent for longer than a beat", transport.SILENT_STREAM_MS > 2 * transport.BEAT_MS],
];

/** @throws Error that names the first relation which does not hold */
export function checkRelations(relations: readonly Relation[] = RELATIONS): void {
  for (const [statement, holds] of relations) {
    if (!holds) throw new Error(`the limits of this program do not fit: ${statement}`);
  }
}

function fits(bytes: number): boolean {
  return HEADER_BYTES + OTHER_FIELDS_BYTES + bytes <= wire.MAX_FRAME;
}
