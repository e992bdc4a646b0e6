/** Faults and checks in plain words, for whoever has not read our documents. Pure. */
import type { PageFault } from "./page-run.ts";

/** What it means that a check does not hold. */
export function explainBroken(check: string): string {
  const limit = /^max-(\w+)$/.exec(check)?.[1];
  if (limit !== undefined) return `A fault took longer to ${limit} than this run allows.`;
  return BROKEN[check] ?? "Something that must hold of a ring did not.";
}

const BROKEN: Readonly<Record<string, string>> = {
  R1: "A peer names the wrong peers as its successors: what is sent around the ring goes astray there.",
  R2: "A peer names the wrong peers as its predecessors: it would watch, and be watched by, the wrong ones.",
  R3: "A peer's first successor is not there: the ring ends at that place.",
  R4: "The peers are not one ring: somebody who runs cannot be reached from the others, or does not answer.",
  R5: "Going round the ring, one passes zero more than once, or not at all: it winds, or is in pieces.",
  R6: "A peer believes in one that is gone, or does not know of one that runs.",
  R7: "Two peers have one id, and each believes that the same files are its own.",
  R8: "Peers do not agree on who is responsible for a name.",
  D1: "A file that the ring had acknowledged could not be read back, whole and as it was stored.",
  D2: "A file has fewer copies than it should: the next loss of a disk may take it.",
  D3: "A client was given a content that no client had stored under that name.",
  D5: "Too little happened to say anything: a test that breaks nothing, or reads nothing, proves nothing.",
  D6: "Clients were told things that cannot all be true, in whatever order the operations took effect: an old content after a newer one was acknowledged, or a store that is forgotten.",
  D7: "An operation took effect twice, or after its client had been told that it would not.",
};

/** What a fault did: "peer 9 was killed". */
export function explainFault({ kind, peers, others, amount }: PageFault): string {
  const who = peersInWords(peers);
  const are = peers.length === 1 ? "was" : "were";
  const rest = peersInWords(others);
  const share = amount === null ? "" : `${Math.round(amount * 100)}% of `;
  switch (kind) {
    case "kill":
      return `${who} ${are} killed`;
    case "freeze":
      return `${who} ${are} frozen: there, and silent`;
    case "restart":
      return `${who} ${are} started anew`;
    case "quit":
      return `${who} left in good order`;
    case "join":
      return `${who} joined`;
    case "partition":
      return `${who} (a) and ${rest} (b) could not reach each other`;
    case "one-way":
      return `nothing came from ${who} (a) to ${rest} (b)`;
    case "loss":
      return `${share}what ${who} sent was lost`;
    case "delay":
      return `what ${who} sent came ${amount ?? "some"} ms late`;
    case "duplicate":
      return `${share}what ${who} sent came twice`;
    case "reorder":
      return `${share}what ${who} sent came in another order`;
    case "reset":
      return `the connections of ${who} were reset`;
    case "full-disk":
      return `the disk of ${who} was full`;
    case "bit-flip":
      return `a bit flipped on the disk of ${who}`;
    case "lose-disk":
      return `${who} lost the disk, and came back with an empty one`;
    default:
      return `${kind} at ${who}`;
  }
}

/** "peer 9", "peers 2, 4 and 5". */
export function peersInWords(ids: readonly number[]): string {
  if (ids.length === 0) return "nobody";
  if (ids.length === 1) return `peer ${ids[0]}`;
  return `peers ${ids.slice(0, -1).join(", ")} and ${ids.at(-1)}`;
}

/** Milliseconds as a person reads them: "4.3 ms", "1.25 s", "2 min 5 s"; a dash for none. */
export function timeInWords(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 999.5) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < 59_995) return `${Number((ms / 1000).toFixed(2))} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = `${Math.floor(seconds / 60)} min`;
  return seconds % 60 === 0 ? minutes : `${minutes} ${seconds % 60} s`;
}

/** A moment of the run to the millisecond: "12.345 s", from a minute on "30:05.250". */
export function clockAt(ms: number): string {
  const seconds = (ms / 1000).toFixed(3);
  if (ms < 60_000) return `${seconds} s`;
  const minutes = Math.floor(Number(seconds) / 60);
  return `${minutes}:${(Number(seconds) - 60 * minutes).toFixed(3).padStart(6, "0")}`;
}
