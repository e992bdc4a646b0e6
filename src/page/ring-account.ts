/**
 * A line of a ring's log as a student reads it: who did what, in a few words; and what that meant, in two sentences
 * with the place where the protocol is described. Pure.
 */
import type { LoggedEvent } from "../control/types.ts";
import { type Account, step, type Told } from "./account-form.ts";
import { ofDoubt, ofJoined, ofMember, ofSuccessors } from "./account-of-members.ts";
import { ofDropped, ofOutcome, ofTranscript, ofTransfer } from "./account-of-requests.ts";
import { timeInWords } from "./explain.ts";
import type { RingLine } from "./ring-lines.ts";
import type { RingState } from "./ring-state.ts";

/**
 * @param before how the ring stood before that line
 * @returns null for a line that is no account: it tells of something that another line tells as well
 */
export function accountOf(line: RingLine, before: RingState): Account | null {
  const { at } = line;
  switch (line.type) {
    case "process": {
      const told = ofProcess(line.peer, line.state, before);
      return told === null ? null : { at, peer: null, ...told };
    }
    case "typed":
      return /^\s*(explain\s*)?$/i.test(line.line)
        ? null
        : { at, peer: null, ...ofTyped(line.line) };
    case "stands":
      return { at, peer: null, ...STANDS };
    case "event": {
      const told = ofEvent(line.peer, line.event, before);
      return told === null ? null : { at, peer: line.peer, ...told };
    }
    default:
      return null;
  }
}

const STANDS: Told = {
  kind: "end",
  text: "the ring stands: every check holds",
  points: null,
  meaning: `Every peer names the right successors and predecessors, and all agree on who owns which key. ${step("The ring is steady, and each peer goes on pinging its two successors", "watching")}`,
};

function ofTyped(line: string): Told {
  const text = `> ${line.trim()}`;
  const meaning = `This was typed at the ring's prompt. ${step("What follows is what the peers make of it, each by itself", "the-wire-byte-by-byte")}`;
  return { kind: "deed", text, points: null, meaning };
}

function ofProcess(
  id: number,
  state: Extract<RingLine, { type: "process" }>["state"],
  before: RingState,
): Told | null {
  const common = { kind: "deed", points: null } as const;
  switch (state) {
    case "started":
      if (!before.stands) return null;
      return {
        ...common,
        text: `the process of peer ${id} starts`,
        meaning: `A process was started that is to become peer ${id}, and no other peer knows of it yet. ${step("It asks the one peer that it knows to be let into the ring", "introduce-7")}`,
      };
    case "killed":
      return {
        ...common,
        text: `peer ${id} is killed`,
        meaning: `The process of peer ${id} got SIGKILL, and could tell nobody. ${step("The kernel closes its sockets, so that whoever has a stream to it sees that break", "watching")}`,
      };
    case "frozen":
      return {
        ...common,
        text: `peer ${id} is frozen`,
        meaning: `The process of peer ${id} got SIGSTOP: its sockets are there, and nobody answers. ${step("From outside that looks like a death, so its neighbours doubt it once their pings have no answer", "ping-1")}`,
      };
    case "thawed":
      return {
        ...common,
        text: `peer ${id} is thawed`,
        meaning: `The process of peer ${id} goes on where it stood. ${step("It finds that it has slept, judges nobody before it has asked again, and answers what waits for it", "pong-2")}`,
      };
    case "ended":
      if (before.peers.get(id)?.process === "down") return null;
      return {
        ...common,
        text: `the process of peer ${id} has ended`,
        meaning: `The process of peer ${id} is no more, by its own doing. ${step("One that leaves in good order has told its neighbours before", "depart-15")}`,
      };
  }
}

function ofEvent(by: number, event: LoggedEvent, before: RingState): Told | null {
  switch (event.event) {
    case "probe":
      return ofDoubt(by, event);
    case "member":
      return event.id === by ? null : ofMember(by, event, before);
    case "successors":
      return ofSuccessors(by, event.successors, before);
    case "joined":
      return ofJoined(by);
    case "line":
      return ofTranscript(by, event.text);
    case "transfer":
      return ofTransfer(by, event, before);
    case "dropped":
      return ofDropped(by, event.file);
    case "outcome":
      return ofOutcome(by, event.outcome);
    case "woke":
      return {
        kind: "doubt",
        text: `has slept, for ${timeInWords(event.ms)} at most`,
        points: null,
        meaning: `Peer ${by} noticed that its own process had stood still. ${step("The silence that it heard was its own, so all its probes begin anew", "ping-1")}`,
      };
    default:
      return null;
  }
}
