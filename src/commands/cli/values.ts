import { displayList } from "../../terminal/display.ts";
import { didYouMean, quote } from "../../terminal/words.ts";
import { UsageError } from "./errors.ts";

/** Values from the command line. `what` is the argument's name, as the sentence will call it. */

/** The greatest id in a numbered ring (8 bits). */
export const MAX_NUMBERED_ID = 255;
/** The greatest position in any ring (48 bits). */
export const MAX_POSITION = 2 ** 48 - 1;
/** The longest ping interval, in seconds. */
const MAX_INTERVAL_S = 3600;
/** A week: the longest that a ring or a run of chaos may be told to last, in seconds. */
const MAX_DURATION_S = 604_800;
/** How many keys one `--lookup` may name. */
const MAX_KEYS = 256;

/** A whole number from `min` to `max`, written in digits alone. */
export function parseWhole(what: string, text: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${what} must be a whole number from ${min} to ${max}, not ${quote(text)}`);
}

/** The id of a peer in a numbered ring: 0 to 255. */
export function parseId(what: string, text: string): number {
  return parseWhole(what, text, 0, MAX_NUMBERED_ID);
}

/** A ping interval, given in seconds (above 0, at most 3600, decimals allowed) or as in 500ms, in milliseconds. */
export function parseIntervalMs(what: string, text: string): number {
  return parseSecondsMs(what, text, MAX_INTERVAL_S);
}

/** A duration, given in seconds (above 0, at most a week, decimals allowed) or as in 60s, 10m, 1h, in milliseconds. */
export function parseDurationMs(what: string, text: string): number {
  return parseSecondsMs(what, text, MAX_DURATION_S);
}

function parseSecondsMs(what: string, text: string, max: number): number {
  const parts = /^(\d{1,7}(?:\.\d{1,9})?|\.\d{1,9})(ms|s|m|h)?$/.exec(text);
  const unit = { ms: 0.001, s: 1, m: 60, h: 3_600 }[parts?.[2] ?? "s"];
  const seconds = Number(parts?.[1] ?? Number.NaN) * (unit ?? Number.NaN);
  if (seconds > 0 && seconds <= max) return Math.max(1, Math.round(seconds * 1000));
  throw new UsageError(
    `${what} must be a number of seconds above 0 and at most ${max}, not ${quote(text)}`,
  );
}

/** "250ms", "2s", "1.5s", "3m", in milliseconds: above 0, at most an hour. */
export function parseTimeMs(what: string, text: string): number {
  const parts = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000 }[parts?.[2] ?? ""];
  const ms = Number(parts?.[1]) * (unit ?? Number.NaN);
  if (ms > 0 && ms <= 3_600_000) return ms;
  throw new UsageError(`${what} is a time such as 250ms, 2s or 3m, not ${quote(text)}`);
}

/** A second of what happens is then nearly three hours of the screen. */
const MOST_TIMES = 10_000;

/** How many times slower or faster: a number from 1 on. */
export function parseTimes(what: string, text: string): number {
  const times = /^\d{1,5}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (times >= 1 && times <= MOST_TIMES) return times;
  throw new UsageError(
    `${what} must be a number of times from 1 to ${MOST_TIMES}, such as 100, not ${quote(text)}`,
  );
}

/** The slowest rate at which a copy still moves before its sender takes it for stalled. */
const MIN_RATE_BYTES = 1_000_000;

/** Bytes a second, with a decimal unit: "50M", "1.5G", "200000000". At least 1M. */
export function parseRate(what: string, text: string): number {
  const parts = /^(\d{1,15}(?:\.\d{1,9})?)\s?([kMGT]?)B?(?:\/s)?$/i.exec(text);
  const unit = 1000 ** " kmgt".indexOf((parts?.[2] ?? "").toLowerCase() || " ");
  const rate = Math.round(Number(parts?.[1] ?? Number.NaN) * unit);
  if (rate >= MIN_RATE_BYTES && rate <= Number.MAX_SAFE_INTEGER) return rate;
  throw new UsageError(
    `${what} must be a number of bytes a second from 1M on, such as 50M, not ${quote(text)}`,
  );
}

/** A gigabyte: contents are made in memory. */
const MAX_SIZE_BYTES = 1_000_000_000;

/** Bytes, with a decimal unit: "64k", "1.5M", "2000". From 1 to a gigabyte. */
export function parseSize(what: string, text: string): number {
  const parts = /^(\d{1,10}(?:\.\d{1,9})?)\s?([kMG]?)B?$/i.exec(text);
  const unit = 1000 ** " kmg".indexOf((parts?.[2] ?? "").toLowerCase() || " ");
  const size = Math.round(Number(parts?.[1] ?? Number.NaN) * unit);
  if (size >= 1 && size <= MAX_SIZE_BYTES) return size;
  throw new UsageError(
    `${what} must be a number of bytes from 1 to 1G, such as 64k or 1M, not ${quote(text)}`,
  );
}

/** More copies than this protect from nothing more, and cost each store as much again. */
const MAX_COPIES = 16;

/** How many copies a ring keeps of each file: 1 to 16. */
export function parseCopies(what: string, text: string): number {
  return parseWhole(what, text, 1, MAX_COPIES);
}

/** A port to listen on: 1 to 65535. */
export function parsePort(what: string, text: string): number {
  return parseWhole(what, text, 1, 65_535);
}

/** The port of peer 0: above the system's own, and with room for peer 255. */
export function parseBasePort(what: string, text: string): number {
  return parseWhole(what, text, 1024, 65_535 - MAX_NUMBERED_ID);
}

/** One of a few words. */
export function parseWord<W extends string>(what: string, text: string, words: readonly W[]): W {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `${what} must be ${displayList(words, "disjunction")}, not ${quote(text)}${didYouMean(text, words)}`,
  );
}

/** Ids of a numbered ring with commas between, no id twice, in ascending order. */
export function parseIds(what: string, text: string): number[] {
  const ids = text.split(",").map((part) => parseId(`An id in ${what}`, part.trim()));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new UsageError(`${what} names ${twice} twice`);
  return ids.sort((a, b) => a - b);
}

/** Keys to look up, with commas between: positions in a ring of up to 48 bits. */
export function parseKeys(what: string, text: string): number[] {
  const parts = text.split(",");
  if (parts.length > MAX_KEYS) {
    throw new UsageError(`${what} takes at most ${MAX_KEYS} keys, not ${parts.length}`);
  }
  return parts.map((part) => parseWhole(`A key in ${what}`, part.trim(), 0, MAX_POSITION));
}

/** Applies a parser to a value that may not have been given. */
export function optional<T>(
  parse: (what: string, text: string) => T,
  what: string,
  text: string | undefined,
): T | null {
  return text === undefined ? null : parse(what, text);
}
