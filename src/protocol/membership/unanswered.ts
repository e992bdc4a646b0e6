/**
 * Whoever needs a member notices first that it is gone: what was asked of it and got no answer has it
 * probed at once, and while that goes on in vain nobody waits for it. Its death is left to the probe.
 */
import type { Member } from "../model/member.ts";
import type { Peer } from "../state.ts";
import { pingTarget } from "./pinging.ts";
import { probeMember } from "./probing.ts";
import { probeKey } from "./records.ts";

/**
 * A member has not answered what it was asked in its time. It may be slow, or what waits for its disk:
 * its answer to a ping says so. One that is only awaited is asked for already.
 */
export function noteUnanswered(peer: Peer, { id, instance }: Member): void {
  const { view, awaited, probes } = peer.membership;
  const present = view.find(id);
  if (id === peer.self.id || present?.instance !== instance || awaited.has(id)) return;
  probeMember(peer, present, "watch", ["datagram", "stream"]);
  const probe = probes.get(probeKey("watch", id));
  if (probe === undefined || probe.unanswered) return;
  probe.unanswered = true;
  // One that was being tried already was by datagram, which may be lost.
  if (probe.startedAt < peer.now) pingTarget(peer, probe, "stream");
}

/** True of a member that answers neither what it was asked nor a ping: it is passed over until it does. */
export function isUnanswering({ membership: { probes } }: Peer, id: number): boolean {
  if (probes.size === 0) return false;
  const probe = probes.get(probeKey("watch", id));
  return probe?.unanswered === true && probe.silence !== "waiting";
}

/** The ids of all such members. */
export function* unanswering({ membership: { probes } }: Peer): Generator<number> {
  for (const { unanswered, silence, target } of probes.values()) {
    if (unanswered && silence !== "waiting") yield target.id;
  }
}
