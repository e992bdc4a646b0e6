/**
 * Reads values that others have written: each reader takes what JSON gave and returns it as the type that
 * it stands for, or throws a sentence with the place and what is wrong there. Pure.
 */

/** What is wrong with a value, in words that begin with its place. */
export class Malformed extends Error {}

/** @param where the place of the value, for the sentence. @throws Malformed */
export type Reader<T> = (value: unknown, where: string) => T;

/** Any number but the infinite. */
export const number: Reader<number> = (value, where) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(where, "number", value);
};

/** A whole number from 0 on. */
export const whole: Reader<number> = (value, where) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(where, "whole number", value);
};

/** A whole number of a range, both ends included. */
export function between(least: number, most: number): Reader<number> {
  return (value, where) => {
    const read = whole(value, where);
    if (read >= least && read <= most) return read;
    throw new Malformed(`${where} is ${read}, and not from ${least} to ${most}`);
  };
}

export const text: Reader<string> = (value, where) => {
  if (typeof value === "string") return value;
  throw wrong(where, "text", value);
};

/** One of a few words. */
export function word<const W extends string>(words: readonly W[]): Reader<W> {
  return (value, where) => {
    const found = words.find((each) => each === value);
    if (found !== undefined) return found;
    throw new Malformed(`${where} is ${shown(value)}, and none of ${words.join(", ")}`);
  };
}

export function nullOr<T>(read: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null ? null : read(value, where));
}

export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw wrong(where, "list", value);
    return value.map((each, index) => read(each, `${where}[${index}]`));
  };
}

/** The fields of an object, whatever else it has. */
export function fieldsOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw wrong(where, "object", value);
}

/** One field of an object. */
export function field<T>(
  fields: Readonly<Record<string, unknown>>,
  key: string,
  read: Reader<T>,
): T {
  return read(fields[key], `"${key}"`);
}

function wrong(where: string, what: string, value: unknown): Malformed {
  return new Malformed(`${where} is ${shown(value)}, and no ${what}`);
}

function shown(value: unknown): string {
  const json = value === undefined ? "missing" : JSON.stringify(value);
  return json.length <= 40 ? json : `${json.slice(0, 40)}...`;
}
