/** The tables of the index. */
import type { Database } from "bun:sqlite";
import { bringOver } from "./migration.ts";
import { keepCopy, refuseNewer } from "./older.ts";

/** Raised with every change of the tables; SQLite keeps it as the database's `user_version`. */
const SCHEMA_VERSION = 3;

/**
 * One row for each write held. Rows are added at the end, written again where they are, and taken away
 * by their number: an index by name would cost a page of the disk for each, and the store has all names
 * in memory. So for a moment, or after a crash, there may be rows of writes that others have replaced:
 * all that are read are merged.
 *
 * What is apart, and never has its name, is here under the name of a conflict; `apart` has its own, and is
 * empty of all others. `past` is in past-column.ts; `born` and `at` are when the write was given its version and when the
 * row was written, in epoch milliseconds. `sum` is in columns.ts; null in rows of an older program.
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
    apart TEXT NOT NULL,
    sum INTEGER
  )`;

/** The small contents, under their rows' numbers: apart, so that a start need not read them. */
const BODIES = "CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/**
 * Brings a database to the present tables, as one change. Nothing is written if it has them.
 * @param path of the database: older tables are copied beside it before they are changed
 * @returns the path of that copy; null if the tables were the present ones, or there were none
 * @throws SQLite's error, or one like it where the tables are not as they were made; NewerFormat
 */
export function prepareTables(database: Database, path: string): string | null {
  const schemaVersion = numberOf(database, "PRAGMA user_version");
  const tables = tablesOf(database);
  const present = hasPresent(tables);
  if (schemaVersion === SCHEMA_VERSION && present) {
    checkRows(database);
    return null;
  }
  if (tables.size > 0 && !present) refuseNewer(schemaVersion, SCHEMA_VERSION);
  // The number and the tables belong together: where they do not, the disk has changed one of them.
  if (schemaVersion === SCHEMA_VERSION || present || (tables.size > 0 && !tables.has("files"))) {
    throw damaged("its tables are not as they were made");
  }
  const hasOlder = tables.size > 0;
  const copy = hasOlder ? keepCopy(database, path, schemaVersion) : null;
  database.transaction(() => {
    if (hasOlder) database.run("ALTER TABLE files RENAME TO older");
    database.run(FILES);
    database.run(BODIES);
    if (hasOlder) {
      bringOver(database, schemaVersion);
      database.run("DROP TABLE older");
    }
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  })();
  return copy;
}

/** The statements that made the tables there are, by their names. */
function tablesOf(database: Database): ReadonlyMap<unknown, unknown> {
  const query = "SELECT tbl_name, sql FROM sqlite_schema";
  const rows = database.query<unknown, []>(query).values();
  return new Map(rows.map(([name, sql]) => [name, sql]));
}

function hasPresent(tables: ReadonlyMap<unknown, unknown>): boolean {
  const bodies = BODIES.replace("IF NOT EXISTS ", "");
  return (
    tables.size === 2 && tables.get("files") === FILES.trim() && tables.get("bodies") === bodies
  );
}

/**
 * A page that has changed may hide rows, or have them out of order, without an error. Measured: 45 ms for
 * 100,000 rows. Contents, which a start does not read, are looked at where the next one finds its place.
 */
function checkRows(database: Database): void {
  const [[told] = []] = database.query<unknown, []>("PRAGMA quick_check('files')").values();
  if (told !== "ok") throw damaged(String(told));
  const [{ id } = { id: 0 }] = database
    .query<{ id: number }, []>("SELECT id FROM bodies ORDER BY id DESC LIMIT 1")
    .all();
  if (!Number.isSafeInteger(id) || id < 0) throw damaged("its contents have no order");
}

function damaged(why: string): Error {
  return Object.assign(new Error(why), { code: "SQLITE_CORRUPT" });
}

function numberOf(database: Database, query: string): number {
  const row = database.query<unknown, []>(query).values()[0];
  return Number(row?.[0] ?? 0);
}
