/**
 * The event log of a peer, `events.jsonl`: a line of JSON for each event. Written soon, not synced, and
 * never in the way of the peer: what cannot be written is counted and left out.
 */

import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { shown } from "../terminal/shown.ts";
import { Shared } from "./coalescing.ts";
import { APPEND } from "./durable.ts";
import { LOG_BYTES, LOG_FLUSH_BYTES, LOG_FLUSH_MS, LOG_UNWRITTEN_BYTES } from "./limits.ts";

const LOG_FILE = "events.jsonl";
const OLDER_FILE = "events.1.jsonl";
/** What an event takes in the file, about. */
const EVENT_BYTES = 256;

export class EventLog {
  /** Events left out because the disk would not take them. */
  lost = 0;
  /** Made into lines when they are written: whoever makes events is answering someone. */
  private events: object[] = [];
  private waitingBytes = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private handle: FileHandle | null = null;
  private size = 0;
  /** False after a line may have been cut short: the next begins on a new line. */
  private wholeLine = true;
  private closed = false;
  private readonly writes = new Shared(() => this.write());

  /** @param maxBytes the log is rotated when it would grow beyond */
  constructor(
    private readonly dir: string,
    private readonly maxBytes: number = LOG_BYTES,
  ) {}

  /** Takes an event, which nobody may change; it is in the file some 20 ms later. Never throws. */
  append(event: object): void {
    if (this.closed || this.waitingBytes > LOG_UNWRITTEN_BYTES) {
      this.lost++;
      return;
    }
    this.events.push(event);
    this.waitingBytes += EVENT_BYTES;
    if (this.waitingBytes >= LOG_FLUSH_BYTES) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), LOG_FLUSH_MS);
  }

  /** Resolves when all events taken so far are in the file, or given up. Never rejects. */
  flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    return this.writes.run();
  }

  /** Flushes and closes; later events are left out. Never rejects. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flush();
    await this.handle?.close().catch(() => {});
    this.handle = null;
  }

  private async write(): Promise<void> {
    const events = this.events;
    if (events.length === 0) return;
    this.events = [];
    this.waitingBytes = 0;
    try {
      const lines = events.map((event) => `${shown(JSON.stringify(event))}\n`);
      await this.writeLines(Buffer.from(lines.join("")));
    } catch {
      this.lost += events.length;
      this.wholeLine = false;
    }
  }

  private async writeLines(bytes: Buffer): Promise<void> {
    if (this.handle === null) await this.reopen();
    if (this.size > 0 && this.size + bytes.length > this.maxBytes) await this.rotate();
    const handle = this.handle;
    if (handle === null) throw new Error("the log is not open");
    const all = this.wholeLine ? bytes : Buffer.concat([Buffer.from("\n"), bytes]);
    for (let at = 0; at < all.length; ) {
      const { bytesWritten } = await handle.write(all, at, all.length - at);
      at += bytesWritten;
      this.size += bytesWritten;
    }
    this.wholeLine = true;
  }

  private async reopen(): Promise<void> {
    const handle = await open(join(this.dir, LOG_FILE), APPEND, 0o600);
    this.handle = handle;
    this.size = (await handle.stat()).size;
    const last = Buffer.alloc(1);
    if (this.size > 0) await handle.read(last, 0, 1, this.size - 1);
    this.wholeLine = this.size === 0 || last[0] === 10;
  }

  private async rotate(): Promise<void> {
    await this.handle?.close();
    this.handle = null;
    await rename(join(this.dir, LOG_FILE), join(this.dir, OLDER_FILE));
    await this.reopen();
  }
}
