/**
 * Copies of state. A table is copied as deep as it changes, and values that never change are shared. How
 * deep that is stands beside the types, one line for each field: a field without its line is a mistake that
 * the compiler sees.
 */

/** Makes a value that changes apart from the one given. */
export type Copying<T> = (value: T) => T;

/** Of what never changes, or is replaced as a whole. */
export function shared<T>(value: T): T {
  return value;
}

/** Of a class that knows its own parts. */
export function itself<T extends { copy(): T }>(value: T): T {
  return value.copy();
}

/** Of a set of values that never change. */
export function setOf<T>(value: Set<T>): Set<T> {
  return new Set(value);
}

/** Of a list of values that never change. */
export function listOf<T>(value: T[]): T[] {
  return [...value];
}

/** Of a table whose keys never change. @param copy of its values; shared if left out */
export function mapOf<K, V>(copy?: Copying<V>): Copying<Map<K, V>> {
  return (value) => {
    const made = new Map(value);
    if (copy !== undefined) for (const [key, entry] of made) made.set(key, copy(entry));
    return made;
  };
}

/** Of what may be missing. */
export function nullOr<T>(copy: Copying<T>): Copying<T | null> {
  return (value) => (value === null ? null : copy(value));
}

/** Of an object, field by field. */
export function fieldsOf<T extends object>(
  fields: {
    readonly [K in keyof T]-?: Copying<T[K]>;
  },
): Copying<T> {
  const entries = Object.entries(fields) as [keyof T, Copying<T[keyof T]>][];
  return (value) => {
    const made = { ...value };
    for (const [name, copy] of entries) if (copy !== shared) made[name] = copy(value[name]);
    return made;
  };
}
