/** What befalls probes when an address could not be reached over a stream. */

import { REFUSAL_BURST_MS } from "../model/config.ts";
import type { Unreachable } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { Peer } from "../state.ts";
import { befall, probeMember } from "./probing.ts";
import type { Judged, Probe } from "./state.ts";

/**
 * An address could not be reached. A member that is only awaited may be about to start.
 * @param broke a stream that came from there has just ended, and none is open
 * @returns the verdicts of the probes that this has ended
 */
export function meetUnreachable(
  peer: Peer,
  address: Address,
  how: Unreachable,
  broke: boolean,
): Judged[] {
  const judged: Judged[] = [];
  const member = memberAt(peer, address);
  const counts =
    member !== undefined && member.id !== peer.self.id && !peer.membership.awaited.has(member.id);
  if (counts) probeMember(peer, member, "watch", ["datagram"]);
  for (const probe of [...peer.membership.probes.values()]) {
    if (probe.target.address !== address) continue;
    const end =
      how === "timeout" ? befall(peer, probe, "dial-timeout") : refused(peer, probe, broke);
    if (end !== null) judged.push(end);
  }
  return judged;
}

function refused(peer: Peer, probe: Probe, broke: boolean): Judged | null {
  if (peer.now - probe.refusedAt > REFUSAL_BURST_MS) befall(peer, probe, "lapse");
  return befall(peer, probe, broke ? "refusal-and-break" : "refusal");
}

/** The present member at an address: most often one that is being tried, else it has to be looked for. */
function memberAt(peer: Peer, address: Address): Member | undefined {
  for (const { target } of peer.membership.probes.values()) {
    const member = target.address === address ? peer.membership.view.find(target.id) : undefined;
    if (member?.address === address) return member;
  }
  return peer.membership.view.at(address);
}
