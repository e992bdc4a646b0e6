/** The index of the files held, and their small contents, in SQLite. */
import { Database, type Statement } from "bun:sqlite";
import { conflictName, type FileRecord } from "../protocol/model/files.ts";
import { formatPast, parsePast } from "./past-column.ts";
import { prepareTables } from "./schema.ts";

/** A write held. */
export type Row = {
  /** Never used twice while the store is open. */
  readonly id: number;
  readonly record: FileRecord;
  /** The file below `files/` that has the content; empty if it lies in the index, or there is none. */
  readonly content: string;
};

type Columns = [
  id: number,
  name: string,
  key: number,
  origin: string,
  number: number,
  counter: number,
  owner: number,
  run: number,
  size: number,
  sha256: string,
  removed: number,
  past: string,
  content: string,
  born: number,
  at: number,
  apart: string,
];

/** What is written again of a row whose write has learnt something. */
type Learnt = [
  name: string,
  apart: string,
  counter: number,
  owner: number,
  run: number,
  past: string,
  born: number,
  at: number,
  id: number,
];

const ROWS_READ = 2_048;

export class Table {
  private readonly database: Database;
  private readonly putRow: Statement<unknown, Columns>;
  private readonly putBody: Statement<unknown, [number, Uint8Array]>;
  private readonly updateRow: Statement<unknown, Learnt>;
  private readonly dropRow: Statement<unknown, [number]>;
  private readonly dropBody: Statement<unknown, [number]>;
  private readonly getBody: Statement<{ bytes: Uint8Array }, [number]>;
  /** Made once: to make it takes longer than to begin and end a transaction. */
  private readonly inTransaction: (changes: () => void) => void;

  /**
   * Creates the database if there is none.
   * @param zeroAt when the ages in records are zero, in epoch milliseconds
   * @throws SQLite's error for one that is damaged
   */
  constructor(
    path: string,
    private readonly zeroAt: number,
  ) {
    this.database = new Database(path, { create: true, readwrite: true, strict: true });
    try {
      // Of a new database. Measured: as quick to write and to read as pages of 4 KiB, and carrying the
      // write-ahead log over takes a quarter of the time.
      this.database.run("PRAGMA page_size = 8192");
      // The folder's lock keeps others away, so SQLite needs no file for sharing.
      this.database.run("PRAGMA locking_mode = EXCLUSIVE");
      // In this mode a commit is written, not synced: the caller syncs the write-ahead log itself,
      // off this thread, once for many commits, and says when to carry it over.
      this.database.run("PRAGMA journal_mode = WAL");
      this.database.run("PRAGMA synchronous = NORMAL");
      this.database.run("PRAGMA wal_autocheckpoint = 0");
      this.database.run("PRAGMA busy_timeout = 2000");
      prepareTables(this.database);
      const put = "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
      this.putRow = this.database.query(put);
      this.putBody = this.database.query("INSERT INTO bodies VALUES (?, ?)");
      this.updateRow = this.database.query(
        `UPDATE files SET name = ?, apart = ?, counter = ?, owner = ?, run = ?, past = ?, born = ?, at = ?
         WHERE id = ?`,
      );
      this.dropRow = this.database.query("DELETE FROM files WHERE id = ?");
      this.dropBody = this.database.query("DELETE FROM bodies WHERE id = ?");
      this.getBody = this.database.query("SELECT bytes FROM bodies WHERE id = ?");
      this.inTransaction = this.database.transaction((changes: () => void) => changes());
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** All rows, in the order in which they were added. @param now epoch milliseconds */
  *all(now: number): Generator<Row> {
    const some = this.database.query<unknown, [number, number]>(
      "SELECT * FROM files WHERE id > ? ORDER BY id LIMIT ?",
    );
    // In parts, since a hundred thousand rows at a time take twice the memory that they keep.
    for (let after = 0, rows: Columns[]; ; after = rows.at(-1)?.[0] ?? after) {
      rows = some.values(after, ROWS_READ) as Columns[];
      if (rows.length === 0) return;
      for (const columns of rows) yield toRow(columns, this.zeroAt, now);
    }
  }

  /**
   * @param bytes a content to be kept in the index; null if it lies in a file, or there is none
   * @param now epoch milliseconds
   */
  put({ id, record, content }: Row, bytes: Uint8Array | null, now: number): void {
    const { key, operation, version, size, sha256 } = record;
    const { counter, owner, instance } = version;
    const [name, apart] = namesOf(record);
    const past = formatPast(record, this.zeroAt);
    const removed = record.removed ? 1 : 0;
    this.putRow.run(
      ...[id, name, key, operation.origin, operation.number, counter, owner, instance],
      ...[size, sha256, removed, past, content, this.bornAt(record), Math.floor(now), apart],
    );
    if (bytes !== null) this.putBody.run(id, bytes);
  }

  /** Enters what a write has learnt. @param now epoch milliseconds */
  update({ id, record }: Row, now: number): void {
    const { counter, owner, instance } = record.version;
    const past = formatPast(record, this.zeroAt);
    const born = this.bornAt(record);
    const [name, apart] = namesOf(record);
    this.updateRow.run(name, apart, counter, owner, instance, past, born, Math.floor(now), id);
  }

  drop(id: number): void {
    this.dropRow.run(id);
    this.dropBody.run(id);
  }

  /** A content kept in the index, unchecked. @throws SQLite's error if it cannot be read */
  body(id: number): Uint8Array | null {
    return this.getBody.get(id)?.bytes ?? null;
  }

  /** Lets go of what SQLite keeps in memory: what is read from here on is what the disk has. */
  forgetPages(): void {
    this.database.run("PRAGMA shrink_memory");
  }

  /** Several changes as one commit; none of them if one throws. */
  together(changes: () => void): void {
    this.inTransaction(changes);
  }

  /**
   * Carries the write-ahead log over into the database, without syncing either: the log must have been
   * synced just before, and the database must be synced before the next change.
   */
  checkpoint(): void {
    this.database.run("PRAGMA synchronous = OFF");
    try {
      this.database.run("PRAGMA wal_checkpoint(PASSIVE)");
    } finally {
      this.database.run("PRAGMA synchronous = NORMAL");
    }
  }

  close(): void {
    this.database.close();
  }

  private bornAt({ ageMs }: FileRecord): number {
    return Math.round(this.zeroAt - ageMs);
  }
}

/** Where the wall clock went back, the age is what it was when the row was written. */
function toRow(columns: Columns, zeroAt: number, now: number): Row {
  const [
    id,
    name,
    key,
    origin,
    number,
    counter,
    owner,
    run,
    size,
    sha256,
    removed,
    past,
    content,
    born,
    at,
    apart,
  ] = columns;
  const zero = at > now ? zeroAt + at - now : zeroAt;
  const { also, versionVector, spared, history } = parsePast(past, zero);
  const record = Object.freeze({
    name: apart === "" ? name : apart,
    key,
    operation: Object.freeze({ origin, number }),
    version: Object.freeze({ counter, owner, instance: run }),
    also,
    size,
    sha256,
    removed: removed !== 0,
    apart: apart !== "",
    ageMs: zero - born,
    versionVector,
    history,
    spared,
  });
  return { id, record, content };
}

/** What a row is called, and the name that it is apart from. */
export function namesOf(record: FileRecord): readonly [name: string, apart: string] {
  return record.apart ? [conflictName(record), record.name] : [record.name, ""];
}
