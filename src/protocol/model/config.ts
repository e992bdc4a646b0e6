/** Every interval and limit of the protocol, with its formula and its reason. Times in milliseconds. */

/** How a request finds its way: hop by hop, by halves, or at once. */
export type Strategy = "successor" | "finger" | "direct";

/** What is fixed when a ring is founded and the same for all its peers. */
export type RingConfig = {
  /** Names the ring on the wire: its base port if numbered, else 32 random bits above 65,535. */
  readonly ring: number;
  /** The circle has 2^bits positions: 8 for numbered rings, 48 for drawn ids. */
  readonly bits: number;
  readonly strategy: Strategy;
  /** A round of pings each; 1,000 to 3,600,000, down to 10 in simulations. */
  readonly pingIntervalMs: number;
  /** Copies kept of each file, the owner's included (R). */
  readonly replicationFactor: number;
};

/** Positions of a numbered ring fit one byte, those of drawn ids an exact JavaScript number. */
export const NUMBERED_BITS = 8;
export const DRAWN_BITS = 48;

/**
 * Connections that must be refused in a row before that is a death (the phases of membership/machine.ts count
 * them), and within which time; a ping that is answered within so many round trips
 * (PROBE_WAIT_ROUND_TRIPS), and within these bounds, says otherwise.
 */
export const REFUSALS = 3;
export const REFUSAL_BURST_MS = 500;
export const REFUSAL_LEAST_MS = 10;
export const REFUSAL_MOST_MS = 60;
/**
 * Dials in a row that a member which answers pings has not answered, before standard error says so, and
 * how far apart two in a row are at most: a watched one is dialled every two seconds. It is said again when
 * it was well for so long.
 */
export const STREAMS_MISSED = 8;
export const STREAMS_ROW_MS = 5_000;
export const STREAMS_FORGOTTEN_MS = 600_000;

/** A member whose datagrams do not come through is spoken to by stream for so long, and so many rounds. */
export const MUTED_MS = 5_000;
export const MUTED_ROUNDS = 3;
/** Datagrams lost in a row before standard error says so; in loss of 40 %, once in two hundred such rows. */
export const DATAGRAMS_MISSED = 12;
/** Datagrams that go with a round's ping by stream until then; one afterwards. */
export const DATAGRAM_PROBES = 6;
/** One in so many of a round's pings of the departed goes by stream too: datagrams may be what parts the ring. */
export const DEPARTED_BY_STREAM = 8;
/** An awaited member that has been asked by datagram for so long is asked by stream as well. */
export const AWAITED_STREAM_MS = 400;

/** Members tried at the same time; more are tried when others bring word of them again. */
export const PROBES_AT_ONCE = 512;

/** A change of the two successors is followed by a round this soon: several changes make one round. */
export const ROUND_AFTER_CHANGE_MS = 50;

/** A driver looks at its clock at least this often, whatever the next deadline: four times a second is idle. */
export const HEARTBEAT_MS = 250;
/** A look this late says that this very peer was asleep; far above a scheduler's delay. */
export const ASLEEP_MS = 500;

/** Messages that a peer sends to itself within one step; each of its own requests makes a few. */
export const OWN_MESSAGES = 1_024;

/** Random members to whom news is pushed, besides the neighbours on both sides. */
export const GOSSIP_FANOUT = 2;
/** Members in one push of news: about 1,200 bytes, one datagram on any path. */
export const GOSSIP_MEMBERS = 24;
/** Pushes of one peer are at least this far apart: less than a person sees, many messages in a burst. */
export const GOSSIP_SPACING_MS = 20;
/** After a change of the view, digests are compared with one random member this much later. */
export const SETTLE_CHECK_MS = 250;
/** A peer opens a comparison of tables at most this often. */
export const SYNC_SPACING_MS = 200;
/** Parts of the circle compared one by one where two digests differ. */
export const SYNC_BUCKETS = 64;
/** Members in one message, a joiner's first table too: with the longest addresses of IPv6, one frame. */
export const SYNC_MEMBERS = 16_384;

