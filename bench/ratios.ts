/** What users are promised, as ratios of one run: machines differ, and one machine from hour to hour. */
import type { FigureName, Figures } from "./figures.ts";
import { IN_FLIGHT, KIB } from "./limits.ts";

/** One ratio and what it is to be. */
export type Ratio = {
  readonly what: string;
  /** NaN where one side of it was not measured. */
  readonly ratio: number;
  readonly aim: Aim;
};

/** It may be as small, or as large, and no smaller or larger. */
export type Aim = { readonly least: number } | { readonly most: number };

type Term = readonly [bench: string, inFlight: number, name: FigureName];

/** One figure over another; both of 1 KiB. */
type Fraction = {
  readonly what: string;
  readonly over: Term;
  readonly under: Term;
  readonly aim: Aim;
};

const RATE = "perSecond";
const MANY = IN_FLIGHT;

/** Beside other systems, where these were there. */
const OTHERS: readonly (readonly [own: string, inFlight: number, other: string, least: number])[] =
  [
    ["get, ring of 3", MANY, "etcd", 3],
    ["put, ring of 3", MANY, "etcd", 1.5],
    ["put, ring of 3", 1, "etcd", 1.5],
    ["get, ring of 8", MANY, "hyperdht", 3],
    ["put, ring of 8", MANY, "hyperdht", 3],
  ];

const FRACTIONS: readonly Fraction[] = [
  {
    what: "get, ring of 3, 32 in flight: rate to that of the Bun.serve echo",
    over: ["get, ring of 3", MANY, RATE],
    under: ["Bun.serve echo", MANY, RATE],
    aim: { least: 0.35 },
  },
  {
    what: "get, ring of 3, alone: time to that of the Bun.serve echo",
    over: ["get, ring of 3", 1, "medianMs"],
    under: ["Bun.serve echo", 1, "medianMs"],
    aim: { most: 4 },
  },
  ...OTHERS.map(([own, inFlight, other, least]): Fraction => {
    const [bench = ""] = own.split(",");
    return {
      what: `${own}, ${inFlight === 1 ? "alone" : `${MANY} in flight`}: rate to that of ${other}`,
      over: [own, inFlight, RATE],
      under: [`${bench}, ${other}`, inFlight, RATE],
      aim: { least },
    };
  }),
  {
    what: "put, ring of 8, 32 in flight: processor time to that in a ring of 3",
    over: ["put, ring of 8", MANY, "cpuMicros"],
    under: ["put, ring of 3", MANY, "cpuMicros"],
    aim: { most: 1.3 },
  },
  {
    what: "request over the peers' TCP, 32 in flight: rate to that of the framed echo",
    over: ["request", MANY, RATE],
    under: ["framed echo", MANY, RATE],
    aim: { least: 0.3 },
  },
];

/** All that can be told of what was measured. */
export function ratiosOf(figures: Figures): Ratio[] {
  const of = ([bench, inFlight, name]: Term): number => figures.median(bench, KIB, inFlight, name);
  return FRACTIONS.map(({ what, over, under, aim }) => ({
    what,
    ratio: of(over) / of(under),
    aim,
  })).filter(({ ratio }) => Number.isFinite(ratio));
}

/** Whether a ratio is as it is to be. */
export function isMet({ ratio, aim }: Ratio): boolean {
  return "least" in aim ? ratio >= aim.least : ratio <= aim.most;
}
