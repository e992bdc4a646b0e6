/** How much room the disk of the data folder has, and whether that folder is still there: looked at now and again. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { freeBytes } from "../store/disk.ts";
import { errorCode } from "../store/durable.ts";
import { INDEX_FILE } from "../store/index-file.ts";
import { ROOM_EVERY_MS, ROOM_KEPT_BYTES } from "./limits.ts";

export type RoomOptions = {
  readonly dir: string;
  /** A lab says that the disk is full. */
  readonly full?: () => boolean;
  /** What there is room for, where that is another amount than before. */
  readonly room: (bytes: number) => void;
  /** The folder, or what must be in it, has gone or is another one: what is stored now is nowhere. Called once. */
  readonly deleted: () => void;
};

export class RoomWatch {
  readonly #options: RoomOptions;
  /** What a peer cannot be without, and which file each is; the index is made with the first file. */
  readonly #marks = new Map<string, string>();
  #bytes = Number.NaN;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking = false;

  /** The folder is there, and open. */
  constructor(options: RoomOptions) {
    this.#options = options;
    this.#noteMarks();
  }

  begin(): void {
    this.#timer = setInterval(() => void this.look(), ROOM_EVERY_MS);
    void this.look();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** False if the folder was deleted, or another put in its place. */
  get isThere(): boolean {
    for (const [path, mark] of this.#marks) {
      if (![mark, UNKNOWN].includes(markAt(path))) return false;
    }
    return true;
  }

  /** Looks now. Never rejects. */
  async look(): Promise<void> {
    if (this.#looking) return;
    if (!this.isThere) {
      this.close();
      this.#give(0);
      this.#options.deleted();
      return;
    }
    this.#noteMarks();
    this.#looking = true;
    const { dir, full } = this.#options;
    const free = full?.() ? 0 : await freeBytes(dir);
    this.#looking = false;
    // Where it cannot be told, a copy is tried.
    if (this.#timer !== undefined && free !== null) this.#give(roomOf(free));
  }

  #noteMarks(): void {
    const { dir } = this.#options;
    for (const path of [dir, join(dir, "files"), join(dir, INDEX_FILE)]) {
      const mark = this.#marks.has(path) ? UNKNOWN : markAt(path);
      if (mark !== UNKNOWN && mark !== GONE) this.#marks.set(path, mark);
    }
  }

  #give(bytes: number): void {
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#options.room(bytes);
  }
}

/** What is left for files of so many free bytes: the index, the log and the view need some. */
export function roomOf(free: number): number {
  return Math.max(0, Math.floor(free) - ROOM_KEPT_BYTES);
}

const GONE = "gone";
const UNKNOWN = "unknown";

/** Which file this is. One that cannot be looked at just now may be the one that it was. */
function markAt(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errorCode(error)) ? GONE : UNKNOWN;
  }
}
