/**
 * The files that a peer holds. Small contents lie in the index itself; larger ones are files below
 * `files/`, and the index says which has the content of which write. A file is synced, renamed and its
 * folder synced before its row is written; an old one goes after the new row is synced. So at every
 * moment the index names only whole contents, whatever ends the process or the power.
 */
import { randomBytes } from "node:crypto";
import { readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { BODY_BYTES } from "../protocol/model/config.ts";
import type { FileRecord, WriteId } from "../protocol/model/files.ts";
import { winnerOf } from "../protocol/model/siblings.ts";
import { Shared } from "./coalescing.ts";
import { type Content, contentOf, openKept } from "./content.ts";
import { setContentAside } from "./damaged.ts";
import { isDiskTrouble, isPassing } from "./disk.ts";
import { type Draft, draftOn } from "./draft.ts";
import { syncFolder } from "./durable.ts";
import { Ledger } from "./ledger.ts";
import type { Row } from "./row.ts";
import { type Scrubbed, type ScrubOptions, scrub } from "./scrub.ts";
import {
  isContentOf,
  newName,
  notAsAnnounced,
  removeInBackground,
  removeUnnamed,
  TEMPORARY,
} from "./stored.ts";
import { ContentWriter } from "./writer.ts";

const CONTENTS = "files";

export class FileStore {
  /**
   * Set by the owner: called when a write that is read turns out to be missing or not what it was.
   * Not called for what a scrub finds, which has a callback of its own.
   */
  damaged: (record: FileRecord) => void = () => {};
  private readonly folderSync: Shared;

  private constructor(
    private readonly dataDir: string,
    private readonly dir: string,
    private readonly ledger: Ledger,
  ) {
    this.folderSync = new Shared(() => syncFolder(dir));
  }

  /**
   * Opens the store of a data folder whose lock is held, and clears what an interrupted run left. The
   * index of a new folder is made with its first file: most peers of a ring start without any.
   * @param options `zeroAt`: when the protocol's clock was zero, in epoch milliseconds. The ages in
   *   records are as of then; none is less than it was when it was written, whatever the wall clock did.
   * @throws the system's or SQLite's error
   */
  static async open(dataDir: string, { zeroAt }: { readonly zeroAt: number }): Promise<FileStore> {
    const dir = join(dataDir, CONTENTS);
    const present = new Set(await readdir(dir));
    const removeContent = (content: string): void => removeInBackground(join(dir, content));
    const ledger = await Ledger.open(dataDir, zeroAt, present, removeContent);
    const store = new FileStore(dataDir, dir, ledger);
    await removeUnnamed(dir, present, ledger);
    return store;
  }

  /** All writes held of all names, conflicts and removals too. */
  records(): FileRecord[] {
    return Array.from(this.ledger.rows.all(), (row) => row.record);
  }

  /** Where the index is as an older program left it, if it was brought over just now. */
  get olderCopy(): string | null {
    return this.ledger.olderCopy;
  }

  /** Names of what no peer could be offered, as earlier versions left some here: it stays, and is not held. */
  get unfit(): readonly string[] {
    return this.ledger.unfit.map((row) => row.record.name);
  }

  /** Names, as far as they can be read, of rows that the disk has not kept as they were: they stay, and are not held. */
  get damagedRows(): readonly string[] {
    return this.ledger.damaged.map(({ name }) => name);
  }

  /** A write as it is held, under whatever version; null if it is not. */
  find(id: WriteId): FileRecord | null {
    return this.ledger.rows.find(id)?.record ?? null;
  }

  /** The write held that has the name, which may be a removal. */
  winner(name: string): FileRecord | null {
    return winnerOf(this.ledger.rows.of(name).map((row) => row.record)) ?? null;
  }

  /**
   * Begins a content; nothing is on the disk before its first megabyte, or its commit.
   * @param options `hash: false`: whoever writes knows the hash already
   */
  begin(options: { readonly hash?: boolean } = {}): Draft {
    const path = join(this.dir, TEMPORARY + randomBytes(8).toString("hex"));
    const writer = new ContentWriter(path, { ...options, sync: true });
    return draftOn(writer, (record) => this.commit(writer, record, options.hash !== false));
  }

  /**
   * Keeps a small content: the write is merged with those held of its name (`merge`), and what one of
   * them has replaced goes.
   * @param bytes at most BODY_BYTES, which nobody may change before the promise resolves
   * @returns resolves when durable: false if a write that replaced it is held
   * @throws Failure if the bytes are not the record's; DiskTrouble
   */
  async keep(record: FileRecord, bytes: Uint8Array): Promise<boolean> {
    if (bytes.length > BODY_BYTES || !isContentOf(record, bytes)) throw notAsAnnounced(record);
    return this.ledger.enter(record, "", bytes.length === 0 ? null : bytes);
  }

  /**
   * Enters a removal, as `keep` does a content.
   * @returns resolves when durable: false if a write that replaced it is held
   * @throws DiskTrouble
   */
  async mergeRecord(record: FileRecord): Promise<boolean> {
    try {
      return await this.ledger.enter(record, "", null);
    } catch (error) {
      // On a full disk the removal finds no room, unless what it removes goes first.
      if (!isDiskTrouble(error) || !(await this.makeWay(record))) throw error;
      return await this.ledger.enter(record, "", null);
    }
  }

  /**
   * A small content, checked against its hash; what fails is reported as damaged.
   * @returns null if the write is not held, is a removal, is damaged, or has more than BODY_BYTES
   */
  bytesOf(id: WriteId): Uint8Array | null {
    const row = this.ledger.rows.find(id);
    if (row === undefined || row.record.removed || row.record.size > BODY_BYTES) return null;
    let bytes: Uint8Array | null = null;
    try {
      bytes = this.readSmall(row);
    } catch (error) {
      if (isPassing(error)) return null;
    }
    if (bytes !== null && isContentOf(row.record, bytes)) return bytes;
    this.damaged(row.record);
    return null;
  }

  /**
   * Keeps a large content that lies in a file of this disk, which is moved here; its hash is not looked at.
   * @throws the system's error if there is no such file; DiskTrouble
   */
  async adopt(record: FileRecord, from: string): Promise<boolean> {
    const content = newName(record);
    await rename(from, join(this.dir, content));
    await this.folderSync.run();
    return await this.ledger.enter(record, content, null);
  }

  /**
   * Opens a write for reading. A small one has been checked; a larger one is to be hashed by whoever
   * reads it.
   * @returns null if the write is not held or is a removal, or its content is damaged or missing
   */
  open(id: WriteId): Content | null {
    const row = this.ledger.rows.find(id);
    if (row === undefined || row.record.removed) return null;
    if (row.content === "") {
      const bytes = this.bytesOf(id);
      return bytes === null ? null : contentOf(bytes);
    }
    try {
      const content = openKept(join(this.dir, row.content));
      if (content.size === row.record.size) return content;
      content.close();
    } catch (error) {
      if (isPassing(error)) return null;
    }
    this.damaged(row.record);
    return null;
  }

  /** A write never has its name from here on: at once in memory, soon on the disk. Nothing happens if it is not held. */
  setApart(id: WriteId): void {
    const row = this.ledger.rows.find(id);
    if (row !== undefined)
      this.ledger.rewrite({ ...row, record: Object.freeze({ ...row.record, apart: true }) });
  }

  /** Forgets a write and removes its content; nothing happens if it is not held. */
  drop(id: WriteId): void {
    const row = this.ledger.rows.find(id);
    if (row === undefined) return;
    this.ledger.forget(row);
    if (row.content !== "") removeInBackground(join(this.dir, row.content));
  }

  /**
   * Forgets a write that is damaged, and moves its content to `damaged/` in the data folder. Nothing
   * happens if it is not held. Never rejects.
   */
  async setAside(id: WriteId): Promise<void> {
    const row = this.ledger.rows.find(id);
    if (row === undefined) return;
    const from = row.content === "" ? this.rawBody(row) : join(this.dir, row.content);
    this.ledger.forget(row);
    await setContentAside(this.dataDir, row.record, from);
  }

  /** Lets go of what the index keeps of its file in memory. */
  shrink = (): void => this.ledger.forgetPages();

  /** Refuses each new content from here on, as a full disk does, or takes them again. */
  fill = (full: boolean): unknown => Object.assign(this.ledger, { full });

  /** Reads every content back and reports the damaged ones, which stay. Never rejects. */
  scrub(options: ScrubOptions): Promise<Scrubbed> {
    this.shrink();
    const small = (row: Row) => contentOf(this.readSmall(row) ?? new Uint8Array(0));
    const file = (row: Row) => openKept(join(this.dir, row.content));
    const open = (row: Row) => (row.content === "" ? small(row) : file(row));
    return scrub({ rows: this.ledger.rows, open }, options);
  }

  /** Resolves when what was begun is durable, and closes. */
  close = (): Promise<void> => this.ledger.close();

  /**
   * Removes the contents that a removal is to take the place of. A crash just then leaves nothing of
   * them here, and other replicas have the removal.
   * @returns whether there were any
   */
  private async makeWay(removal: FileRecord): Promise<boolean> {
    const rows = this.ledger.rows.replacedBy(removal).filter(({ content }) => content !== "");
    for (const { content } of rows) await unlink(join(this.dir, content)).catch(() => {});
    return rows.length > 0;
  }

  /** A small content as it is. @throws the system's or SQLite's error */
  private readSmall(row: Row): Uint8Array | null {
    if (row.record.size === 0 && row.content === "") return new Uint8Array(0);
    if (row.content === "") return this.ledger.body(row);
    const content = openKept(join(this.dir, row.content));
    try {
      const bytes = new Uint8Array(Math.min(content.size, BODY_BYTES));
      const read = content.size <= BODY_BYTES ? content.read(bytes, 0) : 0;
      return read === row.record.size ? bytes : null;
    } finally {
      content.close();
    }
  }

  private rawBody(row: Row): Uint8Array | null {
    try {
      return this.readSmall(row);
    } catch {
      return null;
    }
  }

  private async commit(
    writer: ContentWriter,
    record: FileRecord,
    hashed: boolean,
  ): Promise<boolean> {
    const small = writer.size <= BODY_BYTES ? writer.taken() : null;
    if (small !== null) {
      try {
        return await this.keep(record, small);
      } finally {
        await writer.discard();
      }
    }
    const content = newName(record);
    const path = join(this.dir, content);
    try {
      if (writer.size !== record.size || (hashed && writer.sha256() !== record.sha256)) {
        throw notAsAnnounced(record);
      }
      await writer.finish(true);
      await rename(writer.path, path);
      writer.movedTo(path);
      await this.folderSync.run();
      const kept = await this.ledger.enter(record, content, null);
      // False where the write is held already, or one that replaced it.
      const isNamed = this.ledger.rows.of(record.name).some((row) => row.content === content);
      if (!isNamed) await unlink(path).catch(() => {});
      return kept;
    } catch (error) {
      await writer.discard();
      await unlink(path).catch(() => {});
      throw error;
    }
  }
}
