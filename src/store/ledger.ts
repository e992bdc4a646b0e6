/**
 * Which versions are held: in memory for reading, in the index for the next start. Changes come in
 * groups: all that arrive in one turn of the event loop, or while the group before is being synced,
 * share one commit and one sync.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TOMBSTONE_MS } from "../protocol/config.ts";
import { Failure } from "../protocol/failure.ts";
import {
  asConflict,
  compareStamps,
  type FileRecord,
  filedAs,
  isReplacedBy,
} from "../protocol/files.ts";
import { DiskTrouble, explainDisk } from "./disk.ts";
import { INDEX_FILE, Index } from "./index-file.ts";
import { GROUP_BYTES, GROUP_ROWS, WAITING_BYTES } from "./limits.ts";
import { isOfferable } from "./offerable.ts";
import type { Row, Table } from "./table.ts";

/** What a row takes in the index beside its content, about: its columns, and a share of a page. */
const ROW_BYTES = 1_024;
/** What a group takes beside its rows: the pages above them. */
const GROUP_PAGES_BYTES = 16_384;
/** A row taken away changes a page anywhere. */
const PAGE_BYTES = 8_192;

/** A version to be entered, with its content where that goes into the index. */
type Entry = {
  readonly record: FileRecord;
  readonly content: string;
  readonly bytes: Uint8Array | null;
  readonly resolve: (kept: boolean) => void;
  readonly reject: (error: unknown) => void;
};

/** What an entry came to, and how to take it back while it is not durable. */
type Entered = {
  readonly entry: Entry;
  readonly kept: boolean;
  readonly undo: () => void;
  /** The version whose place it took, unless that lives on as a conflict. */
  readonly replaced: Row | null;
};

export class Ledger {
  readonly rows = new Map<string, Row>();
  /** Rows that no peer could be offered, as earlier versions left some: they stay, and are not held. */
  readonly unfit: Row[] = [];
  private nextId = 1;
  private opening: Promise<Index> | null = null;
  private waiting: Entry[] = [];
  private waitingBytes = 0;
  /** Rows that are to go from the index some time soon; nothing waits for it. */
  private readonly doomed = new Set<number>();
  /** Names that rows in the index are to have again, for a conflict that was taken back. */
  private readonly renamed = new Map<number, string>();
  private working: Promise<void> | null = null;
  private closed = false;

  private constructor(
    private readonly dataDir: string,
    private index: Index | null,
    private readonly removeContent: (content: string) => void,
  ) {}

  /**
   * Opens the ledger of a data folder; its index is made with the first version.
   * @param present the names of the content files that there are: rows of others are dropped
   * @param removeContent is told of content files that are needed no more
   * @throws the system's or SQLite's error
   */
  static async open(
    dataDir: string,
    present: ReadonlySet<string>,
    removeContent: (content: string) => void,
  ): Promise<Ledger> {
    const index = existsSync(join(dataDir, INDEX_FILE)) ? await Index.open(dataDir) : null;
    const ledger = new Ledger(dataDir, index, removeContent);
    try {
      if (index !== null) ledger.load(index.table, present);
      return ledger;
    } catch (error) {
      await index?.close();
      throw error;
    }
  }

  /**
   * Enters a version in place of an older one of its name. Of two that knew nothing of each other the
   * older becomes a conflict.
   * @param content the file that has its content; empty if `bytes` has it, or there is none
   * @returns resolves when durable: false if a newer version that replaced it is held
   * @throws Failure if another content bears the same stamp; DiskTrouble; SQLite's error
   */
  enter(record: FileRecord, content: string, bytes: Uint8Array | null): Promise<boolean> {
    if (this.closed) return Promise.reject(new Failure("This peer is ending: ask another."));
    const size = bytes?.length ?? 0;
    if (size > 0 && this.waitingBytes + size > WAITING_BYTES) {
      const why = "The disk of this peer is too slow for all that it is to keep: try again later.";
      return Promise.reject(new DiskTrouble(why));
    }
    this.waitingBytes += size;
    return new Promise((resolve, reject) => {
      this.waiting.push({ record, content, bytes, resolve, reject });
      this.wake();
    });
  }

  /** Holds a row no more: at once in memory, soon in the index. Its content is the caller's affair. */
  forget(row: Row): void {
    if (this.rows.get(row.record.name) === row) this.rows.delete(row.record.name);
    this.doomed.add(row.id);
    this.wake();
  }

  /** A small content, unchecked. @throws SQLite's error if it cannot be read */
  body(row: Row): Uint8Array | null {
    return this.index?.table.body(row.id) ?? null;
  }

  /** Small contents are read from the disk from here on, not from memory. */
  forgetPages(): void {
    this.index?.table.forgetPages();
  }

  /** Resolves when what was begun is durable, and closes. Later entries are refused. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.working !== null) await this.working;
    await this.index?.close();
  }

  /** Of two rows of one name the greater stamp counts: the other's end did not reach the disk. */
  private load(table: Table, present: ReadonlySet<string>): void {
    const forgotten = Date.now() - TOMBSTONE_MS;
    for (const { row, at } of table.all()) {
      this.nextId = row.id + 1;
      const { record, content } = row;
      if (!isOfferable(record)) {
        this.unfit.push(row);
        continue;
      }
      const other = this.rows.get(record.name);
      const whole = content === "" || present.has(content);
      const late = other !== undefined && compareStamps(record.stamp, other.record.stamp) <= 0;
      if (!whole || late || (record.removed && at < forgotten)) this.doomed.add(row.id);
      else {
        if (other !== undefined) this.doomed.add(other.id);
        this.rows.set(record.name, row);
      }
    }
    this.wake();
  }

