/** The tables of the index. */
import type { Database } from "bun:sqlite";
import { bringOver } from "./migration.ts";

/** Raised with every change of the tables; SQLite keeps it as the database's `user_version`. */
const SCHEMA_VERSION = 2;

/**
 * One row for each write held. Rows are added at the end, written again where they are, and taken away
 * by their number: an index by name would cost a page of the disk for each, and the store has all names
 * in memory. So for a moment, or after a crash, there may be rows of writes that others have replaced:
 * all that are read are merged.
 *
 * What is apart, and never has its name, is here under the name of a conflict; `apart` has its own, and is
 * empty of all others. `past` is in past-column.ts; `born` and `at` are when the write was given its version and when the
 * row was written, in epoch milliseconds.
 */
const FILES = `
  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key INTEGER NOT NULL,
    origin TEXT NOT NULL,
    number INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    run INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    removed INTEGER NOT NULL,
    past TEXT NOT NULL,
    content TEXT NOT NULL,
    born INTEGER NOT NULL,
    at INTEGER NOT NULL,
    apart TEXT NOT NULL
  )`;

/** The small contents, under their rows' numbers: apart, so that a start need not read them. */
const BODIES = "CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/**
 * Brings a database to the present tables, as one change. Nothing is written if it has them.
 * @throws SQLite's error; an Error for tables of a newer program
 */
export function prepareTables(database: Database): void {
  const schemaVersion = numberOf(database, "PRAGMA user_version");
  if (schemaVersion === SCHEMA_VERSION) return;
  if (schemaVersion > SCHEMA_VERSION) throw new Error("its index was written by a newer p2p");
  database.transaction(() => {
    const hasOlder =
      numberOf(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'files'") > 0;
    if (hasOlder) database.run("ALTER TABLE files RENAME TO older");
    database.run(FILES);
    database.run(BODIES);
    if (hasOlder) {
      bringOver(database, schemaVersion);
      database.run("DROP TABLE older");
    }
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  })();
}

function numberOf(database: Database, query: string): number {
  const row = database.query<unknown, []>(query).values()[0];
  return Number(row?.[0] ?? 0);
}
