/**
 * Which writes are held: in memory for reading, in the index for the next start. Changes come in
 * groups: all that arrive in one turn of the event loop, or while the group before is being synced,
 * share one commit and one sync.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import type { FileRecord } from "../protocol/model/files.ts";
import type { DamagedRow } from "./columns.ts";
import { DiskTrouble, explainDisk, isDamage } from "./disk.ts";
import { type Change, HeldRows } from "./held-rows.ts";
import { INDEX_FILE, Index, noteDamage } from "./index-file.ts";
import { GROUP_BYTES, GROUP_PAGES_BYTES, GROUP_ROWS, PAGE_BYTES, WAITING_BYTES } from "./limits.ts";
import { isReplicable, ROW_BYTES, type Row, weightOf } from "./row.ts";
import type { Table } from "./table.ts";

/** What a lab has a disk say. */
const FULL = { code: "ENOSPC" };

/** A write to be entered, with its content where that goes into the index. */
type Entry = {
  readonly record: FileRecord;
  readonly content: string;
  readonly bytes: Uint8Array | null;
  readonly resolve: (kept: boolean) => void;
  readonly reject: (error: unknown) => void;
};

/** What an entry came to while it is not durable. */
type Entered = { readonly entry: Entry; readonly kept: boolean; readonly change: Change | null };

export class Ledger {
  readonly rows = new HeldRows();
  /** Set by the owner: it takes no new content. */
  full = false;
  /** Rows that no peer could be offered, as earlier versions left some: they stay, and are not held. */
  readonly unfit: Row[] = [];
  /** Rows that the disk has not kept as they were: they stay for a person to look at, and are not held. */
  readonly damaged: DamagedRow[] = [];
  private nextId = 1;
  private opening: Promise<Index> | null = null;
  private waiting: Entry[] = [];
  private waitingBytes = 0;
  /** Rows that are to go from the index some time soon; nothing waits for it. */
  private readonly pendingRemovals = new Set<number>();
  /** Rows that the index has otherwise: it is to have them so. */
  private readonly rewritten = new Map<number, Row>();
  private working: Promise<void> | null = null;
  private closed = false;

  private constructor(
    private readonly dataDir: string,
    private readonly zeroAt: number,
    private index: Index | null,
    private readonly removeContent: (content: string) => void,
  ) {}

  /**
   * Opens the ledger of a data folder; its index is made with the first write.
   * @param zeroAt when the ages in records are zero, in epoch milliseconds
   * @param present the names of the content files that there are: rows of others are dropped
   * @param removeContent is told of content files that are needed no more
   * @throws the system's or SQLite's error
   */
  static async open(
    dataDir: string,
    zeroAt: number,
    present: ReadonlySet<string>,
    removeContent: (content: string) => void,
  ): Promise<Ledger> {
    const index = existsSync(join(dataDir, INDEX_FILE)) ? await Index.open(dataDir, zeroAt) : null;
    const ledger = new Ledger(dataDir, zeroAt, index, removeContent);
    try {
      if (index !== null) ledger.load(index.table, present);
      return ledger;
    } catch (error) {
      await index?.close();
      throw error;
    }
  }

