/** Limits of the wire itself; those of the protocol's lists stand in protocol/config.ts. */

/** Bytes of the longest message: 2,048 records with the longest names fit with room to spare. */
export const MAX_FRAME = 1 << 20;

/** Peers that one request may have passed; a loop is cut long before, by the limit on hops. */
export const MAX_ROUTE = 1_024;

/** Records in one answer to `list`: with the longest names, two thirds of a frame. */
export const LISTED_RECORDS = 2_048;

/** Peers named as holders of one file. */
export const MAX_COPIES = 255;

/** Bytes of a sentence for a person; a longer one is cut by the sender. */
export const MAX_SENTENCE = 512;

/** Bytes of a file's name, as on every common file system. */
export const MAX_NAME = 255;
