/** The index of the files held: one row for each name, its newest version. In SQLite. */
import { Database, type Statement } from "bun:sqlite";
import type { FileRecord, Stamp } from "../protocol/files.ts";

/** A row: the version, and the file below `files/` that holds its content. */
export type Row = { readonly record: FileRecord; readonly content: string };

type Columns = {
  name: string;
  key: number;
  counter: number;
  owner: number;
  incarnation: number;
  size: number;
  sha256: string;
  content: string;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS files (
    name TEXT PRIMARY KEY,
    key INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    content TEXT NOT NULL
  ) WITHOUT ROWID`;

export class Table {
  private readonly database: Database;
  private readonly putRow: Statement<unknown, [Columns]>;
  private readonly dropRow: Statement<unknown, [string]>;

  /** Creates the database if there is none. @throws SQLite's error for one that is damaged */
  constructor(path: string) {
    this.database = new Database(path, { create: true, readwrite: true, strict: true });
    try {
      // In this mode a commit is written, not synced: the caller syncs the write-ahead log itself,
      // off this thread, once for many commits. SQLite still syncs around its checkpoints.
      this.database.run("PRAGMA journal_mode = WAL");
      this.database.run("PRAGMA synchronous = NORMAL");
      this.database.run("PRAGMA busy_timeout = 2000");
      this.database.run(SCHEMA);
      this.putRow = this.database.query(
        "INSERT OR REPLACE INTO files VALUES " +
          "($name, $key, $counter, $owner, $incarnation, $size, $sha256, $content)",
      );
      this.dropRow = this.database.query("DELETE FROM files WHERE name = ?");
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  all(): Row[] {
    return this.database.query<Columns, []>("SELECT * FROM files ORDER BY name").all().map(toRow);
  }

  put(record: FileRecord, content: string): void {
    const { name, key, stamp, size, sha256 } = record;
    this.putRow.run({ name, key, ...pick(stamp), size, sha256, content });
  }

  drop(name: string): void {
    this.dropRow.run(name);
  }

  /** Several changes as one commit. */
  together(changes: () => void): void {
    this.database.transaction(changes)();
  }

  close(): void {
    this.database.close();
  }
}

function pick({ counter, owner, incarnation }: Stamp): Stamp {
  return { counter, owner, incarnation };
}

function toRow(columns: Columns): Row {
  const { name, key, counter, owner, incarnation, size, sha256, content } = columns;
  const stamp = Object.freeze({ counter, owner, incarnation });
  return { record: Object.freeze({ name, key, stamp, size, sha256 }), content };
}
