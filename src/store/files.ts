/**
 * The files that a peer holds: contents below `files/`, and the index that says which content is which
 * version of which name. A content is synced, renamed and its folder synced before its row is
 * written; an old content goes after the new row is synced. So at every moment the index names only
 * whole contents, whatever ends the process or the power.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../protocol/failure.ts";
import { compareStamps, type FileRecord, type Stamp } from "../protocol/files.ts";
import { type Content, openContent } from "./content.ts";
import { syncFolder } from "./durable.ts";
import { INDEX_FILE, Index } from "./index-file.ts";
import { Shared } from "./latest.ts";
import type { Row } from "./table.ts";
import { ContentWriter } from "./writer.ts";

const CONTENTS = "files";
/** Contents on their way in; whatever bears this prefix at a start was never finished. */
const TEMPORARY = "incoming-";

/** A content on its way into the store. Exactly one of `commit` and `abort` ends it. */
export type Draft = {
  /** Bytes taken so far. */
  readonly size: number;
  /** Takes a piece; wait for the promise, if there is one, before the next. Throws a full disk's error. */
  write(piece: Uint8Array): Promise<void> | undefined;
  /** The hash of all that was taken. No piece can be taken after. */
  sha256(): string;
  /**
   * Makes the content durable, then its row. After a rejection nothing of it is left.
   * @returns false if a newer version of the name was there already, and stays
   * @throws Failure if the content has not the record's size and hash, or its stamp is taken
   */
  commit(record: FileRecord): Promise<boolean>;
  /** Leaves nothing. Never rejects. */
  abort(): Promise<void>;
};

export class FileStore {
  private readonly rows = new Map<string, Row>();
  private readonly folderSync: Shared;
  private readonly indexSync: Shared;
  private opening: Promise<Index> | null = null;

  private constructor(
    private readonly dataDir: string,
    private readonly dir: string,
    private opened: Index | null,
  ) {
    this.folderSync = new Shared(() => syncFolder(dir));
    this.indexSync = new Shared(async () => (await this.index()).log.datasync());
  }

  /**
   * Opens the store of a data folder whose lock is held, and clears what an interrupted run left. The
   * index of a new folder is made with its first file: most peers of a ring start without any.
   * @throws the system's or SQLite's error
   */
  static async open(dataDir: string): Promise<FileStore> {
    const dir = join(dataDir, CONTENTS);
    const present = new Set(await readdir(dir));
    const isNew = !existsSync(join(dataDir, INDEX_FILE));
    const index = isNew ? null : await Index.open(dataDir);
    try {
      const store = new FileStore(dataDir, dir, index);
      if (index !== null) store.load(index, present);
      await store.clear(present);
      return store;
    } catch (error) {
      await index?.close();
      throw error;
    }
  }

  /** The newest version held of each name. */
  records(): FileRecord[] {
    return Array.from(this.rows.values(), (row) => row.record);
  }

  /** The newest version held of a name. */
  record(name: string): FileRecord | null {
    return this.rows.get(name)?.record ?? null;
  }

  /** Begins a content; nothing is on the disk before its first piece. */
  begin(): Draft {
    const writer = new ContentWriter(join(this.dir, TEMPORARY + randomBytes(8).toString("hex")));
    return {
      get size() {
        return writer.size;
      },
      write: (piece) => writer.write(piece),
      sha256: () => writer.sha256(),
      commit: (record) => this.commit(writer, record),
      abort: () => writer.discard(),
    };
  }

  /**
   * Opens a version for reading.
   * @param stamp null for the newest held
   * @returns null if that version is not held, or its content is not as long as it should be
   */
  open(name: string, stamp: Stamp | null): Content | null {
    const row = this.rows.get(name);
    if (row === undefined) return null;
    if (stamp !== null && compareStamps(stamp, row.record.stamp) !== 0) return null;
    let content: Content;
    try {
      content = openContent(join(this.dir, row.content));
    } catch {
      return null;
    }
    if (content.size === row.record.size) return content;
    content.close();
    return null;
  }

