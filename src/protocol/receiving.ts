/** What a peer does with each message. */
import {
  receiveSuccessorChange,
  settleContest,
  tellJoiner,
  unlockGap,
} from "./lifecycle/admitting.ts";
import { receiveIntroduction, receiveJoinAnswer } from "./lifecycle/joining.ts";
import { departureHeard, departWhenSafe } from "./lifecycle/leaving.ts";
import { absorb, afterAnswer, afterVouched } from "./membership/news.ts";
import { streamsBlocked } from "./membership/refusals.ts";
import { receivePing, receiveRoundAnswer } from "./membership/rounds.ts";
import { compareDigest, receiveSync } from "./membership/spreading.ts";
import { acceptVouched, answerTrial, tellAsker, vouchFor } from "./membership/trials.ts";
import { datagramAnswered } from "./membership/ways.ts";
import type { Body } from "./model/io.ts";
import type { Member } from "./model/member.ts";
import type { Channel, Message } from "./model/messages.ts";
import { randomBelow } from "./model/random.ts";
import { receiveCompare, receiveCompared } from "./replication/comparing.ts";
import {
  receiveDeclined,
  receiveHolding,
  receiveLost,
  receiveOffer,
} from "./replication/copies.ts";
import { receiveConfirm, receiveConfirmed } from "./replication/doubting.ts";
import { receiveInquire, receiveInquired } from "./replication/inquiring.ts";
import { placeElsewhere } from "./replication/placing.ts";
import { receiveLease } from "./replication/pledging.ts";
import { checkReceipts } from "./replication/receipts.ts";
import { receiveDelegate } from "./replication/serving.ts";
import { receiveLeased } from "./replication/tenure.ts";
import { placeStore } from "./replication/writing.ts";
import { inquiryEnded, receiveRouted } from "./requests/arriving.ts";
import { receiveList, receiveListed } from "./requests/listing.ts";
import { receiveAnswer } from "./requests/outcomes.ts";
import { hopAcknowledged } from "./requests/routing.ts";
import { receiveStatusAsk, receiveStatusTold } from "./requests/surveying.ts";
import { type Peer, send } from "./state.ts";

/** Ids that may be proposed for one gap: enough for no two joiners to be given the same. */
const PROPOSALS = 2 ** 32;

/** So late a content is taken with its offer: an operation that is unknown takes effect by 5 s after its end. */
export const OFFERED_MS = 4_000;

/**
 * True of a content that came so late with its offer that whoever stores it may have been told that it is
 * not stored: it is had from the one that offers it, if that has it on its disk.
 */
function isOverdue({ now, lifecycle: { sleep } }: Peer, heldMs: number | null): boolean {
  if (heldMs !== null) return heldMs > OFFERED_MS;
  // It may have come while this process slept.
  return sleep !== null && sleep.ms > OFFERED_MS && now - sleep.until < OFFERED_MS;
}

/** Deals with one message, whose sender has been noted already. */
export function receive(
  peer: Peer,
  from: Member,
  message: Message,
  body: Body | null,
  channel: Channel,
  heldMs: number | null,
): void {
  switch (message.tag) {
    case "ping":
      receivePing(peer, from, message, channel);
      return;
    case "pong": {
      receiveRoundAnswer(peer, from, message);
      tellAsker(peer, from, message);
      if (channel === "datagram") datagramAnswered(peer, from.address);
      const trial = answerTrial(peer, from, message, channel);
      if (trial !== null) {
        streamsBlocked(peer, from, trial, channel);
        afterAnswer(peer, trial, from);
        settleContest(peer, trial, true);
      }
      compareDigest(peer, from, message);
      return;
    }
    case "vouch":
      vouchFor(peer, from, message, channel);
      return;
    case "vouched":
      afterVouched(peer, acceptVouched(peer, message));
      return;
    case "gossip":
      absorb(peer, from, message.members, message.joining);
      return;
    case "sync":
      receiveSync(peer, from, message);
      return;
    case "introduce":
      introduce(peer, from, message.request);
      return;
    case "introduction":
      receiveIntroduction(peer, message);
      return;
    case "routed":
      receiveRouted(peer, from, message, body, heldMs);
      return;
    case "ack":
      acknowledged(peer, from, message.request);
      return;
    case "answer":
      receiveAnswer(peer, from, message, body);
      return;
    case "join-answer":
      receiveJoinAnswer(peer, from, message);
      return;
    case "join-done":
      if (peer.lifecycle.lock?.request === message.request) unlockGap(peer);
      return;
    case "successor-change":
      receiveSuccessorChange(peer, from, message);
      return;
    case "depart":
      // Its header said that it has left, which was heard already.
      send(peer, from.address, "stream", { tag: "ack", request: message.request });
      return;
    case "confirm":
      receiveConfirm(peer, message);
      return;
    case "confirmed": {
      const arrival = receiveConfirmed(peer, message);
      if (arrival !== null) placeStore(peer, arrival);
      return;
    }
    case "lease":
      receiveLease(peer, from, message);
      return;
    case "leased":
      receiveLeased(peer, from, message);
      return;
    case "inquire":
      receiveInquire(peer, from, message);
      return;
    case "inquired":
      absorb(peer, from, message.others, false);
      inquiryEnded(peer, receiveInquired(peer, from, message));
      return;
    case "delegate":
      receiveDelegate(peer, message);
      return;
    case "offer":
      receiveOffer(peer, from, message, isOverdue(peer, heldMs) ? null : body);
      return;
    case "holding":
      receiveHolding(peer, from, message.files, message.taking);
      checkReceipts(peer, from, message.files);
      departWhenSafe(peer);
      return;
    case "declined":
      receiveDeclined(peer, from, message.files);
      placeElsewhere(peer, message.files);
      departWhenSafe(peer);
      return;
    case "lost":
      receiveLost(peer, from, message.files);
      return;
    case "compare":
      receiveCompare(peer, from, message);
      return;
    case "compared":
      receiveCompared(peer, from, message);
      departWhenSafe(peer);
      return;
    case "list":
      receiveList(peer, from, message);
      return;
    case "listed":
      receiveListed(peer, from, message);
      return;
    case "status-ask":
      receiveStatusAsk(peer, from, message);
      return;
    case "status-told":
      receiveStatusTold(peer, from, message);
      return;
    // Contents travel on connections of their own, which the driver serves.
    case "fetch":
    case "content":
    case "content-end":
    case "content-refused":
      return;
    default:
      // A message without its case here is a mistake that the compiler sees.
      message satisfies never;
  }
}

function acknowledged(peer: Peer, from: Member, request: number): void {
  if (peer.lifecycle.lock?.request === request && !peer.lifecycle.lock.told) tellJoiner(peer);
  else if (peer.lifecycle.departing?.request === request) departureHeard(peer, from);
  else hopAcknowledged(peer, request);
}

function introduce(peer: Peer, from: Member, request: number): void {
  if (peer.phase !== "in") return;
  const { bits, strategy, pingIntervalMs, copies } = peer.config;
  // The exact middle was that of a member which has gone too, and may come back for its id.
  const aside = (randomBelow(peer.random, PROPOSALS) / PROPOSALS - 0.5) / 4;
  send(peer, from.address, "stream", {
    tag: "introduction",
    request,
    bits,
    strategy,
    pingIntervalMs,
    copies,
    proposedId: peer.membership.view.widestGapMiddle(bits, aside),
  });
}
