/** What a peer does with each message. */
import {
  probeJudged,
  receiveSuccessorChange,
  tellJoiner,
  unlockGap,
} from "./lifecycle/admitting.ts";
import { joinHeard, receiveIntroduction, receiveJoinAnswer } from "./lifecycle/joining.ts";
import { departureHeard, departWhenSafe } from "./lifecycle/leaving.ts";
import { probeFor, tellAsker } from "./membership/indirect.ts";
import { absorb } from "./membership/news.ts";
import { acceptRelayed, answerProbe } from "./membership/probing.ts";
import { receivePing, receiveRoundAnswer } from "./membership/rounds.ts";
import { compareDigest, receiveSync } from "./membership/spreading.ts";
import { datagramAnswered } from "./membership/ways.ts";
import type { Body } from "./model/io.ts";
import type { Member } from "./model/member.ts";
import type { Channel, Message, Pong } from "./model/messages.ts";
import { randomBelow } from "./model/random.ts";
import { checkAcknowledgements } from "./replication/acknowledging.ts";
import { receiveCompare, receiveCompared } from "./replication/comparing.ts";
import { receiveConfirm, receiveConfirmed } from "./replication/doubting.ts";
import { receiveInquire, receiveInquired } from "./replication/inquiring.ts";
import { placeElsewhere } from "./replication/placing.ts";
import { receiveCatchUp, receiveLease } from "./replication/pledging.ts";
import {
  receiveLost,
  receiveRejected,
  receiveReplicate,
  receiveReplicated,
} from "./replication/replicating.ts";
import { receiveDelegate } from "./replication/serving.ts";
import { receiveCaughtUp, receiveLeased } from "./replication/tenure.ts";
import { placeStore } from "./replication/writing.ts";
import { inquiryEnded, receiveRouted } from "./requests/arriving.ts";
import { receiveList, receiveListed } from "./requests/listing.ts";
import { hopTaken, receiveAnswer } from "./requests/outcomes.ts";
import { receiveStatusAsk, receiveStatusTold } from "./requests/surveying.ts";
import { type Peer, send } from "./state.ts";

/** Ids that may be proposed for one gap: enough for no two joiners to be given the same. */
const PROPOSALS = 2 ** 32;

/** So late a content is taken with what it came with: an operation that is unknown takes effect by 5 s after its end. */
export const REPLICATE_LATE_MS = 4_000;

/**
 * True of a content that came so late that whoever stores it may have been told that it is
 * not stored: it is had from the one that replicates it, if that has it on its disk.
 */
function isOverdue({ now, lifecycle: { sleep } }: Peer, heldMs: number | null): boolean {
  if (heldMs !== null) return heldMs > REPLICATE_LATE_MS;
  // It may have come while this process slept.
  return sleep !== null && sleep.ms > REPLICATE_LATE_MS && now - sleep.until < REPLICATE_LATE_MS;
}

/** How a message came. */
type Came = {
  readonly from: Member;
  readonly body: Body | null;
  readonly channel: Channel;
  readonly heldMs: number | null;
};
type Tagged<T extends Message["tag"]> = Extract<Message, { readonly tag: T }>;

