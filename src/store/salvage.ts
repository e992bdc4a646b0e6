/** What can still be read of a damaged index, page by page: SQLite reads no further than to a bad one. */
import { Database, type Statement } from "bun:sqlite";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { show } from "../protocol/model/names.ts";
import { rowOf } from "./columns.ts";
import { FileStore } from "./files.ts";
import { SALVAGE_PROBES } from "./limits.ts";
import { isReplicable, type Row } from "./row.ts";

const FILES = "files";
const INDEX = "index.db";

/**
 * Sets the index of a folder and its contents aside, and opens a new one with all that can be read of both.
 * @param zeroAt as for `FileStore.open`
 * @returns the store, and a sentence about what was set aside and what could not be read
 * @throws the system's error
 */
export async function openSalvaged(
  dir: string,
  zeroAt: number,
): Promise<{ files: FileStore; note: string }> {
  const aside = join(dir, `damaged-${Date.now()}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of [INDEX, `${INDEX}-wal`, `${INDEX}-shm`, FILES]) {
    await rename(join(dir, name), join(aside, name)).catch(() => {});
  }
  await mkdir(join(dir, FILES), { mode: 0o700 });
  const files = await FileStore.open(dir, { zeroAt });
  const { kept, lost } = await salvageInto(files, aside, zeroAt);
  const named = lost.length === 0 ? "" : ` (${lost.slice(0, 3).map(show).join(", ")})`;
  const more = lost.length === 0 ? "" : `, ${lost.length} without their contents${named}`;
  const note = `${join(dir, INDEX)} is damaged, and was set aside in ${aside}: ${kept} of its versions could be read, and are kept${more}; what could not be read is there, and comes back only if other peers hold it.`;
  return { files, note };
}

async function salvageInto(
  files: FileStore,
  aside: string,
  zeroAt: number,
): Promise<{ kept: number; lost: string[] }> {
  const lost: string[] = [];
  let kept = 0;
  const now = zeroAt + performance.now();
  for (const { row, bytes } of readable(join(aside, INDEX), zeroAt, now)) {
    const { record, content } = row;
    try {
      if (record.removed) await files.mergeRecord(record);
      else if (content !== "") await files.adopt(record, join(aside, FILES, content));
      else await files.keep(record, bytes ?? new Uint8Array(0));
      kept++;
    } catch {
      lost.push(record.name);
    }
  }
  return { kept, lost };
}

type Readable = { readonly row: Row; readonly bytes: Uint8Array | null };

/** Rows that are as they were written, from both ends up to where SQLite stops, and then one by one between. */
function readable(path: string, zeroAt: number, now: number): Readable[] {
  const found = new Map<number, Readable>();
  const database = opened(path);
  if (database === null) return [];
  try {
    const one = (query: string): ((id: number) => number | null) => {
      const statement = attempt(() => database.query<unknown, [number]>(query));
      return (id) => {
        const values = statement === null ? null : rowAt(statement, id);
        if (values === null) return null;
        const row = rowOf(values, zeroAt, now);
        if ("record" in row && isReplicable(row.record)) {
          found.set(row.id, { row, bytes: bodyOf(database, row) });
        }
        return row.id;
      };
    };
    const next = one("SELECT * FROM files WHERE id > ? ORDER BY id LIMIT 1");
    const before = one("SELECT * FROM files WHERE id < ? ORDER BY id DESC LIMIT 1");
    const at = one("SELECT * FROM files WHERE id = ?");
    let low = 0;
    for (let id = next(low); id !== null && id > low; id = next(low)) low = id;
    let high = Number.MAX_SAFE_INTEGER;
    for (let id = before(high); id !== null && id < high && id > low; id = before(high)) high = id;
    const most = Math.min(high, low + SALVAGE_PROBES);
    for (let id = low + 1; id < most; id++) at(id);
  } finally {
    attempt(() => database.close());
  }
  return [...found.values()].sort((a, b) => a.row.id - b.row.id);
}

function opened(path: string): Database | null {
  return attempt(() => {
    const database = new Database(path, { readwrite: true });
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    return database;
  });
}

function rowAt(statement: Statement<unknown, [number]>, id: number): readonly unknown[] | null {
  return attempt(() => statement.values(id)[0] ?? null);
}

function bodyOf(database: Database, { id }: Row): Uint8Array | null {
  return attempt(
    () =>
      database
        .query<{ bytes: Uint8Array }, [number]>("SELECT bytes FROM bodies WHERE id = ?")
        .get(id)?.bytes ?? null,
  );
}

/** Whatever is wrong with a page, others may be read. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
