/** The index of the files held, and their small contents, in SQLite. */
import { Database, type Statement } from "bun:sqlite";
import { type Columns, columnsOf, type DamagedRow, rowOf } from "./columns.ts";
import type { Row } from "./row.ts";
import { prepareTables } from "./schema.ts";

const ROWS_READ = 2_048;

export class Table {
  /** The path of a copy of what an older program had written; null where this one had. */
  readonly olderCopy: string | null;
  private readonly database: Database;
  private readonly putRow: Statement<unknown, Columns>;
  private readonly putBody: Statement<unknown, [number, Uint8Array]>;
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
      this.olderCopy = prepareTables(this.database, path);
      // By its number, a row takes the place of what it was before.
      const put =
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
      this.putRow = this.database.query(put);
      this.putBody = this.database.query("INSERT OR REPLACE INTO bodies VALUES (?, ?)");
      this.dropRow = this.database.query("DELETE FROM files WHERE id = ?");
      this.dropBody = this.database.query("DELETE FROM bodies WHERE id = ?");
      this.getBody = this.database.query("SELECT bytes FROM bodies WHERE id = ?");
      this.inTransaction = this.database.transaction((changes: () => void) => changes());
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /**
   * All rows, in the order in which they were added.
   * @param now epoch milliseconds
   * @throws SQLite's error of a damaged database, or one like it where rows are out of order
   */
  *all(now: number): Generator<Row | DamagedRow> {
    const some = this.database.query<unknown, [number, number]>(
      "SELECT * FROM files WHERE id > ? ORDER BY id LIMIT ?",
    );
    // In parts, since a hundred thousand rows at a time take twice the memory that they keep.
    for (let after = 0; ; ) {
      const rows = some.values(after, ROWS_READ);
      if (rows.length === 0) return;
      for (const values of rows) {
        // A number that the disk has not kept would have the same rows read for ever.
        if (!isAfter(values[0], after)) throw outOfOrder();
        after = values[0];
        yield rowOf(values, this.zeroAt, now);
      }
    }
  }

  /**
   * @param bytes a content to be kept in the index; null if it lies in a file, or there is none
   * @param now epoch milliseconds
   */
  put(row: Row, bytes: Uint8Array | null, now: number): void {
    this.putRow.run(...columnsOf(row, this.zeroAt, now));
    if (bytes !== null) this.putBody.run(row.id, bytes);
  }

  /** Enters what a write has learnt. @param now epoch milliseconds */
  update(row: Row, now: number): void {
    this.putRow.run(...columnsOf(row, this.zeroAt, now));
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
}

function isAfter(id: unknown, after: number): id is number {
  return typeof id === "number" && Number.isSafeInteger(id) && id > after;
}

function outOfOrder(): Error {
  return Object.assign(new Error("the rows of the index are out of order"), {
    code: "SQLITE_CORRUPT",
  });
}
