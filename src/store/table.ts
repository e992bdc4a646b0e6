/** The index of the files held, and their small contents, in SQLite. */
import { Database, type Statement } from "bun:sqlite";
import type { FileRecord, Stamp } from "../protocol/files.ts";
import { prepareTables } from "./schema.ts";

/** A version held. */
export type Row = {
  /** Never used twice while the store is open. */
  readonly id: number;
  readonly record: FileRecord;
  /** The file below `files/` that has the content; empty if it lies in the index, or there is none. */
  readonly content: string;
};

/** A row as it was read; `at` is when it was written, in epoch milliseconds. */
export type ReadRow = { readonly row: Row; readonly at: number };

type Columns = [
  id: number,
  name: string,
  key: number,
  counter: number,
  owner: number,
  run: number,
  size: number,
  sha256: string,
  removed: number,
  replaced: string,
  content: string,
  at: number,
];

const ROWS_READ = 2_048;

/** Most versions replaced none: they share one list. */
const NONE: readonly Stamp[] = Object.freeze([]);

export class Table {
  private readonly database: Database;
  private readonly putRow: Statement<unknown, Columns>;
  private readonly putBody: Statement<unknown, [number, Uint8Array]>;
  private readonly renameRow: Statement<unknown, [string, number]>;
  private readonly dropRow: Statement<unknown, [number]>;
  private readonly dropBody: Statement<unknown, [number]>;
  private readonly getBody: Statement<{ bytes: Uint8Array }, [number]>;

  /** Creates the database if there is none. @throws SQLite's error for one that is damaged */
  constructor(path: string) {
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
      const put = "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
      this.putRow = this.database.query(put);
      this.putBody = this.database.query("INSERT INTO bodies VALUES (?, ?)");
      this.renameRow = this.database.query("UPDATE files SET name = ? WHERE id = ?");
      this.dropRow = this.database.query("DELETE FROM files WHERE id = ?");
      this.dropBody = this.database.query("DELETE FROM bodies WHERE id = ?");
      this.getBody = this.database.query("SELECT bytes FROM bodies WHERE id = ?");
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** All rows, in the order in which they were written. */
  *all(): Generator<ReadRow> {
    const some = this.database.query<unknown, [number, number]>(
      "SELECT * FROM files WHERE id > ? ORDER BY id LIMIT ?",
    );
    // In parts, since a hundred thousand rows at a time take twice the memory that they keep.
    for (let after = 0, rows: Columns[]; ; after = rows.at(-1)?.[0] ?? after) {
      rows = some.values(after, ROWS_READ) as Columns[];
      if (rows.length === 0) return;
      yield* rows.map(toRow);
    }
  }

  /** @param bytes a content to be kept in the index; null if it lies in a file, or there is none */
  put({ id, record, content }: Row, bytes: Uint8Array | null, at: number): void {
    const { name, key, stamp, size, sha256, removed } = record;
    const { counter, owner, run } = stamp;
    const replaced = formatStamps(record.replaced);
    const gone = removed ? 1 : 0;
    this.putRow.run(
      ...[id, name, key, counter, owner, run],
      ...[size, sha256, gone, replaced, content, at],
    );
    if (bytes !== null) this.putBody.run(id, bytes);
  }

  rename(id: number, name: string): void {
    this.renameRow.run(name, id);
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
    this.database.transaction(changes)();
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

function toRow(columns: Columns): ReadRow {
  const [id, name, key, counter, owner, run, size, sha256, gone, text, content, at] = columns;
  const stamp = Object.freeze({ counter, owner, run });
  const replaced = parseStamps(text);
  const removed = gone !== 0;
  const record = Object.freeze({ name, key, stamp, size, sha256, removed, replaced });
  return { row: { id, record, content }, at };
}

/** `7.19.3 8.2.1`: counter, owner and run of each. */
function formatStamps(stamps: readonly Stamp[]): string {
  return stamps.map((s) => `${s.counter}.${s.owner}.${s.run}`).join(" ");
}

function parseStamps(text: string): readonly Stamp[] {
  if (text === "") return NONE;
  const stamps = text.split(" ").map((part) => {
    const [counter = 0, owner = 0, run = 0] = part.split(".").map(Number);
    return Object.freeze({ counter, owner, run });
  });
  return Object.freeze(stamps);
}