/** What is done with each: a message without its line here is a mistake that the compiler sees. */
const HANDLERS: Readonly<{
  [T in Message["tag"]]: ((peer: Peer, message: Tagged<T>, came: Came) => void) | null;
}> = {
  ping: (peer, ping, { from, channel }) => receivePing(peer, from, ping, channel),
  pong: receivePong,
  "ping-req": (peer, pingReq, { from, channel }) => probeFor(peer, from, pingReq, channel),
  "ping-req-ack": (peer, relayed) => probeJudged(peer, acceptRelayed(peer, relayed)),
  gossip: (peer, { members, joining }, { from }) => absorb(peer, from, members, joining),
  spread: (peer, { members, joining, upTo }, { from }) =>
    absorb(peer, from, members, joining, upTo),
  sync: (peer, sync, { from }) => receiveSync(peer, from, sync),

  introduce: (peer, { request }, { from }) => introduce(peer, from, request),
  introduction: receiveIntroduction,
  "join-answer": (peer, answer, { from }) => receiveJoinAnswer(peer, from, answer),
  "join-done": (peer, { request }) => {
    if (peer.lifecycle.lock?.request === request) unlockGap(peer);
  },
  "successor-change": (peer, change, { from }) => receiveSuccessorChange(peer, from, change),
  // Its header said that it has left, which was heard already.
  depart: (peer, { request }, { from }) =>
    send(peer, from.address, "stream", { tag: "ack", request }),
  ack: (peer, { request }, { from }) => acknowledged(peer, from, request),

  routed: (peer, routed, { from, body, heldMs }) => receiveRouted(peer, from, routed, body, heldMs),
  answer: (peer, answer, { from, body }) => receiveAnswer(peer, from, answer, body),
  confirm: receiveConfirm,
  confirmed: (peer, confirmed) => {
    const arrival = receiveConfirmed(peer, confirmed);
    if (arrival !== null) placeStore(peer, arrival);
  },
  list: (peer, list, { from }) => receiveList(peer, from, list),
  listed: (peer, listed, { from }) => receiveListed(peer, from, listed),
  "status-ask": (peer, ask, { from }) => receiveStatusAsk(peer, from, ask),
  "status-told": (peer, told, { from }) => receiveStatusTold(peer, from, told),

  lease: (peer, lease, { from }) => receiveLease(peer, from, lease),
  leased: (peer, leased, { from }) => receiveLeased(peer, from, leased),
  "catch-up": (peer, catchUp, { from }) => receiveCatchUp(peer, from, catchUp),
  "caught-up": (peer, caughtUp, { from }) => receiveCaughtUp(peer, from, caughtUp),
  inquire: (peer, inquire, { from }) => receiveInquire(peer, from, inquire),
  inquired: (peer, inquired, { from }) => {
    absorb(peer, from, inquired.others, false);
    inquiryEnded(peer, receiveInquired(peer, from, inquired));
  },
  delegate: receiveDelegate,
  replicate: (peer, replicate, { from, body, heldMs }) =>
    receiveReplicate(peer, from, replicate, isOverdue(peer, heldMs) ? null : body),
  replicated: (peer, { files, taking }, { from }) => {
    receiveReplicated(peer, from, files, taking);
    checkAcknowledgements(peer, from, files);
    departWhenSafe(peer);
  },
  rejected: (peer, { files }, { from }) => {
    receiveRejected(peer, from, files);
    placeElsewhere(peer, files);
    departWhenSafe(peer);
  },
  lost: (peer, { files }, { from }) => receiveLost(peer, from, files),
  compare: (peer, compare, { from }) => receiveCompare(peer, from, compare),
  compared: (peer, compared, { from }) => {
    receiveCompared(peer, from, compared);
    departWhenSafe(peer);
  },

  // Contents travel on connections of their own, which the driver serves.
  fetch: null,
  "fetch-part": null,
  content: null,
  "content-end": null,
  "content-refused": null,
};

/** Deals with one message, whose sender has been noted already. */
export function receive(peer: Peer, message: Message, came: Came): void {
  // Each handler takes the messages of its own line.
  const handle = HANDLERS[message.tag] as
    | ((peer: Peer, message: Message, came: Came) => void)
    | null;
  handle?.(peer, message, came);
}

function receivePong(peer: Peer, pong: Pong, { from, channel }: Came): void {
  receiveRoundAnswer(peer, from, pong);
  tellAsker(peer, from, pong);
  if (channel === "datagram") datagramAnswered(peer, from.address);
  probeJudged(peer, answerProbe(peer, from, pong, channel));
  compareDigest(peer, from, pong);
}

function acknowledged(peer: Peer, from: Member, request: number): void {
  if (peer.lifecycle.lock?.request === request && !peer.lifecycle.lock.told) tellJoiner(peer);
  else if (peer.lifecycle.departing?.request === request) departureHeard(peer, from);
  else if (!joinHeard(peer, request)) hopTaken(peer, request);
}

function introduce(peer: Peer, from: Member, request: number): void {
  if (peer.phase !== "in") return;
  const { bits, strategy, pingIntervalMs, replicationFactor } = peer.config;
  // The exact middle was that of a member which has gone too, and may come back for its id.
  const aside = (randomBelow(peer.random, PROPOSALS) / PROPOSALS - 0.5) / 4;
  send(peer, from.address, "stream", {
    tag: "introduction",
    request,
    bits,
    strategy,
    pingIntervalMs,
    replicationFactor,
    proposedId: peer.membership.view.widestGapMiddle(bits, aside),
  });
}
