/**
 * The whole state of one peer's protocol, each part of it made by its room, and the few verbs by which
 * all speak to the driver.
 */
import { LIFECYCLE, type Lifecycle, makeLifecycle } from "./lifecycle/state.ts";
import { MEMBERSHIP, type Membership, makeMembership } from "./membership/state.ts";
import { agedForOthers } from "./model/ages.ts";
import type { RingConfig } from "./model/config.ts";
import { fieldsOf, itself, listOf, mapOf, shared } from "./model/copying.ts";
import { Deadlines } from "./model/deadlines.ts";
import type { PeerEvent } from "./model/events.ts";
import type { BodySource, Effect, StartInput } from "./model/io.ts";
import { type Address, type Member, makeMember } from "./model/member.ts";
import type { Channel, Message, RequestId } from "./model/messages.ts";
import { makeRandom, type Random } from "./model/random.ts";
import type { SharedViews } from "./model/view.ts";
import { makeReplication, REPLICATION, type Replication } from "./replication/state.ts";
import { makeRequests, REQUESTS, type Requests } from "./requests/state.ts";

/** `starting`: its incarnation is not durable yet. `joining`: it has asked to be taken in. */
export type Phase = "starting" | "joining" | "in" | "leaving" | "ended";

/** Changed by `step` alone; a driver reads `now`, `phase` and `self`, and the rest by `snapshot`. */
export type Peer = {
  readonly config: RingConfig;
  readonly start: StartInput;
  readonly views: SharedViews | null;
  readonly random: Random;
  readonly deadlines: Deadlines;
  now: number;
  phase: Phase;
  self: Member;
  readonly membership: Membership;
  readonly replication: Replication;
  readonly lifecycle: Lifecycle;
  readonly requests: Requests;
  /** Something that readers or the driver are told of at the end of a step may have changed. */
  changed: boolean;
  viewSaved: boolean;
  /** What brought a new member into the two successors in this step. */
  cause: string | null;
  /** Hops that are still to be acknowledged, in the order of their times: to whom, and when. */
  readonly acks: Map<RequestId, { readonly to: Address; readonly at: number }>;
  /** Messages to this very peer, handled within the step. */
  readonly loopback: Message[];
  effects: Effect[];
  /** What was last given to the driver or the readers, so that only changes are. */
  watched: string;
  reported: { pair: readonly [number, number]; neighbours: readonly number[] };
};

/** A peer that has not been given its start's effects yet. `views`: shared with the peers beside it. */
export function createPeer(start: StartInput, at: number, views: SharedViews | null = null): Peer {
  const { id, address, instance } = start;
  const self = makeMember({ id, address, instance, incarnation: 0, state: "alive" });
  return {
    config: start.config,
    start,
    views,
    random: makeRandom(start.seed),
    deadlines: new Deadlines(),
    now: at,
    phase: "starting",
    self,
    membership: makeMembership(start, self, at, views),
    replication: makeReplication(start),
    lifecycle: makeLifecycle(),
    requests: makeRequests(),
    changed: true,
    viewSaved: true,
    cause: null,
    acks: new Map(),
    loopback: [],
    effects: [],
    watched: "",
    reported: { pair: [id, id], neighbours: [] },
  };
}

/** Makes a peer that goes on apart from the one given, between two steps. */
export const copyPeer = fieldsOf<Peer>({
  config: shared,
  start: shared,
  views: shared,
  random: (random) => ({ ...random }),
  deadlines: itself,
  now: shared,
  phase: shared,
  self: shared,
  membership: MEMBERSHIP,
  replication: REPLICATION,
  lifecycle: LIFECYCLE,
  requests: REQUESTS,
  changed: shared,
  viewSaved: shared,
  cause: shared,
  acks: mapOf(),
  loopback: listOf,
  effects: listOf,
  watched: shared,
  reported: (reported) => ({ ...reported }),
});

/** Nobody will look at this copy any more: its large tables need not be kept up. */
export function giveUp({ replication, requests }: Peer): void {
  const { files, confirmed, unconfirmed } = replication;
  for (const table of [files, confirmed, unconfirmed, requests.lastOn]) table.giveUp();
}

/** Sends a message, with a small content as its body if there is one. */
export function send(
  peer: Peer,
  to: Address,
  channel: Channel,
  message: Message,
  body: BodySource | null = null,
): void {
  if (to === peer.self.address) {
    peer.loopback.push(message);
    return;
  }
  const told = agedForOthers(message, peer.now);
  peer.effects.push({ type: "send", to, channel, message: told, body });
}

/** Sends one message to several others: it is made once, and encoded once. */
export function sendToEach(
  peer: Peer,
  to: readonly Member[],
  message: Message,
  body: BodySource | null = null,
): void {
  if (to.length === 0) return;
  const told = agedForOthers(message, peer.now);
  for (const { address } of to) {
    peer.effects.push({ type: "send", to: address, channel: "stream", message: told, body });
  }
}

/** Hands an event to the readers: the transcript, the log, the checks. */
export function emit(peer: Peer, event: PeerEvent): void {
  peer.effects.push({ type: "event", event });
}

/** A line of the transcript; `fold` marks those of pings, which a short view leaves out. */
export function line(peer: Peer, text: string, fold = false): void {
  emit(peer, { event: "line", text, fold });
}

/** A line of the transcript about a request that is made or served here. */
export function requestLine(peer: Peer, text: string): void {
  emit(peer, { event: "line", text, fold: false, request: true });
}

/** A sentence for a person. */
export function note(peer: Peer, text: string): void {
  emit(peer, { event: "note", text });
}

/** True while the peer takes part in the ring. */
export function isIn(peer: Peer): boolean {
  return peer.phase === "in" || peer.phase === "leaving";
}

/** Ends the peer. `sentence` is null where nothing went wrong. */
export function exit(peer: Peer, code: number, sentence: string | null): void {
  peer.phase = "ended";
  peer.effects.push({ type: "exit", code, sentence });
}
