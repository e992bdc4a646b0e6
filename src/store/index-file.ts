/** The index on the disk: SQLite's table, and a handle on its write-ahead log by which rows are synced. */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./durable.ts";
import { Table } from "./table.ts";

export const INDEX_FILE = "index.db";

export class Index {
  private constructor(
    readonly table: Table,
    readonly log: FileHandle,
  ) {}

  /** Opens the index of a data folder, or makes it. @throws the system's or SQLite's error */
  static async open(dataDir: string): Promise<Index> {
    const table = new Table(join(dataDir, INDEX_FILE));
    let log: FileHandle | null = null;
    try {
      // Of SQLite's files only the write-ahead log may be opened beside it: closing any other would
      // let go of SQLite's locks.
      log = await open(join(dataDir, `${INDEX_FILE}-wal`), "a", 0o600);
      await syncFolder(dataDir);
      return new Index(table, log);
    } catch (error) {
      await log?.close().catch(() => {});
      table.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.log.close();
    this.table.close();
  }
}
