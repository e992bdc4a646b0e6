/**
 * What holds of one peer's whole state after every step, whatever it was given: tables within their
 * limits, nothing that waits without a deadline, and parts that agree with each other. Checked in the
 * simulator, never in the product.
 */

import { probeKey } from "../protocol/membership/records.ts";
import { COUNTER_JUMP, HIGHEST_INCARNATION } from "../protocol/model/bounds.ts";
import { LEASE_MS } from "../protocol/model/config.ts";
import type { DeadlineKind } from "../protocol/model/deadlines.ts";
import { compareMembers, isPresent } from "../protocol/model/member.ts";
import { replicaSetOf } from "../protocol/replication/replica-set.ts";
import { isIn, type Peer } from "../protocol/state.ts";
import { limitOf, statementOf, TABLES } from "./tables.ts";

/** True of a peer for which it holds. */
type Invariant = readonly [statement: string, holds: (peer: Peer) => boolean];

/** All that wait have a deadline of their own. */
function waits(peer: Peer, kind: DeadlineKind, keys: Iterable<number>): boolean {
  for (const key of keys) if (!peer.deadlines.has(kind, key)) return false;
  return true;
}

/** Of what every step may change: cheap enough to be looked at after each. */
const ALWAYS: readonly Invariant[] = [
  ["no deadline is left behind", ({ deadlines, now }) => deadlines.next() >= now],
  [
    "its incarnation is one that it asked to be made durable",
    ({ self, membership }) =>
      self.incarnation <= membership.incarnationAsked &&
      membership.incarnationAsked <= HIGHEST_INCARNATION,
  ],
  [
    "a peer that takes part is in its own view, as it is",
    (peer) => {
      const { self, phase, membership } = peer;
      const seen = membership.view.find(self.id);
      return phase !== "in" || (seen !== undefined && compareMembers(seen, self) === 0);
    },
  ],
  [
    "whoever is on its way in has asked somebody",
    ({ phase, lifecycle }) =>
      phase !== "joining" || lifecycle.joining !== null || lifecycle.returning !== null,
  ],
  [
    "a gap is locked for a time",
    (peer) => peer.lifecycle.lock === null || peer.deadlines.has("lock", 0),
  ],
  [
    "who departs is leaving, and waits for a time",
    (peer) =>
      peer.lifecycle.departing === null ||
      (peer.phase === "leaving" && peer.deadlines.has("depart", 0)),
  ],
  [
    "a greeting has its time",
    (peer) => peer.membership.greetings.size === 0 || peer.deadlines.has("greeting", 0),
  ],
  ["every probe has its time", (peer) => waits(peer, "probe", peer.membership.probes.keys())],
  [
    "whoever has an id that is wanted is tried",
    ({ lifecycle, membership }) => {
      for (const id of lifecycle.contested.keys()) {
        if (!membership.probes.has(probeKey("claimant", id))) return false;
      }
      return true;
    },
  ],
  ["every hop has its time", (peer) => waits(peer, "hop", peer.requests.hops.keys())],
  [
    "every inquiry has its time",
    (peer) => waits(peer, "inquiry", peer.replication.inquiries.keys()),
  ],
  [
    "every placement has its time",
    (peer) => waits(peer, "acknowledgement", peer.replication.placements.keys()),
  ],
  ["every doubt has its time", (peer) => waits(peer, "confirm", peer.replication.doubts.keys())],
  ["every listing has its time", (peer) => waits(peer, "list", peer.requests.listings.keys())],
  ["every survey has its time", (peer) => waits(peer, "survey", peer.requests.surveys.keys())],
  [
    "every request that was sent has its time, or a content that moves",
    (peer) => {
      for (const [request, { begun, moving }] of peer.requests.pending) {
        if (begun && !moving && !peer.deadlines.has("request", request)) return false;
      }
      return true;
    },
  ],
  [
    "acknowledgements that wait have their time",
    (peer) => peer.acks.size === 0 || peer.deadlines.has("acks", 0),
  ],
  [
    "word that is withheld has its time",
    (peer) => peer.replication.withheld.length === 0 || peer.deadlines.has("withheld", 0),
  ],
  [
    "word that is gathered has its time",
    (peer) => peer.replication.batched.size === 0 || peer.deadlines.has("batched", 0),
  ],
  [
    "news that waits has its time",
    (peer) =>
      !isIn(peer) ||
      peer.membership.rumours.size + peer.membership.joiningRumours.size === 0 ||
      peer.deadlines.has("push", 0),
  ],
  [
    "an owner's lease ends before the promises that it rests on",
    ({ now, replication: { tenure } }) => tenure.until <= now + LEASE_MS,
  ],
  [
    "copies wait in line only while others are fetched",
    ({ replication: { replicaQueue, jobs } }) => replicaQueue.size === 0 || jobs.size > 0,
  ],
  ...TABLES.map((table): Invariant => [statementOf(table), limitOf(table)]),
];

