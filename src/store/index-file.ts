/**
 * The index on the disk: SQLite's table, and handles on its two files by which they are synced off this
 * thread.
 */
import { closeSync, openSync, unlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { APPEND, MAKE, syncFolder, WRITE_OVER } from "./durable.ts";
import { CHECKPOINT_BYTES } from "./limits.ts";
import { Table } from "./table.ts";

export const INDEX_FILE = "index.db";

/** Beside an index in which a change has met damage: a start may read all that it needs of it, and see none. */
const DAMAGE_FILE = "index.db.damaged";

/** Has the next start make a new index of what can be read of this one. Never throws. */
export function noteDamage(dataDir: string): void {
  try {
    closeSync(openSync(join(dataDir, DAMAGE_FILE), MAKE, 0o600));
  } catch {}
}

/** True where an earlier run has noted damage; it is told once. */
export function takeDamageNoted(dataDir: string): boolean {
  try {
    unlinkSync(join(dataDir, DAMAGE_FILE));
    return true;
  } catch {
    return false;
  }
}

export class Index {
  /** About what the write-ahead log has; it errs on the high side. */
  private logged = 0;
  /** What was written before this failed may not be on the disk: it must not be built upon. */
  private doubtful = false;
  private broken: unknown = null;

  private constructor(
    readonly table: Table,
    private readonly log: FileHandle,
    private readonly base: FileHandle,
  ) {}

  /**
   * Opens the index of a data folder, or makes it.
   * @param zeroAt when the ages in records are zero, in epoch milliseconds
   * @throws the system's or SQLite's error
   */
  static async open(dataDir: string, zeroAt: number): Promise<Index> {
    const path = join(dataDir, INDEX_FILE);
    for (const file of [path, `${path}-wal`]) await makePrivate(file);
    const table = new Table(path, zeroAt);
    let log: FileHandle | null = null;
    let base: FileHandle | null = null;
    try {
      // These are closed after SQLite's own: closing the database's file lets go of SQLite's locks.
      log = await open(`${path}-wal`, APPEND, 0o600);
      base = await open(path, WRITE_OVER);
      // What a killed run wrote was not all synced, and others are told soon that it is held here.
      await log.datasync();
      await syncFolder(dataDir);
      return new Index(table, log, base);
    } catch (error) {
      table.close();
      await log?.close().catch(() => {});
      await base?.close().catch(() => {});
      throw error;
    }
  }

  /**
   * Makes changes as one commit, which `sync` makes durable. Not to be called while `sync` or `settle`
   * is under way.
   * @throws what `changes` throws, or SQLite's error; nothing has changed then
   */
  async change(changes: (table: Table) => void, bytes: number): Promise<void> {
    if (this.broken !== null) throw this.broken;
    if (this.doubtful) await this.checkpoint();
    this.table.together(() => changes(this.table));
    this.logged += bytes;
  }

  /** Resolves when all changes are durable. @throws the system's error */
  async sync(): Promise<void> {
    try {
      await this.log.datasync();
    } catch (error) {
      this.doubtful = true;
      throw error;
    }
  }

  /** Carries a long write-ahead log over into the database; `sync` must have been called last. Never rejects. */
  async settle(): Promise<void> {
    if (this.logged < CHECKPOINT_BYTES) return;
    // Without room for it the log grows on, until there is none for that either.
    await this.checkpoint().catch(() => {});
  }

  async close(): Promise<void> {
    this.table.close();
    await this.log.close();
    await this.base.close();
  }

  /**
   * SQLite's own checkpoint would sync in this thread: tens of milliseconds in which no ping is
   * answered. The order is what matters: log synced, database written, database synced, and only then
   * may the next change write over the log.
   */
  private async checkpoint(): Promise<void> {
    if (this.doubtful) await this.log.datasync();
    this.table.checkpoint();
    try {
      await this.base.datasync();
    } catch (error) {
      // SQLite takes the log for carried over and would write over it: no change from here on.
      this.broken = error;
      throw error;
    }
    this.logged = 0;
    this.doubtful = false;
  }
}

/** Small contents lie in these files, and a folder that somebody has made may be open to all. */
async function makePrivate(path: string): Promise<void> {
  const file = await open(path, APPEND, 0o600);
  // One that belongs to another user is as private as that one has made it.
  await file.chmod(0o600).catch(() => {});
  await file.close();
}
