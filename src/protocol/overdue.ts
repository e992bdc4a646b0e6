/** What a peer does when one of its deadlines has come. */

import { settleContest, tellJoiner, unlockGap } from "./admitting.ts";
import { acknowledgeDue } from "./answering.ts";
import { inquiryEnded, rerouteHop } from "./arriving.ts";
import type { Deadline } from "./deadlines.ts";
import { forgetDoubt } from "./doubting.ts";
import { tellTidings, tellWithheld } from "./holding.ts";
import { inquiryOverdue } from "./inquiring.ts";
import { joinOverdue } from "./joining.ts";
import { stayAlive } from "./late.ts";
import { askAgain, departWhenSafe, endDeparture, leaveOverdue } from "./leaving.ts";
import { listingOverdue } from "./listing.ts";
import { afterSilence } from "./news.ts";
import { receiptOverdue } from "./receipts.ts";
import { dropSpare, lookAfterCopies, repair } from "./repairing.ts";
import { requestOverdue } from "./requests.ts";
import { returnOverdue } from "./returning.ts";
import { askAwaited, beginRound, noticeAwaited, tryLost, watchSilently } from "./rounds.ts";
import { settleCheck } from "./spreading.ts";
import { contactLost, formerPlaceEmpty } from "./starting.ts";
import type { Peer } from "./state.ts";
import { surveyOverdue } from "./surveying.ts";
import { advanceTrial } from "./trials.ts";

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
      if (peer.joining === null) returnOverdue(peer);
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
