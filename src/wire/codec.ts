/** A layout stated once, read and written both ways. Fields stand in the order they are named. */
import { Malformed, type Reader, type Writer } from "./bytes.ts";

/** How values of one type are written and read. */
export interface Codec<T> {
  /** @throws RangeError for a value that the layout cannot hold */
  write(to: Writer, value: T): void;
  /** @throws Malformed for bytes that are no such value */
  read(from: Reader): T;
}

/** A codec for each field of T. */
export type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

export const u8: Codec<number> = { write: (w, v) => w.u8(v), read: (r) => r.u8() };
export const u16: Codec<number> = { write: (w, v) => w.u16(v), read: (r) => r.u16() };
export const u32: Codec<number> = { write: (w, v) => w.u32(v), read: (r) => r.u32() };
export const u48: Codec<number> = { write: (w, v) => w.u48(v), read: (r) => r.u48() };
/** A whole number below 2^53, in 8 bytes. */
export const u53: Codec<number> = { write: (w, v) => w.u53(v), read: (r) => r.u53() };

/** 0 or 1, nothing else. */
export const bool: Codec<boolean> = {
  write: (w, v) => w.u8(v ? 1 : 0),
  read: (r) => {
    const byte = r.u8();
    if (byte > 1) throw new Malformed(`${byte} where 0 or 1 belongs`);
    return byte === 1;
  },
};

/** `length` bytes, as twice as many lower-case hexadecimal digits. */
export function hex(length: number): Codec<string> {
  return { write: (w, v) => w.hex(v, length), read: (r) => r.hex(length) };
}

/** A number within a narrower range than its bytes could hold. */
export function within(codec: Codec<number>, least: number, most: number): Codec<number> {
  return {
    write(w, v) {
      if (!(v >= least && v <= most)) throw new RangeError(`${v} is not in ${least} to ${most}`);
      codec.write(w, v);
    },
    read(r) {
      const value = codec.read(r);
      if (value < least || value > most) throw new Malformed(`${value} out of range`);
      return value;
    },
  };
}

/** One of a few words, as one byte: its place in the list. */
export function word<T extends string>(words: readonly T[]): Codec<T> {
  return {
    write(w, v) {
      const code = words.indexOf(v);
      if (code < 0) throw new RangeError(`no such word: ${v}`);
      w.u8(code);
    },
    read(r) {
      const code = r.u8();
      const found = words[code];
      if (found === undefined) throw new Malformed(`no word has the number ${code}`);
      return found;
    },
  };
}

/** 0 for null, or 1 and the value. */
export function option<T>(codec: Codec<T>): Codec<T | null> {
  return {
    write(w, v) {
      bool.write(w, v !== null);
      if (v !== null) codec.write(w, v);
    },
    read: (r) => (bool.read(r) ? codec.read(r) : null),
  };
}

/** A value behind `count` bytes that said something once: they are 0 now, and nothing else. */
export function reserved<T>(count: number, codec: Codec<T>): Codec<T> {
  return {
    write(w, v) {
      for (let i = 0; i < count; i++) w.u8(0);
      codec.write(w, v);
    },
    read(r) {
      for (let i = 0; i < count; i++) {
        if (r.u8() !== 0) throw new Malformed("something where 0 belongs");
      }
      return codec.read(r);
    },
  };
}

/** u16 count, then the items; never more than `most`. */
export function list<T>(codec: Codec<T>, most: number): Codec<readonly T[]> {
  return {
    write(w, items) {
      if (items.length > most) throw new RangeError(`${items.length} items where ${most} fit`);
      w.u16(items.length);
      for (const item of items) codec.write(w, item);
    },
    read(r) {
      const count = r.u16();
      // Every item has a byte at least, so a false count costs nothing but this comparison.
      if (count > most || count > r.left) throw new Malformed(`a list of ${count}`);
      const items: T[] = [];
      for (let i = 0; i < count; i++) items.push(codec.read(r));
      return items;
    },
  };
}

/**
 * The fields one after the other. Code is made for each layout, as if it had been written by hand: a loop
 * over the fields would take several times as long, since an engine cannot tell what it meets next. It is
 * made when the layout is first used: a peer that starts needs few of them, and making all takes longer
 * than opening its sockets.
 * @param known what is known of the object that they are read into, and not sent again
 */
export function struct<T extends object>(
  fields: Fields<T>,
  known: Readonly<Record<string, string>> = {},
): Codec<T> {
  const codec: Codec<T> = {
    write: (w, v) => ready().write(w, v),
    read: (r) => ready().read(r),
  };
  const ready = (): Codec<T> => Object.assign(codec, generated(fields, known));
  return codec;
}

function generated<T extends object>(
  fields: Fields<T>,
  known: Readonly<Record<string, string>>,
): Codec<T> {
  const text = JSON.stringify;
  const codecs: readonly Codec<unknown>[] = Object.values(fields);
  const names = Object.keys(fields).map((key) => text(key));
  const begun = Object.entries(known).map(([key, value]) => `${text(key)}: ${text(value)}`);
  const read = [...begun, ...names.map((name, i) => `${name}: c${i}.read(r)`)];
  const write = names.map((name, i) => `c${i}.write(w, v[${name}]);`);
  const make = new Function(
    ...codecs.map((_, i) => `c${i}`),
    `return { write(w, v) { ${write.join(" ")} }, read(r) { return { ${read.join(", ")} }; } };`,
  );
  return make(...codecs);
}

/** The fields of each case of a union whose cases are told apart by `kind`. */
export type Cases<T extends { readonly kind: string }> = {
  readonly [K in T["kind"]]: Fields<Omit<Extract<T, { readonly kind: K }>, "kind">>;
};

/** One byte for the case, in the order they are named (only appended to), then its fields. */
export function variants<T extends { readonly kind: string }>(cases: Cases<T>): Codec<T> {
  const kinds = Object.keys(cases) as T["kind"][];
  const kindCodec = word(kinds);
  const bodies = new Map<string, Codec<object>>();
  for (const kind of kinds) bodies.set(kind, struct<object>(cases[kind], { kind }));
  const bodyOf = (kind: string): Codec<object> => {
    const body = bodies.get(kind);
    if (body === undefined) throw new RangeError(`no such case: ${kind}`);
    return body;
  };
  return {
    write(w, value) {
      kindCodec.write(w, value.kind);
      bodyOf(value.kind).write(w, value);
    },
    read(r) {
      return bodyOf(kindCodec.read(r)).read(r) as T;
    },
  };
}
