/**
 * How a ring stands after some lines of its log: who is there and in which condition, whom each takes for its
 * successors, who has a copy of which file, and how far a request has walked. Values that never change: whoever
 * shows a ring may go back in it. Pure.
 */
import type { LoggedEvent } from "../control/types.ts";
import type { MemberState } from "../protocol/model/member.ts";
import type { PeerState } from "./page-run.ts";
import type { RingLine } from "./ring-lines.ts";
import { readingAfter, type Walk, walksAfter } from "./ring-walks.ts";

/** `suspected`: it runs, and some peer has reason to doubt it. */
export type Condition = "joining" | "alive" | "suspected" | "frozen" | "leaving" | "dead" | "left";

export type PeerNow = {
  readonly id: number;
  readonly process: PeerState;
  readonly joined: boolean;
  readonly member: MemberState;
  /** Its successors as it said itself, nearest first. */
  readonly says: readonly number[];
  /** Who has reason to doubt it, and who holds it for dead. */
  readonly doubtedBy: readonly number[];
  readonly deadTo: readonly number[];
  /** Files that it fetches for itself at this moment: no copies of the ring's. */
  readonly reading: readonly string[];
};

/** A file of the ring: its key, and who has a copy, as far as was told. */
export type FileNow = {
  readonly name: string;
  readonly key: number;
  readonly copies: readonly number[];
  /** Whether these are all: of a file of an earlier run only those are known that have come since. */
  readonly isWhole: boolean;
};

export type RingState = {
  /** Epoch milliseconds: of the first line. */
  readonly beganAt: number;
  readonly stands: boolean;
  readonly peers: ReadonlyMap<number, PeerNow>;
  readonly files: ReadonlyMap<string, FileNow>;
  /** The last ones. */
  readonly walks: readonly Walk[];
  /** Copies wanted of each file. */
  readonly wanted: number;
};

/** Files that are drawn: the last ones that were spoken of. */
const MOST_FILES = 64;

export const NO_RING: RingState = {
  beganAt: 0,
  stands: false,
  peers: new Map(),
  files: new Map(),
  walks: [],
  wanted: 0,
};

/** @returns the same value if the line changes nothing that is drawn */
export function afterLine(state: RingState, line: RingLine): RingState {
  switch (line.type) {
    case "ring":
      return { ...state, beganAt: line.at, wanted: line.copies };
    case "stands":
      return { ...state, stands: true };
    case "typed":
      // What comes now has nothing to do with the requests before.
      return { ...state, walks: state.walks.filter(({ isOver }) => !isOver) };
    case "process":
      return afterProcess(state, line.peer, line.state);
    case "view":
      return afterView(state, line.peer, line.successors);
    case "event":
      return afterEvent(state, line.peer, line.event);
    default:
      return state;
  }
}

/** In which condition a peer is, by what its process does and what others hold it for. */
export function conditionOf({ process, joined, member, doubtedBy, deadTo }: PeerNow): Condition {
  if (member === "left") return "left";
  if (process === "down") return "dead";
  if (!joined) return "joining";
  if (member === "leaving") return "leaving";
  if (doubtedBy.length > 0 || deadTo.length > 0) return "suspected";
  return process === "frozen" ? "frozen" : "alive";
}

/** One that has successors is in the ring, though that may not have been heard. */
function afterView(state: RingState, id: number, says: readonly number[]): RingState {
  const joined = says.length > 0 || state.peers.get(id)?.joined === true;
  return withPeer(state, id, { says, joined });
}

function afterProcess(
  state: RingState,
  id: number,
  process: Extract<RingLine, { type: "process" }>["state"],
): RingState {
  const anew = { doubtedBy: [], deadTo: [], reading: [] };
  switch (process) {
    case "started":
      return withPeer(state, id, {
        ...{ process: "running", joined: false, member: "alive", says: [] },
        ...anew,
      });
    case "frozen":
      return withPeer(state, id, { process: "frozen" });
    case "thawed":
      return withPeer(state, id, { process: "running" });
    case "killed":
    case "ended":
      return withPeer(forgetWord(state, id), id, { process: "down", says: [], reading: [] });
  }
}

/** What one that is gone thinks of others is of no interest. */
function forgetWord(state: RingState, by: number): RingState {
  const peers = new Map(state.peers);
  for (const peer of peers.values()) {
    const { id, doubtedBy, deadTo } = peer;
    if (!doubtedBy.includes(by) && !deadTo.includes(by)) continue;
    peers.set(id, { ...peer, doubtedBy: without(doubtedBy, by), deadTo: without(deadTo, by) });
  }
  return { ...state, peers };
}

