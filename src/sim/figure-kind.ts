/** What a figure is: measured series and, beside them, what theory says of the same. */

export type FigurePoint = { readonly x: number; readonly y: number };

export type FigureSeries = {
  readonly name: string;
  readonly points: readonly FigurePoint[];
  /** Drawn dashed, in the colour of the measured series before it. */
  readonly theory: boolean;
};

export type FigureScale = "linear" | "log2";

export type Figure = {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: FigureScale;
  readonly yScale: FigureScale;
  readonly series: readonly FigureSeries[];
};

/** Called with what is about to be measured. */
export type FigureProgress = (what: string) => void;
