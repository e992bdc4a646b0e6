/** What users are promised, as ratios of one run: machines differ, and one machine from hour to hour. */
import { type FigureName, type Figures, RECEIVED, STORED } from "./figures.ts";
import { IN_FLIGHT, KIB, MIB } from "./limits.ts";
import { median } from "./rates.ts";

/** One ratio, or an amount, and what it is to be. */
export type Ratio = {
  readonly what: string;
  readonly value: number;
  readonly aim: Aim;
};

/** As small, or as large, as it may be. */
export type Aim = { readonly least: number } | { readonly most: number };

/** A figure, or what is made of some, round by round; none where one was not measured. */
export type Reading = (figures: Figures) => readonly number[];

const MANY = IN_FLIGHT;

/** The figure of operations with 1 KiB. */
export function small(bench: string, inFlight: number, name: FigureName = "perSecond"): Reading {
  return (figures) => figures.rounds(bench, KIB, inFlight, name);
}

/** Of a large content, whichever size that was. */
function large(bench: string, name: FigureName): Reading {
  return (figures) => figures.rounds(bench, null, 1, name);
}

/** One reading in parts of another, each beside what was measured in the same round: so the hour does not count. */
export function over(above: Reading, below: Reading): Reading {
  return (figures) => {
    const parts = below(figures);
    return above(figures).flatMap((value, round) => {
      const part = parts[round];
      return part === undefined ? [] : [value / part];
    });
  };
}

function mebibytes(bench: string, name: FigureName): Reading {
  return (figures) => figures.rounds(bench, 0, 0, name).map((bytes) => bytes / MIB);
}

function pings(which: string): Reading {
  return (figures) => figures.rounds(`ping, ${which}`, 0, 1, "medianMs");
}

function startOf(size: number): Reading {
  const ms =
    (bench: string): Reading =>
    (figures) =>
      figures.rounds(bench, 0, 0, "medianMs");
  return over(ms(`p2p ring ${size}`), ms(`${size} bare programs`));
}

const AIMS: readonly (readonly [what: string, value: Reading, aim: Aim])[] = [
  [
    "ring of 3: gets, 32 in flight, to the Bun.serve echo",
    over(small("get, ring of 3", MANY), small("Bun.serve echo", MANY)),
    { least: 0.35 },
  ],
  [
    "ring of 3: time of a get, alone, to the Bun.serve echo",
    over(small("get, ring of 3", 1, "medianMs"), small("Bun.serve echo", 1, "medianMs")),
    { most: 4 },
  ],
  [
    "ring of 3: gets, 32 in flight, to etcd",
    over(small("get, ring of 3", MANY), small("get, etcd", MANY)),
    { least: 3 },
  ],
  [
    "ring of 3: puts, 32 in flight, to etcd",
    over(small("put, ring of 3", MANY), small("put, etcd", MANY)),
    { least: 1.5 },
  ],
  [
    "ring of 3: puts, alone, to etcd",
    over(small("put, ring of 3", 1), small("put, etcd", 1)),
    { least: 1.5 },
  ],
  [
    "ring of 8: gets, 32 in flight, to hyperdht",
    over(small("get, ring of 8", MANY), small("get, hyperdht", MANY)),
    { least: 3 },
  ],
  [
    "ring of 8: puts, 32 in flight, to hyperdht",
    over(small("put, ring of 8", MANY), small("put, hyperdht", MANY)),
    { least: 3 },
  ],
  [
    "ring of 8: CPU of a put, 32 in flight, to the ring of 3",
    over(small("put, ring of 8", MANY, "cpuMicros"), small("put, ring of 3", MANY, "cpuMicros")),
    { most: 1.3 },
  ],
  [
    "peers' own TCP: requests, 32 in flight, to the framed echo",
    over(small("request", MANY), small("framed echo", MANY)),
    { least: 0.3 },
  ],
  ["ring of 8: PSS of a peer, idle, in MiB", mebibytes("memory idle", "pssBytes"), { most: 10 }],
  ["ring of 8: private, idle, in MiB", mebibytes("memory idle", "privateBytes"), { most: 6 }],
  ["ring of 8: PSS, loaded, in MiB", mebibytes("memory loaded", "pssBytes"), { most: 30 }],
  [
    "ring of 8: PSS, left alone again, in MiB",
    mebibytes("memory left alone", "pssBytes"),
    { most: 20 },
  ],
  [
    "large store, three durable copies: speed to the raw copy to three",
    over(large(STORED, "mibPerSecond"), large(RECEIVED, "mibPerSecond")),
    { least: 0.7 },
  ],
  [
    "large store, three durable copies: CPU to the raw copy to three",
    over(large(STORED, "cpuMicros"), large(RECEIVED, "cpuMicros")),
    { most: 1.6 },
  ],
  [
    "large request, two others hold it: speed to the raw copy",
    over(large("peer to peer", "mibPerSecond"), large("raw copy", "mibPerSecond")),
    { least: 0.75 },
  ],
  [
    "encrypted to open ring: gets of 1 KiB from another peer, 32 in flight",
    over(small("get, encrypted ring", MANY), small("get, open ring", MANY)),
    { least: 0.7 },
  ],
  [
    "encrypted to open ring: large request",
    over(
      large("peer to peer, encrypted ring", "mibPerSecond"),
      large("peer to peer, open ring", "mibPerSecond"),
    ),
    { least: 0.6 },
  ],
  [
    "sealed to open datagrams: median of a ping's round trip",
    over(pings("sealed"), pings("open")),
    { most: 2 },
  ],
  ["p2p ring 8: time to that of 8 bare programs", startOf(8), { most: 6 }],
  ["p2p ring 64: time to that of 64 bare programs", startOf(64), { most: 12 }],
];

/** All that can be told of what was measured. */
export function ratiosOf(figures: Figures): Ratio[] {
  return AIMS.map(([what, reading, aim]) => ({
    what,
    value: median(reading(figures)),
    aim,
  })).filter(({ value }) => Number.isFinite(value));
}

/** Whether a ratio is as it is to be. */
export function isMet({ value, aim }: Ratio): boolean {
  return "least" in aim ? value >= aim.least : value <= aim.most;
}