function afterEvent(state: RingState, by: number, event: LoggedEvent): RingState {
  switch (event.event) {
    case "joined":
      return withPeer(state, by, { joined: true });
    case "successors":
      return withPeer(state, by, { says: event.successors });
    case "probe": {
      const doubtedBy = state.peers.get(event.id)?.doubtedBy ?? [];
      const others = without(doubtedBy, by);
      return withPeer(state, event.id, {
        doubtedBy: event.doubt === "answered" ? others : [...others, by],
      });
    }
    case "member":
      return event.id === by ? state : afterMember(state, by, event.id, event.state);
    case "line":
      return afterTranscript(state, by, event.text);
    case "transfer":
      return afterTransfer(state, by, event);
    case "dropped":
      return withCopies(state, event.file, (copies) => without(copies, by));
    case "outcome":
      return afterOutcome(state, event.outcome);
    default:
      return state;
  }
}

function afterMember(state: RingState, by: number, id: number, member: MemberState): RingState {
  const peer = state.peers.get(id);
  if (peer === undefined) return state;
  const doubtedBy = without(peer.doubtedBy, by);
  const deadTo = without(peer.deadTo, by);
  switch (member) {
    case "dead":
      return withPeer(state, id, { doubtedBy, deadTo: [...deadTo, by] });
    case "alive":
      // At the start everybody hears of everybody.
      if (doubtedBy === peer.doubtedBy && deadTo === peer.deadTo) return state;
      return withPeer(state, id, { doubtedBy, deadTo });
    case "leaving":
    case "left":
      return withPeer(state, id, { doubtedBy, deadTo, member });
  }
}

/** What peers print tells where requests are, and which files they read. */
function afterTranscript(state: RingState, by: number, text: string): RingState {
  const walks = walksAfter(state.walks, by, text);
  if (walks !== state.walks) return { ...state, walks };
  const peer = state.peers.get(by);
  if (peer === undefined) return state;
  const reading = readingAfter(peer.reading, text);
  return reading === peer.reading ? state : withPeer(state, by, { reading });
}

/** A copy has come, unless whoever got it wanted to read it. */
function afterTransfer(
  state: RingState,
  by: number,
  { file, to, outcome }: Extract<LoggedEvent, { event: "transfer" }>,
): RingState {
  if (to !== by || outcome !== "ok") return state;
  if (state.peers.get(by)?.reading.includes(file) === true) return state;
  return withCopies(state, file, (copies) => [...without(copies, by), by]);
}

function afterOutcome(
  state: RingState,
  outcome: Extract<LoggedEvent, { event: "outcome" }>["outcome"],
): RingState {
  switch (outcome.kind) {
    case "stored": {
      const { record, replicas } = outcome;
      if (record.removed) return withoutFile(state, record.name);
      return withCopies(state, record.name, () => replicas, record.key, true);
    }
    case "where": {
      const { record, replicas } = outcome;
      if (record === null || record.removed) return state;
      return withCopies(state, record.name, () => replicas, record.key, true);
    }
    default:
      return state;
  }
}

function withoutFile(state: RingState, name: string): RingState {
  const files = new Map(state.files);
  files.delete(name);
  return { ...state, files };
}

function withCopies(
  state: RingState,
  name: string,
  change: (copies: readonly number[]) => readonly number[],
  key: number = keyOf(name),
  isWhole = state.files.get(name)?.isWhole === true,
): RingState {
  const former = state.files.get(name);
  const copies = change(former?.copies ?? []);
  if (former === undefined && copies.length === 0) return state;
  const files = new Map(state.files);
  files.set(name, { name, key: former?.key ?? key, copies, isWhole });
  const [first] = files.keys();
  if (files.size > MOST_FILES && first !== undefined) files.delete(first);
  return { ...state, files };
}

/** Of four digits, in a numbered ring: the number modulo 256. */
function keyOf(name: string): number {
  return Number.parseInt(name.slice(0, 4), 10) % 256 || 0;
}

function withPeer(state: RingState, id: number, change: Partial<PeerNow>): RingState {
  const peers = new Map(state.peers);
  peers.set(id, { ...(state.peers.get(id) ?? newPeer(id)), ...change });
  return { ...state, peers };
}

function newPeer(id: number): PeerNow {
  return {
    ...{ id, process: "running", joined: false, member: "alive", says: [] },
    ...{ doubtedBy: [], deadTo: [], reading: [] },
  };
}

/** @returns the same list where it has no such entry */
function without<T>(list: readonly T[], entry: T): readonly T[] {
  return list.includes(entry) ? list.filter((each) => each !== entry) : list;
}
