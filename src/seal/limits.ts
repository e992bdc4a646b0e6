/** Sizes and limits of what closes a ring, with their reasons. Times in milliseconds. */

/** Bytes of a ring's key: as many as AES-256 and SHA-256 make use of. */
export const KEY_BYTES = 32;
/** Bytes that name a key in an opening: enough that two keys have two names, too few to tell of the key. */
export const KEY_ID_BYTES = 8;
/** Bytes drawn for one opening, or one answer to it. */
export const NONCE_BYTES = 16;
/** Bytes of a code that shows that its sender has the key: half of SHA-256's, as HMAC is cut elsewhere. */
export const MAC_BYTES = 16;
/** Bytes that name one run of a peer to those that it sends datagrams to. */
export const RUN_BYTES = 8;
/** Bytes of a datagram's number, which its nonce begins with. */
export const NUMBER_BYTES = 6;

/** Openings remembered, so that one that is played back is not answered: those of a flood of honest ones. */
export const OPENINGS_REMEMBERED = 4_096;
/** Datagrams of one sender of which it is known whether they came: more than are ever out of order. */
export const WINDOW = 1_024;
/** Runs of others with which datagrams can be exchanged: as many as a large ring has members, and then some. */
export const RUNS_KEPT = 4_096;
/** Addresses of which it is known whose run is there, and datagrams that wait for word of it at one of them. */
export const PLACES_KEPT = 4_096;
export const WAITING = 8;
/** A question for a run has its answer within this, or is lost: as long as a ping waits. One that is needed is tried again sooner. */
export const ASKING_MS = 1_000;
export const ASK_AGAIN_MS = 100;
/** One that is sent to and says nothing for so long may have begun anew: it is asked who it is. */
export const SILENT_MS = 3_000;
/** Keys of before, of which a peer still knows that they were changed. */
export const RETIRED_KEPT = 8;
/** Datagrams from where no known run sends, and questions, worked on before timers and streams have their turn. */
export const STRANGE_PER_TURN = 64;
/** Questions that an answer from an address that was not asked may be to: a host with several has few friends anew at once. */
export const ASKED_TRIED = 16;