/** Departed members are remembered this long, and so many of them. */
export const DEPARTED_MS = 24 * 3_600_000;
export const DEPARTED_MEMBERS = 4_096;
/**
 * Those that were lost a short while ago are pinged this often, whatever the ping interval: when a cut is
 * over that is found out at once. Longer cuts than this are found to be over by the rounds. No more than
 * DEPARTED_TOLD are pinged.
 */
export const LOST_TRY_MS = 1_000;
export const LOST_TRY_FOR_MS = 600_000;
/** About so many of them by stream too, each time: a dial to a machine that is off waits for its end. */
export const LOST_BY_STREAM = 4;

/** Members that have spread word of this peer's death and are told first that it lives. */
export const SUSPECTERS = 16;

/** The last of them that a joiner is told of, and a folder keeps: a part split off may consist of these. */
export const DEPARTED_TOLD = 64;

/** A member that has not started is asked again so soon, then twice as late each time up to this. */
export const AWAITED_FIRST_RETRY_MS = 50;
export const AWAITED_RETRY_MS = 1_000;
/** After so long, standard error says who is missing. */
export const AWAITED_NOTICE_MS = 60_000;
/** A member known from an earlier run that does not answer for so long has not come back. */
export const RESTORED_GRACE_MS = 10_000;

/** One that left in good order looks so long for the members that it left, and for so many of them. */
export const RETURN_MS = 5_000;
export const FORMER_ASKED = 64;

/** A joiner asks again after so long without an answer, so often, and after `busy` so soon. */
export const JOIN_ANSWER_MS = 1_500;
export const JOIN_ATTEMPTS = 3;
export const JOIN_BUSY_MS = 60;
/** In all, a join is given up after so long: one at a time into a gap, some 200 joiners in line. */
export const JOIN_GIVE_UP_MS = 30_000;
/** A gap is locked at most so long for a joiner that does not say it is in. */
export const JOIN_LOCK_MS = 2_000;
/** How long an acceptor waits for its predecessor's word before it answers the joiner. */
export const SUCCESSOR_CHANGE_MS = 400;
/** How long an acceptor tries the address that already holds the id. */
export const TAKEN_PROBE_MS = 800;

/** A hop that is not acknowledged for so long is routed around. */
export const HOP_ACK_MS = 400;
/** Until then an answer may take the place of the acknowledgement (as with delayed ones: RFC 1122). */
export const ACK_DELAY_MS = 25;
/** Silent owners that a request names: as many as may hold a name, and some. */
export const AVOIDED = 8;
/** The origin sends a request again, under the same id, after so long without any answer. */
export const REQUEST_RETRY_MS = 1_500;
/** and gives up in all after so long; a file's content may take longer while it moves. */
export const REQUEST_GIVE_UP_MS = 10_000;
/** A content that has failed on its way so often, from whichever replica, is given up. */
export const CONTENT_FAILURES = 16;
/** After a failure the ring is asked again so soon, then twice as late each time up to REQUEST_RETRY_MS. */
export const CONTENT_RETRY_MS = 25;
/** How long an owner waits for the word of those that may hold a name: as long as for a hop's. */
export const INQUIRE_MS = 400;
/** It goes on listening for so long, also when it has told that too few have answered; or for all, if asked where a name is. */
export const INQUIRE_MOST_MS = 3_000;
export const WHERE_MS = 2_000;
/**
 * For so long after a death those that are left all have to give their word: what the dead had
 * acknowledged with one of them may not have been copied to the others yet.
 */
export const MOURNING_MS = 10_000;
/**
 * For so long after a member has come it is asked besides those that were here before: many may come at
 * once, before a key, and know nothing of what was acknowledged without them. And its word has to be there:
 * what it acknowledged alone, on its side of a cut, may not have been copied to the others yet.
 */
