/**
 * Faults to plant whose harm heals once all other faults are over, or hides behind them: one thing alone has
 * to befall a calm ring, whose peers then are slow to answer, or hold each other for dead.
 */
import type { Fault } from "./fault.ts";

export const ALONE_FAULTS: readonly Fault[] = [
  {
    name: "answer by datagram what a stream asked",
    breaks: "a peer that no datagram reaches holds all others for dead",
    edits: [
      {
        file: "membership/rounds.ts",
        find: 'send(peer, from.address, channel, { tag: "pong",',
        replace: 'send(peer, from.address, "datagram", { tag: "pong",',
      },
    ],
    checks: ["R11", "D9"],
    within: 13,
    drawing: "alone",
  },
  {
    name: "keep links to the dead",
    breaks: "after a long cut the way back takes as long as the kernels wait",
    edits: [
      {
        file: "membership/records.ts",
        find: 'peer.effects.push({ type: "sever", address: old.address });',
        replace: "",
      },
    ],
    checks: ["D9"],
    within: 5,
    drawing: "alone",
  },
  {
    name: "keep links from a former address",
    breaks: "one that moved gives its answers to streams that nobody acknowledges",
    edits: [
      {
        file: "membership/records.ts",
        find: 'if (address !== former) peer.effects.push({ type: "sever-dialled" });',
        replace: "",
      },
    ],
    checks: ["D9"],
    within: 19,
    drawing: "alone",
  },
  {
    name: "try a new member after its former self",
    breaks: "one that starts again elsewhere waits for the verdict on where it was",
    edits: [
      {
        file: "membership/records.ts",
        find: 'return reason === "unverified" || reason === "stranger" ? 2 ** DRAWN_BITS + id : id;',
        replace: "return id;",
      },
      {
        file: "membership/probing.ts",
        find: "const other = target.instance !== tried.instance || target.address !== tried.address;",
        replace: "const other = false;",
      },
    ],
    checks: ["D9"],
    within: 15,
    drawing: "alone",
  },
  {
    name: "ask one that is back with nothing",
    breaks: "an owner denies what only one other has left, on the word of one that lost its folder",
    edits: [
      {
        file: "replication/quorum.ts",
        find: "if (came.formerDiedAt >= since && among(came)) return true;",
        replace: "if (came.formerDiedAt > now && among(came)) return true;",
      },
    ],
    checks: ["D9"],
    within: 8,
    drawing: "alone",
  },
  {
    name: "take one refusal for a death",
    breaks: "a link that breaks ends a living peer for the others",
    edits: [
      {
        file: "model/config.ts",
        find: "export const REFUSALS = 3;",
        replace: "export const REFUSALS = 1;",
      },
      {
        file: "membership/machine.ts",
        find: 'refusal: { to: "refused-once", do: ["look-closer"] },',
        replace: 'refusal: { to: "confirming", do: ["look-closer"] },',
      },
      {
        file: "membership/machine.ts",
        find: '"refusal-and-break": { to: "refused-once", do: ["look-closer"] },',
        replace: '"refusal-and-break": { end: "refused", do: ["look-closer"] },',
      },
    ],
    checks: ["R11"],
    within: 6,
    drawing: "alone",
  },
  {
    name: "found a ring of one anew",
    breaks: "a founder that left and comes back denies what its ring has",
    edits: [
      {
        file: "lifecycle/returning.ts",
        find: 'if (left !== true || start.kind === "join" || start.kind === "formed") return false;',
        replace: "if (left !== undefined) return false;",
      },
      {
        file: "lifecycle/starting.ts",
        find: "  return restored;\n}",
        replace: "  return left === true ? [] : restored;\n}",
      },
    ],
    checks: ["D9", "R1", "R6"],
    within: 24,
    drawing: "alone",
  },
  {
    name: "place the conflict of a long name by what is left of it",
    breaks: "what lost a name on one side of a cut can neither be requested nor removed",
    edits: [
      {
        file: "model/files.ts",
        find: "return cutTo(name, MAX_NAME_BYTES - placed.length) + placed;",
        replace: "return cutTo(name, MAX_NAME_BYTES - suffix.length) + suffix;",
      },
    ],
    checks: ["D9"],
    within: 4,
    drawing: "alone",
  },
];
