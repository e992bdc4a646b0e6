/** Limits of the wire itself; those of the protocol's lists stand in protocol/config.ts. */

/** Bytes of the longest message: the longest list of members fits, and MESSAGE_BYTES of records with a body. */
export const MAX_FRAME = 1 << 20;

/** Peers that one request may have passed; a loop is cut long before, by the limit on hops. */
export const MAX_ROUTE = 1_024;

/** Peers named as holders of one file. */
export const MAX_COPIES = 255;

/** Bytes of a sentence for a person; a longer one is cut by the sender. */
export const MAX_SENTENCE = 512;

/** Senders whose headers are kept as they were last read: a ring's most talkative, 400 bytes each. */
export const SENDERS_KEPT = 4_096;
