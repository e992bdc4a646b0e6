/** The rows of each name in memory: its writes, which merge as everywhere. */
import { type FileRecord, isSameWrite, type WriteId } from "../protocol/model/files.ts";
import { merge, type Siblings } from "../protocol/model/siblings.ts";
import type { Row } from "./row.ts";

/** What taking a write in has changed. */
export type Change = {
  /** The row of the write, if it is new and lives. */
  readonly added: Row | null;
  /** Rows that have learnt something, as they were and as they are. */
  readonly learnt: readonly { readonly before: Row; readonly after: Row }[];
  /** Rows of writes that others have replaced. */
  readonly dead: readonly Row[];
};

const NONE: readonly never[] = Object.freeze([]);

export class HeldRows {
  /** Most names have one row, which needs no list. */
  private readonly names = new Map<string, Row | readonly Row[]>();

  /** The rows of a name. */
  of(name: string): readonly Row[] {
    const held = this.names.get(name);
    if (held === undefined) return NONE;
    return "record" in held ? [held] : held;
  }

  find(id: WriteId): Row | undefined {
    for (const row of this.of(id.name)) if (isSameWrite(row.record, id)) return row;
    return undefined;
  }

  *all(): Generator<Row> {
    for (const held of this.names.values()) {
      if ("record" in held) yield held;
      else yield* held;
    }
  }

  /** True of a row that is held, whatever its write has learnt meanwhile. */
  holds({ id, record }: Row): boolean {
    return this.of(record.name).some((row) => row.id === id);
  }

  /**
   * Merges a write with those held of its name.
   * @param row the row that it shall have if it is new and lives
   * @returns null if nothing has changed
   */
  take(row: Row): Change | null {
    const { name } = row.record;
    if (!this.names.has(name)) {
      this.names.set(name, row);
      return { added: row, learnt: NONE, dead: NONE };
    }
    const held = this.of(name);
    const siblings = held.map(({ record }) => record);
    const merged = merge(siblings, row.record);
    if (merged === siblings) return null;
    const learnt: { before: Row; after: Row }[] = [];
    const rows = merged.map((sibling) => {
      const before = held.find(({ record }) => isSameWrite(record, sibling));
      if (before?.record === sibling) return before;
      const after = { ...(before ?? row), record: Object.freeze(sibling) };
      if (before !== undefined) learnt.push({ before, after });
      return after;
    });
    const added = rows.find(({ id }) => id === row.id) ?? null;
    const dead = held.filter(({ id }) => !rows.some((r) => r.id === id));
    this.set(name, rows);
    return { added, learnt, dead };
  }

  /** Those held that a write would take the place of; none if it would not live itself. */
  replacedBy(record: FileRecord): readonly Row[] {
    const held = this.of(record.name);
    const siblings = held.map((row) => row.record);
    const merged: Siblings = merge(siblings, record);
    if (!merged.some((sibling) => isSameWrite(sibling, record))) return NONE;
    return held.filter((row) => !merged.some((sibling) => isSameWrite(sibling, row.record)));
  }

  /** Puts one row in another's place, if that is held. */
  replace(before: Row, after: Row): void {
    const rows = this.of(before.record.name);
    this.set(
      before.record.name,
      rows.map((row) => (row.id === before.id ? after : row)),
    );
  }

  add(row: Row): void {
    this.set(row.record.name, [...this.of(row.record.name), row]);
  }

  remove({ id, record }: Row): void {
    this.set(
      record.name,
      this.of(record.name).filter((row) => row.id !== id),
    );
  }

  private set(name: string, rows: readonly Row[]): void {
    const [first, ...others] = rows;
    if (first === undefined) this.names.delete(name);
    else this.names.set(name, others.length === 0 ? first : rows);
  }
}
