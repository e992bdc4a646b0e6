/** Bytes that a peer sends to keep the ring up, against the size of the ring and the rate of changes. */

import { WATCH_MS } from "../protocol/membership/patience.ts";
import { type Member, makeMember } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { encode } from "../wire/message.ts";
import type { Figure, FigureProgress, FigureSeries } from "./figure-kind.ts";
import { CALM_NETWORK, drawFreeId, type FigureRing, formRing } from "./figure-ring.ts";
import { joinThrough } from "./stage.ts";

const LEAST_POWER = 3;
const MOST_POWER = { full: 10, quick: 6 } as const;
const PING_INTERVAL_MS = 5_000;

/** Joins and departures in a virtual second: of the whole ring, and of each of its peers. */
const FIXED_RATE = 0.1;
const RATE_PER_PEER = 1 / 1_000;

/** Each ring is measured over so many changes, but for no less than this time. */
const CHANGES = { full: 60, quick: 12 } as const;
const LEAST_MS = { full: 120_000, quick: 30_000 } as const;
const WARM_UP_MS = 30_000;

/** Headers of IP and UDP. */
const HEADERS = 28;

/** In an interval each of two successors is pinged in a round and between rounds; and so many are answered. */
const MESSAGES_PER_INTERVAL = 4 * Math.ceil(PING_INTERVAL_MS / WATCH_MS);
/** One that has gone is tried in each interval as well. */
const PINGS_OF_DEPARTED = 1;
/** News of a change goes from each peer to its two neighbours and to two others. */
const PUSHES_PER_CHANGE = 4;

export function bytesFigure(seed: number, quick: boolean, progress: FigureProgress): Figure {
  const size = quick ? "quick" : "full";
  const sizes: number[] = [];
  for (let power = LEAST_POWER; power <= MOST_POWER[size]; power++) sizes.push(2 ** power);
  const pair = (name: string, rateOf: (peers: number) => number): FigureSeries[] => [
    {
      name,
      theory: false,
      points: sizes.map((peers) => {
        progress(`bytes with ${name}, ${peers} peers`);
        const rate = rateOf(peers);
        const changesMs = rate === 0 ? 0 : (CHANGES[size] * 1_000) / rate;
        const forMs = Math.max(LEAST_MS[size], changesMs);
        return { x: peers, y: maintenanceBytes(peers, rate, forMs, seed) };
      }),
    },
    {
      name: "theory",
      theory: true,
      points: sizes.map((peers) => ({ x: peers, y: leastBytes(rateOf(peers)) })),
    },
  ];
  return {
    name: "bytes",
    title: "Maintenance: bytes sent by one peer in a second",
    xLabel: "peers N",
    yLabel: "bytes per peer per second",
    xScale: "log2",
    yScale: "linear",
    series: [
      ...pair("a change per peer in 1000 s", (peers) => peers * RATE_PER_PEER),
      ...pair("a change in 10 s", () => FIXED_RATE),
      ...pair("no changes", () => 0),
    ],
  };
}

/** Runs a ring under a rate of changes. @returns the bytes that one peer sends in a second, on average */
export function maintenanceBytes(
  peers: number,
  changesPerSecond: number,
  forMs: number,
  seed: number,
): number {
  const ring = formRing({
    peers,
    pingIntervalMs: PING_INTERVAL_MS,
    strategy: "finger",
    network: CALM_NETWORK,
    wirePerMille: 0,
    seed,
  });
  let bytes = 0;
  // The tries of members that have gone begin with the first departure.
  if (changesPerSecond > 0) change(ring, false);
  if (changesPerSecond > 0) change(ring, true);
  ring.world.run(WARM_UP_MS);
  ring.world.post.observers.push(({ peer }, message) => {
    if (peer !== null) bytes += bytesOf(message, peer.self);
  });
  const peerMs = live(ring, changesPerSecond, WARM_UP_MS + forMs);
  return (bytes * 1_000) / peerMs;
}

/** What must be sent at least: the pings with their answers, and each change told to everybody. */
export function leastBytes(changesPerSecond: number): number {
  const ping = bytesOf(
    { tag: "ping", nonce: 1, round: true, digest: 1, room: 0, awayMs: null, forgottenMs: null },
    SOMEONE,
  );
  const gossip = bytesOf({ tag: "gossip", joining: false, members: [SOMEONE] }, SOMEONE);
  const rounds = MESSAGES_PER_INTERVAL + (changesPerSecond > 0 ? PINGS_OF_DEPARTED : 0);
  // Before it passes word on, a peer tries the member, or compares digests: a ping with its answer.
  const ofOneChange = PUSHES_PER_CHANGE * gossip + 2 * ping;
  return (rounds * ping * 1_000) / PING_INTERVAL_MS + changesPerSecond * ofOneChange;
}

/**
 * Joins and departures by turns up to a time, each at a random moment of its own share of it.
 * @returns the milliseconds that all peers lived together
 */
function live(ring: FigureRing, changesPerSecond: number, untilMs: number): number {
  const { world, generator } = ring;
  const begin = world.now;
  const share = 1_000 / changesPerSecond;
  let peerMs = 0;
  for (let changes = 0; ; changes++) {
    const up = world.living().length;
    const since = world.now;
    // In a ring at rest the share of one change is without end.
    const next = begin + (changes + (1 + generator.below(1_000)) / 1_001) * share;
    world.run(Math.min(untilMs, next));
    peerMs += up * (world.now - since);
    if (world.now >= untilMs) return peerMs;
    change(ring, changes % 2 === 1);
  }
}

function change(ring: FigureRing, join: boolean): void {
  const { world, generator } = ring;
  const { id } = generator.pick(world.living());
  if (join) {
    world.startPeer(drawFreeId(ring), joinThrough(world, id));
    return;
  }
  world.kill(id);
  world.forget(id);
}

const SOMEONE: Member = makeMember({
  id: 1,
  address: "10.0.0.1:12256",
  incarnation: 1,
  instance: "0000000000000001",
  state: "alive",
});

/** On the wire, with all headers. */
function bytesOf(message: Message, from: Member): number {
  const { id, incarnation, instance, state } = from;
  const sender = { ring: 70_000, id, incarnation, instance, state, port: 12_256 };
  return encode(message, sender).length + HEADERS;
}
