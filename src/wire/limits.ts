/** Limits of the wire itself; those of the protocol's lists stand in protocol/config.ts. */
import { ROUTE_MOST } from "../protocol/model/config.ts";

/** Bytes of the longest message: the longest list of members fits, and MESSAGE_BYTES of records with a body. */
export const MAX_FRAME = 1 << 20;

/** Peers that one request may have passed: `hopLimit` sends none on that would come to more. */
export const MAX_ROUTE = ROUTE_MOST;

/** Peers named as replicas of one file. */
export const MAX_REPLICAS = 255;

/** Neighbours that a peer tells of on each side: the two that it watches, or that watch it. */
export const NEIGHBOURS = 2;

/** Bytes of a sentence for a person; a longer one is cut by the sender. */
export const MAX_SENTENCE = 512;

/** Senders whose headers are kept as they were last read: a ring's most talkative, 400 bytes each. */
export const SENDERS_KEPT = 4_096;

/** Instance ids and IPv4 addresses whose texts are kept: as many as the members of most rings, in some KiB. */
export const RECENT_TEXTS = 512;
