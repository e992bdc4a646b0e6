/** What a peer does when one of its deadlines has come. */

import { acknowledgeDue } from "./answering.ts";
import { probeJudged, tellJoiner, unlockGap } from "./lifecycle/admitting.ts";
import { joinOverdue } from "./lifecycle/joining.ts";
import { askAgain, departWhenSafe, endDeparture, leaveOverdue } from "./lifecycle/leaving.ts";
import { returnOverdue } from "./lifecycle/returning.ts";
import { contactLost, formerPlaceEmpty } from "./lifecycle/starting.ts";
import { greetingsOverdue } from "./membership/greeting.ts";
import { stayAlive } from "./membership/late.ts";
import { advanceProbe } from "./membership/probing.ts";
import {
  askAwaited,
  beginRound,
  noticeAwaited,
  tryLost,
  watchSilently,
} from "./membership/rounds.ts";
import { settleCheck } from "./membership/spreading.ts";
import type { Deadline, DeadlineKind } from "./model/deadlines.ts";
import { acknowledgementOverdue } from "./replication/acknowledging.ts";
import { tellBatched, tellWithheld } from "./replication/confirming.ts";
import { forgetDoubt } from "./replication/doubting.ts";
import { inquiryOverdue } from "./replication/inquiring.ts";
import { dropSpare, lookAfterReplicas, repair } from "./replication/repairing.ts";
import { inquiryEnded, rerouteHop } from "./requests/arriving.ts";
import { listingOverdue } from "./requests/listing.ts";
import { requestOverdue } from "./requests/requests.ts";
import { surveyOverdue } from "./requests/surveying.ts";
import type { Peer } from "./state.ts";

/** What is done at each: a kind of deadline without its line here is a mistake that the compiler sees. */
const HANDLERS: Readonly<Record<DeadlineKind, ((peer: Peer, key: number) => void) | null>> = {
  round: beginRound,
  watch: watchSilently,
  lost: tryLost,
  // The end of this very step pushes what waits.
  push: null,
  settle: settleCheck,
  probe: (peer, key) => probeJudged(peer, advanceProbe(peer, key)),
  greeting: greetingsOverdue,
  awaited: askAwaited,
  "awaited-notice": noticeAwaited,
  alive: stayAlive,

  former: (peer) => formerPlaceEmpty(peer, null),
  join: (peer) => {
    if (peer.lifecycle.joining === null) returnOverdue(peer);
    else if (joinOverdue(peer)) contactLost(peer, "timeout");
  },
  lock: unlockGap,
  change: tellJoiner,
  leave: leaveOverdue,
  depart: endDeparture,

  acks: acknowledgeDue,
  hop: rerouteHop,
  request: requestOverdue,
  inquiry: (peer, key) => inquiryEnded(peer, inquiryOverdue(peer, key)),
  list: listingOverdue,
  survey: surveyOverdue,
  confirm: forgetDoubt,

  withheld: tellWithheld,
  acknowledgement: acknowledgementOverdue,
  repair: (peer) => {
    askAgain(peer);
    repair(peer);
    departWhenSafe(peer);
  },
  drop: dropSpare,
  compare: lookAfterReplicas,
  batched: tellBatched,
};

/** @param deadline that has come, and is set no more */
export function meetDeadline(peer: Peer, { kind, key }: Deadline): void {
  HANDLERS[kind]?.(peer, key);
}