/** Of tables that change seldom: looked at when they have. */
const OF_THE_VIEW: readonly Invariant[] = [
  [
    "the view is sorted, and has nobody twice",
    ({ membership: { view } }) =>
      view.members.every((m, i) => i === 0 || (view.members[i - 1]?.id ?? -1) < m.id),
  ],
  [
    "all in the view are present",
    ({ self, membership: { view } }) => view.members.every((m) => isPresent(m) || m.id === self.id),
  ],
  [
    "nobody is both in the view and departed",
    ({ membership: { view, departed } }) =>
      view.members.every(({ id }) => departed.get(id) === undefined),
  ],
  [
    "whoever is awaited is in the view",
    ({ membership: { view, awaited } }) =>
      [...awaited.keys()].every((id) => view.find(id) !== undefined),
  ],
];

const OF_THE_FILES: readonly Invariant[] = [
  [
    "no write that is held is above the counter, but what is too far above it to count",
    ({ replication: { counter, files } }) => {
      for (const { version } of files.values()) {
        if (version.counter > counter && version.counter <= counter + COUNTER_JUMP) return false;
      }
      return true;
    },
  ],
  [
    "only those who should hold a copy have confirmed it",
    (peer) => {
      const { files, confirmed, rejected, rescan } = peer.replication;
      // They are looked through when the view has been still for a moment; a leaver takes anybody's word.
      if (rescan || peer.phase === "leaving") return true;
      for (const record of files.values()) {
        const instances = confirmed.get(record) ?? [];
        if (instances.length === 0) continue;
        const replicaSet = replicaSetOf(peer, record);
        const rejecters = rejected.get(record.name) ?? [];
        const may = (instance: string) =>
          rejecters.includes(instance) || replicaSet.some((h) => h.instance === instance);
        if (!instances.every(may)) return false;
      }
      return true;
    },
  ],
  [
    "the removals are the removals among the files",
    ({ replication: { removals, files } }) => {
      let count = 0;
      for (const record of files.values()) if (record.removed) count += 1;
      return count === removals.size;
    },
  ],
];

/** The files are looked through at one step in so many: they are many, and few steps change them. */
const FILES_EVERY = 16;

/** Looks at one peer after every step. */
export class Invariants {
  #view: unknown = null;
  #steps = 0;

  /** @returns the first statement that does not hold; null if all do */
  broken(peer: Peer): string | null {
    if (peer.phase === "ended") return null;
    this.#steps += 1;
    const ofView = this.#view === peer.membership.view ? [] : OF_THE_VIEW;
    const ofFiles = this.#steps % FILES_EVERY === 0 ? OF_THE_FILES : [];
    this.#view = peer.membership.view;
    for (const invariants of [ALWAYS, ofView, ofFiles]) {
      for (const [statement, holds] of invariants) if (!holds(peer)) return statement;
    }
    return null;
  }
}
