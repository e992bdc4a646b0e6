/**
 * What the assignment's rubric gives marks for (COMP3331/9331, Term 1, 2020): 90 of 100, the other ten being
 * for style. Each criterion names the lines that have to be printed, and by whom. Pure.
 */

/** The assignment's network, in ascending order. */
export const NETWORK: readonly number[] = [2, 4, 5, 8, 9, 14, 19];

export const CRITERIA = ["ping", "quit", "store", "join", "kill", "request"] as const;
export type CriterionName = (typeof CRITERIA)[number];

/** One thing that is seen or not: a line of a peer, or what it did. */
export type Item = {
  readonly peer: number;
  /** The line, or what was to happen, in words. */
  readonly what: string;
  readonly kind: "line" | "deed";
  readonly marks: number;
};

export type Criterion = {
  readonly name: CriterionName;
  readonly title: string;
  /** What is done, for sentences such as "within 20 s of ...". */
  readonly action: string;
  /** Where a student can read how it should go. */
  readonly read: string;
  readonly items: readonly Item[];
};

/** What is in which criterion a deed rather than a line. */
export const ENDS_WELL = "ends with exit code 0";
export const SAME_FILE = "writes received_4103.pdf, the same bytes as 4103.pdf";

type Line = readonly [peer: number, text: string];

export const RUBRIC: Readonly<Record<CriterionName, Criterion>> = {
  ping: {
    name: "ping",
    title: "pings",
    action: "the start",
    read: "docs/MARKING.md",
    items: [...lines(16.5, NETWORK.flatMap(pinged)), ...lines(7.5, NETWORK.flatMap(answered))],
  },
  quit: {
    name: "quit",
    title: "graceful departure",
    action: "Quit at peer 9",
    read: "test/transcripts/assignment-quit.txt",
    items: [
      ...lines(16, [
        [8, "Peer 9 will depart from the network"],
        ...newPair(8, 14, 19),
        [5, "Peer 9 will depart from the network"],
        ...newPair(5, 8, 14),
      ]),
      { peer: 9, what: ENDS_WELL, kind: "deed", marks: 1 },
    ],
  },
  store: {
    name: "store",
    title: "insertion",
    action: "Store 2067 at peer 8",
    read: "test/transcripts/assignment-store.txt",
    items: lines(11, [
      [8, "Store 2067 request forwarded to my successor"],
      [14, "Store 2067 request forwarded to my successor"],
      [19, "Store 2067 request accepted"],
    ]),
  },
  join: {
    name: "join",
    title: "joining",
    action: "the start of peer 15, which knows peer 4",
    read: "test/transcripts/assignment-join.txt",
    items: lines(14, [
      ...[4, 5, 8, 9].map((peer): Line => [peer, "Peer 15 Join request forwarded to my successor"]),
      [14, "Peer 15 Join request received"],
      ...newPair(14, 15, 19),
      [9, "Successor Change request received"],
      ...newPair(9, 14, 15),
      [15, "Join request has been accepted"],
      [15, "My first successor is Peer 19"],
      [15, "My second successor is Peer 2"],
    ]),
  },
  kill: {
    name: "kill",
    title: "abrupt departure",
    action: "Ctrl-C at peer 14",
    read: "test/transcripts/assignment-kill.txt",
    items: lines(12, [
      [9, "Peer 14 is no longer alive"],
      ...newPair(9, 19, 2),
      [8, "Peer 14 is no longer alive"],
      ...newPair(8, 9, 19),
    ]),
  },
  request: {
    name: "request",
    title: "retrieval",
    action: "Request 4103 at peer 2",
    read: "test/transcripts/assignment-request.txt",
    items: [
      ...lines(10, [
        [2, "File request for 4103 has been sent to my successor"],
        ...[4, 5].map((peer): Line => [peer, passedOn("4103")]),
        [8, "File 4103 is stored here"],
        [8, "Sending file 4103 to Peer 2"],
        [8, "The file has been sent"],
        [2, "Peer 8 had File 4103"],
        [2, "Receiving File 4103 from Peer 8"],
        [2, "File 4103 received"],
      ]),
      { peer: 2, what: SAME_FILE, kind: "deed", marks: 2 },
    ],
  },
};

/** The marks of a criterion, or of all of them. */
export function marksOf(items: readonly Pick<Item, "marks">[]): number {
  return items.reduce((sum, { marks }) => sum + marks, 0);
}

/** All that can be had: 90. */
export const TOTAL = Math.round(marksOf(CRITERIA.flatMap((name) => RUBRIC[name].items)));

/** Whose pings a peer answers, and whose it sends: so many places further round the network. */
export function neighbour(id: number, places: number): number {
  const at = NETWORK.indexOf(id) + places + NETWORK.length;
  return NETWORK[at % NETWORK.length] ?? id;
}

/** The marks shared out evenly. */
function lines(marks: number, said: readonly Line[]): Item[] {
  return said.map(([peer, what]) => ({ peer, what, kind: "line", marks: marks / said.length }));
}

function pinged(id: number): Line[] {
  const [first, second] = [neighbour(id, 1), neighbour(id, 2)];
  const from = [-1, -2].map((places) => neighbour(id, places));
  return [
    [id, `Ping requests sent to Peers ${first} and ${second}`],
    ...from.map((peer): Line => [id, `Ping request message received from Peer ${peer}`]),
  ];
}

function answered(id: number): Line[] {
  return [1, 2].map((places) => [id, `Ping response received from Peer ${neighbour(id, places)}`]);
}

function newPair(peer: number, first: number, second: number): Line[] {
  return [
    [peer, `My new first successor is Peer ${first}`],
    [peer, `My new second successor is Peer ${second}`],
  ];
}

function passedOn(file: string): string {
  return `Request for File ${file} has been received, but the file is not stored here`;
}
