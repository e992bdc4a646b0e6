/** What a peer does when one of its deadlines has come. */

import { acknowledgeDue } from "./answering.ts";
import { settleContest, tellJoiner, unlockGap } from "./lifecycle/admitting.ts";
import { joinOverdue } from "./lifecycle/joining.ts";
import { askAgain, departWhenSafe, endDeparture, leaveOverdue } from "./lifecycle/leaving.ts";
import { returnOverdue } from "./lifecycle/returning.ts";
import { contactLost, formerPlaceEmpty } from "./lifecycle/starting.ts";
import { stayAlive } from "./membership/late.ts";
import { afterSilence } from "./membership/news.ts";
import {
  askAwaited,
  beginRound,
  noticeAwaited,
  tryLost,
  watchSilently,
} from "./membership/rounds.ts";
import { settleCheck } from "./membership/spreading.ts";
import { advanceTrial } from "./membership/trials.ts";
import type { Deadline } from "./model/deadlines.ts";
import { forgetDoubt } from "./replication/doubting.ts";
import { tellTidings, tellWithheld } from "./replication/holding.ts";
import { inquiryOverdue } from "./replication/inquiring.ts";
import { receiptOverdue } from "./replication/receipts.ts";
import { dropSpare, lookAfterCopies, repair } from "./replication/repairing.ts";
import { inquiryEnded, rerouteHop } from "./requests/arriving.ts";
import { listingOverdue } from "./requests/listing.ts";
import { requestOverdue } from "./requests/requests.ts";
import { surveyOverdue } from "./requests/surveying.ts";
import type { Peer } from "./state.ts";

export function meetDeadline(peer: Peer, { kind, key }: Deadline): void {
  switch (kind) {
    case "round":
      beginRound(peer);
      return;
    case "acks":
      acknowledgeDue(peer);
      return;
    case "watch":
      watchSilently(peer);
      return;
    case "lost":
      tryLost(peer);
      return;
    case "push":
      // The end of this very step pushes what waits.
      return;
    case "settle":
      settleCheck(peer);
      return;
    case "trial": {
      const trial = advanceTrial(peer, key);
      if (trial === null) return;
      afterSilence(peer, trial);
      settleContest(peer, trial, false);
      return;
    }
    case "awaited":
      askAwaited(peer, key);
      return;
    case "awaited-notice":
      noticeAwaited(peer);
      return;
    case "former":
      formerPlaceEmpty(peer, null);
      return;
    case "join":
      if (peer.lifecycle.joining === null) returnOverdue(peer);
      else if (joinOverdue(peer)) contactLost(peer, "timeout");
      return;
    case "lock":
      unlockGap(peer);
      return;
    case "change":
      tellJoiner(peer);
      return;
    case "hop":
      rerouteHop(peer, key);
      return;
    case "request":
      requestOverdue(peer, key);
      return;
    case "inquiry":
      inquiryEnded(peer, inquiryOverdue(peer, key));
      return;
    case "list":
      listingOverdue(peer, key);
      return;
    case "survey":
      surveyOverdue(peer, key);
      return;
    case "confirm":
      forgetDoubt(peer, key);
      return;
    case "withheld":
      tellWithheld(peer);
      return;
    case "receipt":
      receiptOverdue(peer, key);
      return;
    case "repair":
      askAgain(peer);
      repair(peer);
      departWhenSafe(peer);
      return;
    case "drop":
      dropSpare(peer);
      return;
    case "compare":
      lookAfterCopies(peer);
      return;
    case "tidings":
      tellTidings(peer);
      return;
    case "leave":
      leaveOverdue(peer);
      return;
    case "depart":
      endDeparture(peer);
      return;
    case "alive":
      stayAlive(peer);
      return;
    default:
      kind satisfies never;
  }
}
