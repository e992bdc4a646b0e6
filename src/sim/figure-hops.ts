/** Hops of lookups against the size of the ring, by strategy. */
import type { Strategy } from "../protocol/messages.ts";
import type { Figure, FigurePoint, FigureProgress, FigureSeries } from "./figure-kind.ts";
import { drawKey, formRing } from "./figure-ring.ts";
import { spreadOf } from "./measures-spread.ts";
import { LOCAL_NETWORK } from "./network.ts";

/** A lookup by `successor` takes half the ring, so that large rings get fewer, and the largest none. */
const SUCCESSOR_MOST_PEERS = 1_024;
const LOOKUPS = 4_000;
const HOPS_IN_ALL = 150_000;

/** Pings play no part here; they are an hour apart. */
const PING_INTERVAL_MS = 3_600_000;
/** Lookups under way at a time, and the time that the longest of them takes at most. */
const BATCH = 50;
const BATCH_MS = 1_200;
