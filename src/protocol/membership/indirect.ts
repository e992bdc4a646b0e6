/** Probes on behalf of others, to whom a member is silent that may answer here. */

import { boundTable } from "../model/bounded.ts";
import { PROBES_AT_ONCE } from "../model/config.ts";
import type { Member } from "../model/member.ts";
import type { Channel, PingReq, Pong } from "../model/messages.ts";
import { randomBits } from "../model/random.ts";
import { type Peer, send } from "../state.ts";
import { sendPing } from "./ways.ts";

/** Asked by another: tries the target once, the way it was asked, and tells if it answers. */
export function probeFor(peer: Peer, from: Member, pingReq: PingReq, channel: Channel): void {
  const nonce = randomBits(peer.random);
  const { target } = pingReq;
  peer.membership.indirect.set(nonce, {
    asker: from.address,
    nonce: pingReq.nonce,
    target,
    channel,
  });
  boundTable(peer.membership.indirect, PROBES_AT_ONCE);
  sendPing(peer, target.address, nonce, channel);
}

/** Passes an answer on to the one who asked for it. */
export function tellAsker(peer: Peer, from: Member, pong: Pong): void {
  const indirect = peer.membership.indirect.get(pong.nonce);
  if (indirect === undefined) return;
  // Whoever is asked for is told of under both: an instance under another id would be a member that is not.
  if (indirect.target.instance !== from.instance || indirect.target.id !== from.id) return;
  peer.membership.indirect.delete(pong.nonce);
  const { nonce, target, asker, channel } = indirect;
  send(peer, asker, channel, { tag: "ping-req-ack", nonce, target });
}
