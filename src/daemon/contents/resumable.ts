/**
 * Contents that broke off on their way in. What has come of them is kept, with its hash so far, so that
 * another replica can go on from that byte.
 */
import { writeKey } from "../../protocol/model/files.ts";
import type { FetchInto } from "../../protocol/model/io.ts";
import type { ContentHash, FetchTrouble } from "../../transport/types.ts";
import { RESUMABLE_DELIVERIES, RESUMABLE_DRAFTS, RESUMABLE_MS } from "../limits.ts";

/** Where a content goes, and what makes it count. */
export type Taker = {
  readonly write: (piece: Uint8Array) => Promise<void> | undefined;
  /** All has come, and has this size and hash. */
  readonly finish: (size: number, sha256: string) => Promise<void>;
  /** Leaves nothing. Never rejects. */
  readonly abort: () => Promise<void>;
};

/** A content of which the first `bytes` have been taken and hashed. */
export type Arriving = { readonly taker: Taker; readonly hash: ContentHash; bytes: number };

type Entry = { readonly arriving: Arriving; readonly sha256: string; readonly timer: Timer };

export class Resumable {
  readonly #drafts = new Map<string, Entry>();
  readonly #deliveries = new Map<string, Entry>();

  /** Keeps what has come. `place` is where it goes: a command's number, or a write of a name. */
  keep(place: string | number, sha256: string, arriving: Arriving): void {
    this.drop(place);
    const timer = setTimeout(() => this.drop(place), RESUMABLE_MS);
    const table = this.#tableOf(place);
    table.set(String(place), { arriving, sha256, timer });
    const most = table === this.#drafts ? RESUMABLE_DRAFTS : RESUMABLE_DELIVERIES;
    for (const oldest of table.keys()) {
      if (table.size <= most) return;
      void this.#drop(table, oldest);
    }
  }

  /** Hands out what has come of the content with this hash; it is kept here no more. */
  take(place: string | number, sha256: string | null): Arriving | null {
    const entry = this.#tableOf(place).get(String(place));
    if (entry === undefined) return null;
    if (entry.sha256 !== sha256) {
      this.drop(place);
      return null;
    }
    clearTimeout(entry.timer);
    this.#tableOf(place).delete(String(place));
    return entry.arriving;
  }

  /** Nobody wants it any more. */
  drop(place: string | number): void {
    void this.#drop(this.#tableOf(place), String(place));
  }

  /** Leaves nothing. Never rejects. */
  async clear(): Promise<void> {
    const tables = [this.#drafts, this.#deliveries];
    await Promise.all(
      tables.flatMap((table) => [...table.keys()].map((key) => this.#drop(table, key))),
    );
  }

  #tableOf(place: string | number): Map<string, Entry> {
    return typeof place === "number" ? this.#deliveries : this.#drafts;
  }

  #drop(table: Map<string, Entry>, key: string): Promise<void> {
    const entry = table.get(key);
    if (entry === undefined) return Promise.resolve();
    table.delete(key);
    clearTimeout(entry.timer);
    return entry.arriving.taker.abort();
  }
}

/** What broke off may be gone on with, unless it was wrong or could not be kept. */
export function mayGoOn(trouble: FetchTrouble): boolean {
  return trouble === "unreachable" || trouble === "refused" || trouble === "broken";
}

/** A delivery is known by its command, a copy by its write. */
export function placeOf(into: FetchInto): string | number {
  if (into.kind === "deliver") return into.command;
  return writeKey(into.record);
}
