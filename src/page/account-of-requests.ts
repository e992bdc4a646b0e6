/** How requests walk and what becomes of files, as accounts. Pure. */

import { type Of, step, type Told } from "./account-form.ts";
import { peersInWords, timeInWords } from "./explain.ts";
import type { RingState } from "./ring-state.ts";

export function ofTranscript(by: number, text: string): Told | null {
  const join = /^Peer (\d+) Join request (forwarded to my successor|received)$/.exec(text);
  if (join !== null) return ofJoinHop(by, Number(join[1]), join[2] === "received");
  if (text === "Successor Change request received") {
    return {
      kind: "hop",
      text: "is told of a new second successor",
      points: null,
      meaning: `The peer after peer ${by} lets a joiner in, and says so to peer ${by} first. ${step("Its second successor is another from now on, and it acknowledges before the joiner is answered", "successor-change-14")}`,
    };
  }
  const passed = /^(\w+) (.+) request forwarded to my successor$/.exec(text);
  const asked = /^File request for (.+) has been sent to my successor$/.exec(text);
  const notHere = /^Request for File (.+) has been received, but the file is not stored here$/.exec(
    text,
  );
  const what = passed !== null ? `${passed[1]} ${passed[2]}` : (asked ?? notHere)?.[1];
  if (what !== undefined) return ofHop(by, passed === null ? `Request ${what}` : what);
  const taken = /^(\w+) (.+) request accepted$/.exec(text);
  if (taken !== null) {
    return {
      kind: "hop",
      text: `takes ${taken[1]} ${taken[2]}, as owner`,
      points: null,
      meaning: `Peer ${by} is the first member at or after the key of ${taken[2]}, and so its owner. ${step("It gives the write a version and has it copied to the next members", "replicate-19")}`,
    };
  }
  const found = /^File (.+) is stored here$/.exec(text);
  if (found === null) return null;
  return {
    kind: "hop",
    text: `has ${found[1]}, and sends it`,
    points: null,
    meaning: `Peer ${by} has a copy of ${found[1]}, and gives it to whoever asked first. ${step("Its word rests on what a quorum of the replicas has just told it", "inquire-16")}`,
  };
}

function ofHop(by: number, what: string): Told {
  return {
    kind: "hop",
    text: `passes on ${what}`,
    points: null,
    meaning: `The request "${what}" is at peer ${by}, which does not own the key, and sends it on to its first successor. ${step("Each hop is acknowledged, and one that is not is routed around", "routed-9")}`,
  };
}

function ofJoinHop(by: number, joiner: number, isPlace: boolean): Told {
  return {
    kind: "hop",
    text: isPlace ? `lets ${joiner} in behind itself` : `passes on Join ${joiner}`,
    points: null,
    meaning: isPlace
      ? `The id ${joiner} lies between peer ${by} and its first successor, so peer ${by} lets the joiner in. ${step("It tells its own predecessor first, and only then answers the joiner", "join-answer-12")}`
      : `The request of peer ${joiner} to join is at peer ${by}, which is not the one before its place. ${step("It is routed on like a request for a file, until it reaches the predecessor of the new id", "routed-9")}`,
  };
}

export function ofTransfer(by: number, event: Of<"transfer">, before: RingState): Told | null {
  const { file, from, to, ms, outcome } = event;
  if (to !== by) return null;
  const points = [from, to] as const;
  if (outcome !== "ok") {
    return {
      kind: "copy",
      text: `could not get ${file} from ${from}`,
      points,
      meaning: `The content of ${file} did not come whole from peer ${from} to peer ${by}. ${step("It is asked for again, from whoever else has it", "fetch-23")}`,
    };
  }
  const reads = before.peers.get(by)?.reading.includes(file) === true;
  return {
    kind: "copy",
    text: `has ${file} from ${from} (${timeInWords(ms)})`,
    points,
    meaning: reads
      ? `Peer ${by} asked for ${file}, and peer ${from} has sent it. ${step("The content went straight to whoever had asked, over a connection of its own or with the answer", "fetch-23")}`
      : `Peer ${by} holds a copy of ${file} from now on, on its disk, which peer ${from} has sent it. ${step("It is one of the members that should have one, and the copy counts once it is confirmed as durable", "replicate-19")}`,
  };
}

export function ofDropped(by: number, file: string): Told {
  return {
    kind: "copy",
    text: `drops its copy of ${file}`,
    points: null,
    meaning: `Peer ${by} had a copy of ${file} that belongs to others now, and removed it. ${step("All of those have confirmed theirs, and the ring has been still for ten seconds", "replicated-20")}`,
  };
}

export function ofOutcome(by: number, outcome: Of<"outcome">["outcome"]): Told | null {
  const end = { kind: "end", points: null } as const;
  switch (outcome.kind) {
    case "stored": {
      const { record, replicas } = outcome;
      const what = record.removed ? "removed" : "stored";
      return {
        ...end,
        text: `hears: ${record.name} ${what}, at ${replicas.join(", ")}`,
        meaning: `Peer ${by} has the owner's acknowledgement: ${record.name} is ${what} durably by ${peersInWords(replicas)}. ${step("It is given when all replicas have confirmed, or a short while after a majority has", "answer-11")}`,
      };
    }
    case "received":
      return {
        ...end,
        text: `has its file, from ${outcome.from}`,
        meaning: `The file that peer ${by} asked for is in its working folder, whole. ${step("Its hash was compared with the one in the answer", "answer-11")}`,
      };
    case "missing":
      return {
        ...end,
        text: "hears: nobody here has that file",
        meaning: `The owner, peer ${outcome.owner}, knows of no copy. ${step("It may say so only when a quorum of the replicas has told it the same", "inquired-17")}`,
      };
    case "failed":
      return {
        ...end,
        text: outcome.maybe ? "hears: not confirmed" : "hears: refused",
        meaning: `What peer ${by} asked for did not succeed. ${step("It was told why, in the line that it printed", "answer-11")}`,
      };
    default:
      return null;
  }
}
