/**
 * Faults to plant in what makes stores and requests of one name look as if they came one after the
 * other, each once. Only busy clients whose messages are late, lost or sent again meet them.
 */
import type { Fault } from "./fault.ts";

export const HISTORY_FAULTS: readonly Fault[] = [
  {
    name: "take one word for a quorum",
    breaks: "an owner answers by what it has itself, and misses what others acknowledged",
    edits: [
      {
        file: "replication/quorum.ts",
        find: "needed: mayHaveContinued(peer, key) ? members.length + 1 : enough };",
        replace: "needed: Math.min(1, enough) };",
      },
    ],
    checks: ["D1", "D6"],
    within: 44,
    drawing: "hard",
  },
  {
    name: "acknowledge with one copy",
    breaks: "the next owner may know nothing of what an acknowledgement was given for",
    edits: [
      {
        file: "replication/quorum.ts",
        find: "return majorityOf(replicasWanted(peer));",
        replace: "return 1;",
      },
    ],
    checks: ["D1", "D4", "D6"],
    within: 2,
    drawing: "hard",
  },
  {
    name: "execute for one that has given up",
    breaks: "a store that comes late undoes what came since",
    edits: [
      {
        file: "replication/doubting.ts",
        find: "return peer.now <= validUntil && (!own || peer.requests.pending.has(routed.request));",
        replace:
          "return peer.now <= validUntil || !own || peer.requests.pending.has(routed.request);",
      },
    ],
    checks: ["D6", "D7"],
    within: 7,
    drawing: "hard",
  },
  {
    name: "forget what was executed",
    breaks: "an operation that is sent again gets a second version",
    edits: [
      {
        file: "model/siblings.ts",
        find: "const ofIt = siblings.filter((v) => isSameOperation(v.operation, operation));",
        replace: "const ofIt: FileRecord[] = [];",
      },
      {
        file: "model/siblings.ts",
        find: "if (span?.to === number) return",
        replace: "if (span?.to === number && number < 0) return",
      },
      {
        file: "model/siblings.ts",
        find: 'if (span !== undefined) return { kind: "outdated" };',
        replace: "",
      },
      {
        file: "model/siblings.ts",
        find: "(v.operation.origin === origin && v.operation.number > number) ||",
        replace: "",
      },
      {
        file: "model/siblings.ts",
        find: "v.history.some((span) => span.origin === origin && span.to > number),",
        replace: "v.history.length < 0,",
      },
    ],
    checks: ["D6", "D7"],
    within: 22,
    drawing: "hard",
  },
  {
    name: "answer with what may be lost",
    breaks: "a reader sees a write of which the next reader finds nothing",
    edits: [
      {
        file: "replication/serving.ts",
        find: "if (heardToHave(peer, inquiry, record).length < majority(peer)) {",
        replace: "if (heardToHave(peer, inquiry, record).length < 0) {",
      },
      {
        file: "replication/serving.ts",
        find: "return replicasElsewhere(peer, record) + 1 >= majority(peer);",
        replace: "return replicasElsewhere(peer, record) >= 0;",
      },
    ],
    checks: ["D1", "D4", "D6"],
    within: 3,
    drawing: "hard",
  },
  {
    name: "answer strangers",
    breaks: "two that do not count each other build on each other's word",
    edits: [
      {
        file: "membership/strangers.ts",
        find: "if (!isIn(peer) || !isAsking(came.message) || isFamiliar(peer, came)) return false;",
        replace: "if (peer.now >= 0) return false;",
      },
    ],
    checks: ["D6", "D7", "D8"],
    within: 9,
    drawing: "hard",
  },
  {
    name: "count the own copy twice",
    breaks: "an owner that may answer alone hands out what no other disk has",
    edits: [
      {
        file: "replication/serving.ts",
        find: "return replicasElsewhere(peer, record) + 1 >= majority(peer);",
        replace: "return replicasElsewhere(peer, record) + 2 >= majority(peer);",
      },
    ],
    checks: ["D4", "D6"],
    within: 3,
    drawing: "hard",
  },
  {
    name: "break a promise",
    breaks: "two owners at a time answer alone",
    edits: [
      {
        file: "replication/pledging.ts",
        find: "if (until <= peer.now) return false;",
        replace: "if (until <= peer.now || until > 0) return false;",
      },
      {
        file: "replication/pledging.ts",
        find: "!(dirty || ahead || isTaken(peer, from, after, to)) && hasPlaceFor(peer, from.instance);",
        replace: "true;",
      },
    ],
    checks: ["D1", "D6", "D7", "D8"],
    within: 4,
    drawing: "hard",
  },
];
