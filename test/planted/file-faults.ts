/** Faults to plant in what the protocol does with files: stores, copies, removals, conflicts, damage. */
import type { Fault } from "./fault.ts";

export const FILE_FAULTS: readonly Fault[] = [
  {
    name: "acknowledge before the copies",
    breaks: "an acknowledgement names copies that no disk has",
    edits: [
      {
        file: "replication/verdict.ts",
        find: "const replicas = durableOn.map(({ id }) => id);",
        replace: "const replicas = set.replicas.map(({ id }) => id);",
      },
    ],
    checks: ["D1", "D4"],
    within: 47,
  },
  {
    name: "confirm a copy before it is durable",
    breaks: "an owner counts a copy that is still on its way",
    edits: [
      {
        file: "replication/replicating.ts",
        find: "else takeSent(peer, from, replicate, record, needed, body);",
        replace:
          "else if (held.push(record) > 0) takeSent(peer, from, replicate, record, needed, body);",
      },
    ],
    checks: ["D1", "D4"],
    within: 4,
  },
  {
    name: "reuse a version",
    breaks: "two contents of one name carry the same version",
    edits: [
      {
        file: "replication/writing.ts",
        find: "return highest + 1 + (replication.leap",
        replace: "return highest + (replication.leap",
      },
    ],
    checks: ["D3"],
    within: 2,
  },
  {
    name: "never repair",
    breaks: "the copies of a file are not made good when its replicas change",
    edits: [
      {
        file: "replication/repairing.ts",
        find: "  replicateMissing(peer);",
        replace: "",
      },
      {
        file: "replication/repairing.ts",
        find: "if (peer.replication.files.size > 0) compareAll(peer);",
        replace: "",
      },
    ],
    checks: ["D1", "D2"],
    within: 6,
  },
  {
    name: "forget a removal",
    breaks: "a peer that was away brings back what was removed meanwhile",
    edits: [
      {
        file: "replication/repairing.ts",
        find: "if (!isKnownForgotten(peer, record)) return false;",
        replace: "if (isTooOld(peer, record, TOMBSTONE_DROP_MS / 1_000_000)) return true;",
      },
      {
        file: "model/config.ts",
        find: "export const COMPARE_EVERY_MS = 60_000;",
        replace: "export const COMPARE_EVERY_MS = 10_000;",
      },
    ],
    checks: ["D1", "D2"],
    within: 22,
  },
  {
    name: "accept an old write",
    breaks: "a returning peer's copy takes the place of a newer one",
    edits: [
      {
        file: "model/siblings.ts",
        find: "  const alive = survivors(all);",
        replace: "  const alive = [joined];",
      },
    ],
    checks: ["D1", "D2"],
    within: 9,
  },
  {
    name: "keep no conflict",
    breaks: "of two stores on the two sides of a cut one is lost",
    edits: [
      {
        file: "model/siblings.ts",
        find: "return known && !hasVersion(sibling.spared, version);",
        replace: "return known || compareVersions(sibling.version, version) > 0;",
      },
    ],
    checks: ["D6"],
    within: 2,
    drawing: "hard",
  },
  {
    name: "count a rejected copy as held",
    breaks: "an acknowledgement names peers whose disks were full",
    edits: [
      {
        file: "receiving.ts",
        find: "placeElsewhere(peer, files);",
        replace: "checkAcknowledgements(peer, from, files);",
      },
    ],
    checks: ["D4"],
    within: 4,
  },
  {
    name: "take a failed copy for a good one",
    breaks: "what did not arrive is confirmed, and served",
    edits: [
      {
        file: "peer.ts",
        find: "else if (!result.ok) {",
        replace: 'else if (!result.ok && job.kind === "placement") {',
      },
    ],
    checks: ["D1", "D2", "D4"],
    within: 4,
  },
  {
    name: "drop a spare copy at once",
    breaks: "the last copies may go before the new replicas have theirs",
    edits: [
      {
        file: "replication/repairing.ts",
        find: "if (replicaSetOf(peer, record).every((h) => hasConfirmed(peer, record, h))) drop(",
        replace: "if (replicaSetOf(peer, record).every((h) => h.instance.length > 0)) drop(",
      },
      {
        file: "membership/records.ts",
        find: 'peer.deadlines.set("drop", 0, peer.now + DROP_SETTLE_MS);',
        replace: 'peer.deadlines.set("drop", 0, peer.now);',
      },
    ],
    checks: ["D1", "D2"],
    within: 15,
  },
  {
    name: "trust a digest that differs",
    breaks: "peers that hold different writes take them for the same",
    edits: [
      {
        file: "replication/ranges.ts",
        find: "if (mine.digest === theirs.digest && mine.count === theirs.count) {",
        replace: "if (mine.digest > 0 || mine.count === theirs.count) {",
      },
    ],
    checks: ["D1", "D2", "D6"],
    within: 7,
    drawing: "hard",
  },
  {
    name: "answer without asking",
    breaks: "a new owner denies, or gives an older write of, what it has not got yet",
    edits: [
      {
        file: "replication/tenure.ts",
        find: "return holds && peer.now < tenure.until;",
        replace: "return holds;",
      },
    ],
    checks: ["D1", "D6"],
    within: 27,
    drawing: "hard",
  },
  {
    name: "serve what is damaged",
    breaks: "a copy in which bits have flipped is copied and handed out",
    edits: [
      {
        file: "replication/fetching.ts",
        find: '{ kind: "store", record, sha256: record.sha256, shared };',
        replace: '{ kind: "store", record, sha256: null, shared };',
      },
      {
        file: "requests/outcomes.ts",
        find: "sha256: write?.sha256 ?? null,",
        replace: "sha256: null,",
      },
    ],
    checks: ["D3"],
    within: 14,
  },
  {
    name: "keep a damaged copy in the table",
    breaks: "a copy that was found damaged still counts",
    edits: [
      {
        file: "replication/repairing.ts",
        find: "peer.replication.damaged += 1;",
        replace: "peer.replication.files.take(record);",
      },
    ],
    checks: ["D1", "D2"],
    within: 27,
  },
  {
    name: "leave without handing on",
    breaks: "files go with the peers that leave",
    edits: [
      {
        file: "lifecycle/leaving.ts",
        find: "if (isTaking(peer) || someAreUnconfirmed(peer)) return;\n  const atRisk = underReplicated(peer);",
        replace: "const atRisk: FileRecord[] = [];",
      },
      {
        file: "lifecycle/leaving.ts",
        find: "const atRisk = isCutOff(peer) ? [...peer.replication.files.values()] : underReplicated(peer);",
        replace: "const atRisk: FileRecord[] = [];",
      },
      {
        file: "lifecycle/leaving.ts",
        find: "  replicateMissing(peer);\n  departWhenSafe(peer);",
        replace: "  departWhenSafe(peer);",
      },
    ],
    checks: ["D1", "D2"],
    within: 24,
  },
];