export const NEW_MS = 10_000;
/** So many of them for one name; more count as members like any others, or are not asked. */
export const NEW_ASKED = 32;
/** So many of those that are asked are told to each. */
export const ASKED_TOLD = 320;
/** A request that finds too few of them is tried for so long: for a person soon, and time for two silent owners in a row. */
export const UNAVAILABLE_MS = 2_000;
/** An owner asks the origin of a request that may be old this often, and gives it up after so long. */
export const CONFIRM_MS = 2_000;
/**
 * An owner answers alone for so long after it asked for its lease: long beside a round trip, short
 * beside the time in which another takes its place. A promise holds a fifth longer, for clocks that drift.
 */
export const LEASE_MS = 250;
export const PROMISE_MS = 300;
/** Promises kept in mind, those that have ended among them: no more are given while so many hold. */
export const PROMISES = 256;
/** Members whose room on their disks is remembered. */
export const ROOMS_KNOWN = 4_096;
/**
 * After a change of its view an owner counts from this far above all it has heard of: what an owner before
 * it left unacknowledged shall not beat what comes later. 2^33 such changes fit below 2^53.
 */
export const COUNTER_LEAP = 2 ** 20;
/** How long a listing of the ring's files waits for slow members; records that one of them may list. */
export const LIST_WAIT_MS = 1_500;
export const LIST_RECORDS = 1_024;
/** Writes in such a page: names have one as a rule. */
export const LIST_WRITES = 4_096;
/** Files that a listing holds in all. */
export const LISTED_FILES = 1_000_000;
/**
 * Members asked how they see the ring are asked again so often, until so many waits in a row brought
 * nothing, or so long in all.
 */
export const SURVEY_WAIT_MS = 1_500;
export const SURVEY_QUIET_WAITS = 2;
export const SURVEY_MOST_MS = 20_000;
/** Lookups for one survey, from all members together: each may take a hop through every one of them. */
export const SURVEY_LOOKUPS = 512;
/** Keys that are looked up where none were named, about. */
export const SURVEY_KEYS = 8;
/** Requests remembered by id, to make their retries idempotent. */
export const REQUESTS_REMEMBERED = 1_024;
/** Requests in flight from one origin. */
export const REQUESTS_IN_FLIGHT = 1_024;

/** A file's name, in bytes of UTF-8, as on every common file system. */
export const MAX_NAME_BYTES = 255;
/** Versions in the vector of a write: one for each instance of an owner that its name had. */
export const VECTOR_KEPT = 64;
/**
 * Operations are remembered for as long as removals are. One lives for seconds, but two owners on the
 * two sides of a cut may both have executed it, and meet after the longest cut. By age and never by
 * count: the other execution of one that was forgotten too soon would take the name.
 */
export const OPERATION_MS = 30 * 24 * 3_600_000;
/** Names of which an origin remembers its last operation, so that those on one name stay one span. */
export const OPERATIONS_REMEMBERED = 65_536;
/** Spans of operations in one history: a bound for a message, above all origins that a ring may have. */
export const SPANS_KEPT = 4_096;
/** Conflicts that a write remembers to have left as they were. */
export const SPARED_KEPT = 64;
/** A content of up to so many bytes travels with the message about it, and lies in the index itself. */
export const BODY_BYTES = 65_536;
/**
 * A removal is kept for longer than any repair takes, and than most peers are away: 30 days. It goes
 * then, once all replicas have confirmed it, and a day later in any case.
 */
