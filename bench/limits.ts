/** The bench's limits, each with its reason. Times in milliseconds, sizes in bytes. */

/** Contents up to this size travel with the messages; larger ones on connections of their own. */
export const KIB = 1_024;
export const MIB = 1_048_576;
export const GIB = 1_073_741_824;

/** A piece of the raw copy loop: what the peers themselves use. */
export const PIECE_BYTES = 262_144;
/** The raw copy loop's writer gathers so much. */
export const WRITER_BYTES = 1_048_576;
/** A raw receiver that syncs does so whenever so much has come, as the peers do. */
export const SYNC_BYTES = 67_108_864;

/** A ring of three, or one peer started again with many files, is up long before this. */
export const START_MS = 60_000;
/** How often a control socket is asked whether its peer is in. */
export const LOOK_MS = 2;
/** One operation: a store of 1 GiB in three copies on a slow disk takes some ten seconds. */
export const OPERATION_MS = 120_000;
/** An answer that was lost is asked for again after so long. */
export const RETRY_MS = 3_000;

/** Peers in the ring, all of which hold a copy of each file. */
export const PEERS = 3;
/** Peers in a ring in which most have to be asked of others. */
export const LARGE_PEERS = 8;
/** How often an operation is asked for that a peer could not do: on a busy machine too few answer in time. */
export const ATTEMPTS = 5;
/** In flight in the measurements of throughput. */
export const IN_FLIGHT = 32;
/** Names in one measurement of small stores, beyond which requests begin with the first again. */
export const NAMES = 4_096;
/** How often those are looked for. */
export const SWEEP_MS = 500;

/** Blocks of ports among which a ring that is started looks for a free one: below those that the system hands out. */
export const FIRST_PORT = 14_000;
export const PORT_BLOCKS = 64;
/** Ports of a numbered ring: its peers listen on the first of them plus their numbers. */
export const PORTS = 256;
