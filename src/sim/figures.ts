/** The figures of the README and the docs, measured on simulated rings, each beside its theory. */
import { bytesFigure } from "./figure-bytes.ts";
import { healFigure } from "./figure-heal.ts";
import { hopsFigure } from "./figure-hops.ts";
import type { Figure, FigureProgress } from "./figure-kind.ts";

export type FigureOptions = {
  readonly seed: number;
  /** Smaller rings and fewer measurements: seconds instead of minutes. */
  readonly quick: boolean;
  readonly progress?: FigureProgress;
};

/** Measures all figures. The same seed gives the same figures. */
export function drawFigures({ seed, quick, progress = () => {} }: FigureOptions): Figure[] {
  return [
    hopsFigure(seed, quick, progress),
    bytesFigure(seed, quick, progress),
    healFigure(seed, quick, progress),
  ];
}