export const TOMBSTONE_MS = 30 * 24 * 3_600_000;
/** Later by what the clocks of two replicas may differ: one would give it back to the other. */
export const TOMBSTONE_DROP_MS = TOMBSTONE_MS + 3_600_000;
export const TOMBSTONE_LAST_MS = 31 * 24 * 3_600_000;
/** Who was away for so long may lack forgotten removals; at that age all are told that one will be. */
export const AWAY_MS = 29 * 24 * 3_600_000;
/** How much younger a forgotten removal has to be to be news: more than a message takes on its way. */
export const FORGOTTEN_STEP_MS = 1_000;
/** A folder is told this often that its peer is in its ring: little for a disk, exact enough for weeks. */
export const ALIVE_EVERY_MS = 600_000;
/** and those that were all away go on as a ring when they have been together for so long. */
export const LATE_FOR_MS = 3_600_000;
/** One that has not said whether it was away is asked this often; so many messages wait for that. */
export const ASK_LATE_MS = 500;
export const POSTPONED = 1_024;
/** Parts of the circle whose digests a peer keeps up: 4,096, some 25 files each where it holds 100,000. */
export const RANGE_BITS = 12;
/** Parts into which a range is cut where two peers hold different files in it. */
export const COMPARE_PARTS = 16;
/** Replicas compare all that they share this often, whatever they know of each other. */
export const COMPARE_EVERY_MS = 60_000;
/** An owner asks again so much later what it may lack, if it had no good answer. */
export const SETTLE_ASK_MS = 1_000;
/** Word of copies that nobody waits for is gathered for so long. */
export const BATCH_SPACING_MS = 100;
/** A peer whose disk would take no copy rejects others for so long, and is asked again after COMPARE_EVERY_MS. */
export const FULL_MS = 5_000;
/** Files of which a peer remembers who has rejected them. */
export const REJECTED_FILES = 16_384;

/** After a change of the view, copies are checked when it has been still for so long. */
export const REPAIR_SETTLE_MS = 300;
/**
 * A copy that belongs to others is dropped when the view has been still for so long: longer than a
 * member that flaps is away, and than any replica takes to note that the dropper is none.
 */
export const DROP_SETTLE_MS = 10_000;
/** What is still unconfirmed is replicated again after so long. */
export const REPAIR_RETRY_MS = 3_000;
/** Records in one `replicate`. */
export const REPLICATE_RECORDS = 256;
/** Bytes of records in one message: with the longest body and route still below the longest frame. */
export const MESSAGE_BYTES = 900_000;
/** Ranges in one comparison, and in each part of its answer: 6 KiB, and the circle in two steps to 1/65,536. */
export const COMPARE_RANGES = 256;
/**
 * Copies that a peer fetches at a time, and that may wait in line. Of small ones the way takes longer than
 * the bytes, so there are more; three takers of one server stay below what that serves at a time.
 */
export const FETCHES_AT_ONCE = 8;
export const SMALL_FETCHES_AT_ONCE = 20;
export const REPLICAS_QUEUED = 16_384;
/** Of these one sender may have most, and never all: what it sends may come slowly, or not at all. */
export const FETCHES_PER_SENDER = 6;
export const SMALL_FETCHES_PER_SENDER = 16;
export const REPLICAS_QUEUED_PER_SENDER = 12_288;
/** Copies, removals among them, on their way to this disk at a time: two whole messages of what needs no fetch. */
export const REPLICAS_AT_ONCE = 512;
/** With a majority durable, an acknowledgement waits so much longer for the copies that are nearly there. */
export const ACKNOWLEDGE_GRACE_MS = 300;
/** A write that is read waits so long until a majority has it. */
export const READ_WAIT_MS = 2_000;
/** An owner waits so long for a majority of copies before it says what there is; */
export const REPLICAS_WAIT_MS = 20_000;
/** and so long where too many of those that lack one are silent. Its origin has been waiting for some while. */
export const SILENT_REPLICAS_MS = 1_200;
export const SILENT_READ_MS = 400;

/** A leaver waits so long for its files to be handed on, and again as long as some were, up to the most; */
export const LEAVE_MS = 20_000;
export const LEAVE_MOST_MS = 600_000;
/** and so long for its neighbours' word. */
export const DEPART_ACK_MS = 500;

/** Peers that one request passes at most, its origin and its end included: 6 KiB of ids. */
export const ROUTE_MOST = 1_024;
