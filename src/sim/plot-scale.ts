/** The axes of a plot: where a value lies between two ends, and which values are marked. */
import type { FigureScale } from "./figure-kind.ts";

export type Axis = {
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** A value's place on the axis, in [0, 1]. */
  readonly place: (value: number) => number;
};

/** More marks than these crowd an axis. */
const MOST_TICKS = 10;

/** An axis on which all values fit. On a linear one zero is shown; on a log2 one, what is not above it lies at its low end. */
export function makeAxis(scale: FigureScale, values: readonly number[]): Axis {
  return scale === "log2" ? log2Axis(values) : linearAxis(values);
}

function log2Axis(values: readonly number[]): Axis {
  const above = values.filter((v) => v > 0);
  const low = above.length === 0 ? 0 : Math.floor(Math.log2(Math.min(...above)) + 1e-9);
  const high = above.length === 0 ? 0 : Math.ceil(Math.log2(Math.max(...above)) - 1e-9);
  const first = low;
  const last = Math.max(high, low + 1);
  const stride = Math.ceil((last - first + 1) / MOST_TICKS);
  const ticks = [];
  for (let power = first; power <= last; power += stride) {
    const value = 2 ** power;
    ticks.push({ value, label: labelOf(value) });
  }
  const place = (value: number) => (value <= 0 ? 0 : (Math.log2(value) - first) / (last - first));
  return { ticks, place };
}

function linearAxis(values: readonly number[]): Axis {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const step = roundStep((high - low || 1) / (MOST_TICKS / 2));
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  const ticks = [];
  for (let i = first; i <= last; i++) ticks.push({ value: i * step, label: labelOf(i * step) });
  return { ticks, place: (value) => (value / step - first) / (last - first) };
}

/** The least of 1, 2 or 5 times a power of ten that is no less than this. */
function roundStep(least: number): number {
  let power = 1;
  while (power > least) power /= 10;
  while (power * 10 <= least) power *= 10;
  for (const times of [1, 2, 5]) if (times * power >= least) return times * power;
  return 10 * power;
}

/** A number as a person reads it: no more than three digits behind the point, thousands apart. */
function labelOf(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const [whole = "", fraction] = String(value >= 1 ? Number(value.toFixed(3)) : rounded).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
