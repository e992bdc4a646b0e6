/**
 * Writes the log of a ring as it happens: what was typed and shown, what was done to its peers, and what they said
 * of themselves. Whoever shows the ring reads the same lines.
 */
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { epochNow } from "../control/types.ts";
import type { ProcessState, RingLine } from "../page/ring-lines.ts";
import type { Seen } from "./follower.ts";
import { RECORD_BYTES, RECORD_MS } from "./limits.ts";

import { RingNews } from "./ring-news.ts";

const FILE = "ring.jsonl";
const OLDER = "ring.1.jsonl";

/** The log in a ring's folder. */
export function recordPath(dir: string): string {
  return join(dir, FILE);
}

export class RingRecorder {
  private fd: number | null;
  private waiting = "";
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<(line: RingLine) => void>();
  private readonly news = new RingNews();
  private size = 0;

  /** Begins anew: the log of the ring that was there before is set aside. Never throws: a ring goes on without. */
  constructor(dir: string) {
    this.fd = opened(dir);
  }

  /** @returns a function that ends it */
  listen(listener: (line: RingLine) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  write(line: RingLine): void {
    for (const listener of this.listeners) listener(line);
    // A log without an end would fill the disk of a ring that runs for weeks.
    if (this.fd === null || this.size > RECORD_BYTES) return;
    const text = `${JSON.stringify(line)}\n`;
    this.size += text.length;
    this.waiting += text;
    // Of a busy ring there are thousands a second: what comes together is written together.
    this.timer ??= setTimeout(() => this.flush(), RECORD_MS);
  }

  /** The checks hold. */
  stands(): void {
    this.news.stands = true;
    this.write({ type: "stands", at: epochNow() });
  }

  typed(line: string): void {
    this.write({ type: "typed", at: epochNow(), line });
  }

  /** @param peer whose it is; null for the ring's own */
  shown(peer: number | null, text: string, error: boolean): void {
    this.write({ type: "shown", at: epochNow(), peer, text, error });
  }

  process(peer: number, state: ProcessState, at: number): void {
    if (state === "started") this.news.forget(peer);
    this.write({ type: "process", at, peer, state });
  }

  /** What a peer said of itself. */
  seen(seen: Seen): void {
    const { id: peer, at, event, snapshot } = seen;
    if (!this.news.isNews(seen)) return;
    if (event !== null) this.write({ type: "event", at, peer, event });
    else if (snapshot !== null) {
      const { successors, predecessors } = snapshot;
      this.write({ type: "view", at, peer, successors, predecessors });
    }
  }

  close(): void {
    this.listeners.clear();
    this.flush();
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const text = this.waiting;
    this.waiting = "";
    if (this.fd === null || text === "") return;
    try {
      writeSync(this.fd, text);
    } catch {
      // What comes next may find room.
    }
  }
}

function opened(dir: string): number | null {
  const path = recordPath(dir);
  try {
    renameSync(path, join(dir, OLDER));
  } catch {
    // There was none.
  }
  try {
    return openSync(path, "w", 0o600);
  } catch {
    return null;
  }
}
