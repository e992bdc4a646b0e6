/**
 * Faults in one peer's own state, which no other peer need ever notice: what was ended and not cleared, or
 * cleared and not ended. What would be seen after hours, if at all, the invariants see after the step.
 */
import type { Fault } from "./fault.ts";

const INVARIANT = ["I"] as const;

export const INVARIANT_FAULTS: readonly Fault[] = [
  {
    name: "keep a probe that has ended",
    breaks: "a member is never tried again",
    edits: [
      {
        file: "membership/records.ts",
        find: "  peer.membership.probes.delete(key);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 1,
  },
  {
    name: "keep an inquiry that has ended",
    breaks: "a request that is sent again is never dealt with",
    edits: [
      {
        file: "replication/inquiring.ts",
        find: "  peer.replication.inquiries.delete(request);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 1,
  },
  {
    name: "keep a placement that has ended",
    breaks: "a store's slot at its owner is never free again",
    edits: [
      {
        file: "replication/acknowledging.ts",
        find: "  peer.replication.placements.delete(request);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 2,
  },
  {
    name: "keep a hop that was acknowledged",
    breaks: "a peer remembers each request that it ever passed on",
    edits: [
      {
        file: "requests/routing.ts",
        find: "  peer.requests.hops.delete(request);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 1,
  },
  {
    name: "acknowledge a hop without a time",
    breaks: "a hop is acknowledged when something else happens, or never",
    edits: [
      {
        file: "answering.ts",
        find: '  peer.deadlines.setEarlier("acks", 0, peer.now + ACK_DELAY_MS);\n',
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 2,
  },
  {
    name: "gather word without a time",
    breaks: "replicas are told of copies when there happen to be many",
    edits: [
      {
        file: "replication/confirming.ts",
        find: '    peer.deadlines.setEarlier("batched", 0, peer.now + BATCH_SPACING_MS);\n',
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 2,
  },
  {
    name: "keep copies waiting in line",
    breaks: "a copy that waited for its turn is fetched when it comes once more",
    edits: [
      {
        file: "peer.ts",
        find: 'if (job.kind !== "deliver") fetchQueued(peer);',
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 4,
  },
  {
    name: "count those who are no replicas any more",
    breaks: "a copy counts that its peer was free to drop",
    edits: [
      {
        file: "replication/repairing.ts",
        find: "if (peer.replication.rescan) forgetConfirmations(peer);",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 6,
  },
  {
    name: "keep a removal that was replaced",
    breaks: "removals that are not held any more are looked after for ever",
    edits: [
      {
        file: "replication/replicating.ts",
        find: "peer.replication.removals.delete(writeKey(write));",
        replace: "peer.replication.unconfirmed.delete(write);",
      },
    ],
    checks: INVARIANT,
    within: 9,
  },
  {
    name: "take in a write and not its counter",
    breaks: "the next version given here may be below one that is held here",
    edits: [
      {
        file: "replication/replicating.ts",
        find: "    witness(peer.replication, record.version.counter);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 2,
  },
  {
    name: "await one that has departed",
    breaks: "owners wait for the word of one that will never give it",
    edits: [
      {
        file: "membership/records.ts",
        find: "  peer.membership.awaited.delete(member.id);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 12,
  },
  {
    name: "keep one that is back among the departed",
    breaks: "a member that lives is pinged as one that may have come back",
    edits: [
      {
        file: "membership/records.ts",
        find: "    peer.membership.departed.delete(member.id);\n",
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 1,
  },
  {
    name: "lock a gap for good",
    breaks: "a joiner that dies on its way in is the last that this peer ever takes in",
    edits: [
      {
        file: "lifecycle/admitting.ts",
        find: '  peer.deadlines.set("lock", 0, peer.now + JOIN_LOCK_MS);\n',
        replace: "",
      },
    ],
    checks: INVARIANT,
    within: 4,
  },
];