  /**
   * Merges a write with those held of its name.
   * @param content the file that has its content; empty if `bytes` has it, or there is none
   * @returns resolves when durable: false if one that replaced it is held
   * @throws DiskTrouble; SQLite's error
   */
  enter(record: FileRecord, content: string, bytes: Uint8Array | null): Promise<boolean> {
    if (this.closed) return Promise.reject(new Failure("This peer is ending: ask another."));
    const size = bytes?.length ?? 0;
    if (this.full && (size > 0 || content !== "")) return Promise.reject(explainDisk(FULL));
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

  /** Has a row hold its write otherwise: at once in memory, soon in the index. */
  rewrite(row: Row): void {
    this.rows.replace(row, row);
    this.rewritten.set(row.id, row);
    this.wake();
  }

  /** Holds a row no more: at once in memory, soon in the index. Its content is the caller's affair. */
  forget(row: Row): void {
    this.rows.remove(row);
    this.rewritten.delete(row.id);
    this.pendingRemovals.add(row.id);
    this.wake();
  }

  /** Where the index is as an older program left it, if it was brought over just now. */
  get olderCopy(): string | null {
    return this.index?.table.olderCopy ?? null;
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

  /** What another row replaced had not left the disk yet; so it goes now, whether that has its content or not. */
  private load(table: Table, present: ReadonlySet<string>): void {
    const bare: Row[] = [];
    for (const row of table.all(this.now())) {
      this.nextId = row.id + 1;
      if (!("record" in row)) this.damaged.push(row);
      else if (!isReplicable(row.record)) this.unfit.push(row);
      else if (row.content === "" || present.has(row.content)) this.loadOne(row);
      else bare.push(row);
    }
    for (const row of bare) {
      this.loadOne(row);
      if (this.rows.holds(row)) this.forget(row);
    }
    this.wake();
  }

  private loadOne(row: Row): void {
    const change = this.rows.take(row);
    if (change?.added?.record === row.record && change.dead.length === 0) return;
    const { added = null, learnt = [], dead = [] } = change ?? {};
    if (added === null) this.pendingRemovals.add(row.id);
    else if (added.record !== row.record) this.rewritten.set(row.id, added);
    for (const { after } of learnt) this.rewritten.set(after.id, after);
    for (const { id } of dead) {
      this.rewritten.delete(id);
      this.pendingRemovals.add(id);
    }
  }

  private wake(): void {
    if (this.working !== null || (this.waiting.length === 0 && !this.isBehind())) return;
    this.working = this.work().finally(() => {
      this.working = null;
      // A full disk keeps its rows that are to go until something else is to be written.
      if (this.waiting.length > 0) this.wake();
    });
  }

  private async work(): Promise<void> {
    do {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const entries = this.nextGroup();
      const removals = [...this.pendingRemovals.values().take(GROUP_ROWS)];
      try {
        await this.write(entries, removals);
      } catch (error) {
        if (isDamage(error)) noteDamage(this.dataDir);
        const why = explainDisk(error);
        for (const entry of entries) entry.reject(why);
        if (entries.length === 0) return;
      }
    } while (this.waiting.length > 0 || this.isBehind());
  }

  /** True if the index has what it shall not have. */
  private isBehind(): boolean {
    return this.pendingRemovals.size > 0 || this.rewritten.size > 0;
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

  private async write(entries: readonly Entry[], removals: readonly number[]): Promise<void> {
    const index = await this.opened();
    const entered: Entered[] = [];
    try {
      const bytes = GROUP_PAGES_BYTES + removals.length * PAGE_BYTES + this.sizeOf(entries);
      await index.change((table) => {
        const now = this.now();
        for (const row of this.rewritten.values()) table.update(row, now);
        for (const id of removals) table.drop(id);
        for (const entry of entries) this.enterOne(table, entry, entered, now);
      }, bytes);
      this.rewritten.clear();
      for (const id of removals) this.pendingRemovals.delete(id);
      if (entries.length > 0) await index.sync();
    } catch (error) {
      for (const { change } of entered.reverse()) this.takeBack(change);
      throw error;
    }
    for (const { entry, kept, change } of entered) {
      for (const row of change?.dead ?? []) this.outlive(row);
      entry.resolve(kept);
    }
    await index.settle();
  }

  /** The index, made now if this is the first file. @throws the system's or SQLite's error */
  private async opened(): Promise<Index> {
    if (this.index !== null) return this.index;
    this.opening ??= Index.open(this.dataDir, this.zeroAt);
    try {
      this.index = await this.opening;
    } finally {
      this.opening = null;
    }
    return this.index;
  }

  /** In epoch milliseconds, by the clock of the ages. */
  private now(): number {
    return this.zeroAt + performance.now();
  }

  private enterOne(table: Table, entry: Entry, entered: Entered[], now: number): void {
    const { content, bytes } = entry;
    const record = Object.freeze({ ...entry.record });
    const change = this.rows.take({ id: this.nextId, record, content });
    const kept = change?.added != null || this.rows.find(record) !== undefined;
    entered.push({ entry, kept, change });
    if (change === null) return;
    if (change.added !== null) {
      this.nextId++;
      table.put(change.added, bytes, now);
    }
    for (const { after } of change.learnt) table.update(after, now);
  }

  /** The disk would not keep a change: what was before holds again, unless it was forgotten meanwhile. */
  private takeBack(change: Change | null): void {
    if (change === null) return;
    const { added, learnt, dead } = change;
    const still = added === null || this.rows.holds(added);
    if (added !== null) this.forget(added);
    for (const { before } of learnt) {
      if (!this.rows.holds(before)) continue;
      this.rewrite(before);
    }
    for (const row of dead) {
      if (still) this.rows.add(row);
      else this.outlive(row);
    }
  }

  /** A write that another took the place of goes, its content too. */
  private outlive(row: Row): void {
    this.pendingRemovals.add(row.id);
    if (row.content !== "") this.removeContent(row.content);
  }

  private sizeOf(entries: readonly Entry[]): number {
    let bytes = this.rewritten.size * ROW_BYTES;
    for (const { record, bytes: body } of entries) {
      bytes += weightOf(record) + (body?.length ?? 0);
      for (const row of this.rows.of(record.name)) bytes += weightOf(row.record);
    }
    return bytes;
  }
}
