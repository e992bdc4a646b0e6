/** Members that answer pings by datagram and take no streams: standard error says so, once. */

import { boundTable } from "../model/bounded.ts";
import {
  PROBES_AT_ONCE,
  STREAMS_FORGOTTEN_MS,
  STREAMS_MISSED,
  STREAMS_ROW_MS,
} from "../model/config.ts";
import type { Member } from "../model/member.ts";
import { sentences } from "../model/sentences.ts";
import { note, type Peer } from "../state.ts";

/**
 * A member answered a ping by datagram to which dials have failed.
 * @param missed for how many in a row that counts
 */
export function blameStreams(peer: Peer, from: Member, missed: number): void {
  const {
    membership: { streamless },
  } = peer;
  const known = streamless.get(from.id);
  const fresh = known === undefined || peer.now - known.at > STREAMS_FORGOTTEN_MS;
  const state = fresh ? { missed: 0, at: peer.now, said: false } : known;
  if (peer.now - state.at > STREAMS_ROW_MS) state.missed = 0;
  state.missed += missed;
  state.at = peer.now;
  streamless.set(from.id, state);
  boundTable(streamless, PROBES_AT_ONCE);
  if (state.said || state.missed < STREAMS_MISSED) return;
  state.said = true;
  note(peer, sentences.noStreams(from.id, from.address));
}
