/** What all that is measured side by side has in common: values of 1 KiB are put under names, and got. */
import type { Done } from "./client.ts";
import { KIB } from "./limits.ts";
import type { Operation } from "./rates.ts";

/** Puts and gets; each calls `done` once, with what went wrong, or null. What comes is compared byte for byte. */
export type System = {
  /** As the table calls it. */
  readonly name: string;
  /** Its processes. */
  readonly pids: readonly number[];
  /** Operations so far that were asked for again, since they failed at first. */
  readonly retries: number;
  /** Acknowledged as the system does it by itself. */
  readonly put: (number: number, name: string, value: Value, done: Done) => void;
  readonly get: (number: number, name: string, value: Value, done: Done) => void;
  readonly close: () => Promise<void>;
};

export type Value = { readonly bytes: Uint8Array; readonly sha256: string };

/** Values that are not the same, yet known again without keeping one for each name. */
const VALUES: readonly Value[] = Array.from({ length: 256 }, () => {
  const bytes = crypto.getRandomValues(new Uint8Array(KIB));
  return { bytes, sha256: Bun.SHA256.hash(bytes, "hex") };
});

/** The value that goes with a number. */
function valueFor(number: number): Value {
  const value = VALUES[number % VALUES.length];
  if (value === undefined) throw new Error(`no value for ${number}`);
  return value;
}

/** Whether what came is the value. */
export function isValue(came: Uint8Array, value: Value): boolean {
  return Buffer.compare(came, value.bytes) === 0;
}

/** A prime beyond the names of one turn. */
const STRIDE = 1_000_003;

/** Puts the values of numbers under names of a series. */
export function puts(system: System, series: string): Operation {
  return (number, done) => system.put(number, `bench-${series}-${number}`, valueFor(number), done);
}

/** Gets what was put so. @param count how many have been put */
export function gets(system: System, series: string, count: number): Operation {
  return (number, done) => {
    // In another order than they were put, so that the turns of names and peers do not go together.
    const which = (number * STRIDE) % count;
    system.get(number, `bench-${series}-${which}`, valueFor(which), done);
  };
}