  /** Forgets a version and removes its content; nothing happens if another version is held. */
  drop(name: string, stamp: Stamp): void {
    const row = this.rows.get(name);
    if (row === undefined || compareStamps(row.record.stamp, stamp) !== 0) return;
    this.rows.delete(name);
    this.opened?.table.drop(name);
    removeQuietly(join(this.dir, row.content));
  }

  /** Resolves when what was begun is durable, and closes. */
  async close(): Promise<void> {
    await this.indexSync.idle();
    await this.opening?.catch(() => {});
    await this.opened?.close();
  }

  /** The index, made now if this is the first file. @throws the system's or SQLite's error */
  private async index(): Promise<Index> {
    if (this.opened !== null) return this.opened;
    this.opening ??= Index.open(this.dataDir);
    try {
      this.opened = await this.opening;
    } finally {
      this.opening = null;
    }
    return this.opened;
  }

  private async commit(writer: ContentWriter, record: FileRecord): Promise<boolean> {
    const content = `${record.sha256.slice(0, 16)}-${randomBytes(8).toString("hex")}`;
    const path = join(this.dir, content);
    try {
      if (writer.size !== record.size || writer.sha256() !== record.sha256) {
        throw new Failure(`The content of ${record.name} is not what its sender announced.`);
      }
      await writer.finish(true);
      await rename(writer.path, path);
      await this.folderSync.run();
      const { table } = await this.index();
      const old = this.rows.get(record.name);
      const order = old === undefined ? 1 : compareStamps(record.stamp, old.record.stamp);
      if (order <= 0) return await this.keepOld(path, record, old, order);
      table.put(record, content);
      this.rows.set(record.name, { record: Object.freeze({ ...record }), content });
      await this.indexSync.run().catch((error) => this.takeBack(record.name, content, old, error));
      if (old !== undefined) removeQuietly(join(this.dir, old.content));
      return true;
    } catch (error) {
      await writer.discard();
      if (this.rows.get(record.name)?.content !== content) await unlink(path).catch(() => {});
      throw error;
    }
  }

  /** The disk would not keep the new row: the old one holds again, unless a newer came meanwhile. */
  private takeBack(name: string, content: string, old: Row | undefined, error: unknown): never {
    if (this.rows.get(name)?.content === content) {
      this.rows.delete(name);
      this.opened?.table.drop(name);
      if (old !== undefined) {
        this.rows.set(name, old);
        this.opened?.table.put(old.record, old.content);
      }
    }
    throw error;
  }

  /** The version held stays: it is newer, or the very one that came again. */
  private async keepOld(
    path: string,
    record: FileRecord,
    old: Row | undefined,
    order: number,
  ): Promise<boolean> {
    await unlink(path);
    if (order < 0) return false;
    if (old?.record.sha256 !== record.sha256) {
      throw new Failure(`Another content of ${record.name} already bears the same stamp.`);
    }
    // Its first coming may still be on its way to the disk.
    await this.indexSync.run();
    return true;
  }

  /** Takes the rows over; those without a content are dropped. */
  private load({ table }: Index, present: ReadonlySet<string>): void {
    const lost: string[] = [];
    for (const row of table.all()) {
      if (present.has(row.content)) this.rows.set(row.record.name, row);
      else lost.push(row.record.name);
    }
    table.together(() => {
      for (const name of lost) table.drop(name);
    });
  }

  /** Removes contents that no row names: temporaries, and versions replaced just before the end. */
  private async clear(present: ReadonlySet<string>): Promise<void> {
    const named = new Set(Array.from(this.rows.values(), (row) => row.content));
    for (const name of present) {
      if (!named.has(name)) await unlink(join(this.dir, name)).catch(() => {});
    }
  }
}

/** In the background: a large file takes a while. One that stays is unnamed, and goes at the next start. */
function removeQuietly(path: string): void {
  void unlink(path).catch(() => {});
}