  private wake(): void {
    if (this.working !== null || (this.waiting.length === 0 && this.doomed.size === 0)) return;
    this.working = this.work().finally(() => {
      this.working = null;
      // A full disk keeps its doomed rows until something else is to be written.
      if (this.waiting.length > 0) this.wake();
    });
  }

  private async work(): Promise<void> {
    do {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const entries = this.nextGroup();
      const doomed = firstOf(this.doomed, GROUP_ROWS);
      try {
        await this.write(entries, doomed);
      } catch (error) {
        const why = explainDisk(error);
        for (const entry of entries) entry.reject(why);
        if (entries.length === 0) return;
      }
    } while (this.waiting.length > 0 || this.doomed.size > 0);
  }

  private nextGroup(): Entry[] {
    let bytes = 0;
    let rows = 0;
    for (const { bytes: body } of this.waiting) {
      bytes += body?.length ?? 0;
      if (rows > 0 && (rows === GROUP_ROWS || bytes > GROUP_BYTES)) break;
      this.waitingBytes -= body?.length ?? 0;
      rows++;
    }
    return this.waiting.splice(0, rows);
  }

  private async write(entries: readonly Entry[], doomed: readonly number[]): Promise<void> {
    const index = await this.opened();
    const entered: Entered[] = [];
    try {
      const bytes = GROUP_PAGES_BYTES + doomed.length * PAGE_BYTES + sizeOf(entries);
      await index.change((table) => {
        for (const [id, name] of this.renamed) table.rename(id, name);
        for (const id of doomed) table.drop(id);
        for (const entry of entries) this.enterOne(table, entry, entered);
      }, bytes);
      this.renamed.clear();
      for (const id of doomed) this.doomed.delete(id);
      if (entries.length > 0) await index.sync();
    } catch (error) {
      for (const { undo } of entered.reverse()) undo();
      throw error;
    }
    for (const { entry, kept, replaced } of entered) {
      if (replaced !== null) this.outlive(replaced);
      entry.resolve(kept);
    }
    await index.settle();
  }

  /** The index, made now if this is the first file. @throws the system's or SQLite's error */
  private async opened(): Promise<Index> {
    if (this.index !== null) return this.index;
    this.opening ??= Index.open(this.dataDir);
    try {
      this.index = await this.opening;
    } finally {
      this.opening = null;
    }
    return this.index;
  }

  private enterOne(table: Table, entry: Entry, entered: Entered[]): void {
    const { content, bytes } = entry;
    const record = filedAs(entry.record, this.rows.get(entry.record.name)?.record);
    const old = this.rows.get(record.name) ?? null;
    const order = old === null ? 1 : compareStamps(record.stamp, old.record.stamp);
    if (old !== null && order <= 0) {
      if (order === 0 && old.record.sha256 !== record.sha256) {
        const why = `Another content of ${record.name} already bears the same stamp.`;
        entry.reject(new Failure(why));
        return;
      }
      // Where it has come before, that may still be on its way to the disk.
      entered.push({ entry, kept: order === 0, undo: () => {}, replaced: null });
      return;
    }
    const row: Row = { id: this.nextId++, record: Object.freeze({ ...record }), content };
    table.put(row, bytes, Date.now());
    this.rows.set(record.name, row);
    const conflict = old === null ? null : this.conflictOf(old, record);
    if (conflict !== null) {
      table.rename(conflict.id, conflict.record.name);
      this.rows.set(conflict.record.name, conflict);
    }
    const undo = (): void => this.takeBack(row, old, conflict);
    entered.push({ entry, kept: true, undo, replaced: conflict === null ? old : null });
  }

  /** The row under its new name, if the newer version did not replace it and that name is free. */
  private conflictOf(old: Row, newer: FileRecord): Row | null {
    if (isReplacedBy(old.record, newer)) return null;
    const record = Object.freeze(asConflict(old.record));
    return this.rows.has(record.name) ? null : { ...old, record };
  }

  /** The disk would not keep a new row: the old one holds again, unless it was forgotten meanwhile. */
  private takeBack(row: Row, old: Row | null, conflict: Row | null): void {
    const { name } = row.record;
    const still = this.rows.get(name) === row;
    this.forget(row);
    if (conflict !== null && this.rows.get(conflict.record.name) === conflict) {
      this.rows.delete(conflict.record.name);
    }
    if (old === null) return;
    if (conflict !== null) this.renamed.set(old.id, name);
    if (still) this.rows.set(name, old);
    else this.outlive(old);
  }

  /** A version that another took the place of goes, its content too. */
  private outlive(old: Row): void {
    this.doomed.add(old.id);
    if (old.content !== "") this.removeContent(old.content);
  }
}

function firstOf<T>(values: ReadonlySet<T>, most: number): T[] {
  const first: T[] = [];
  for (const value of values) {
    if (first.length === most) break;
    first.push(value);
  }
  return first;
}

function sizeOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += ROW_BYTES + (entry.bytes?.length ?? 0);
  return bytes;
}
