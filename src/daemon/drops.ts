/** Says so where much is dropped: once in a while, and with who sends most of it. */
import type { DropRow, Drops } from "../transport/drops.ts";
import type { EventStream } from "./events.ts";
import { DROPS_TOLD, DROPS_TOLD_MS } from "./limits.ts";

/**
 * @param drops what was dropped so far
 * @returns a function that ends that
 */
export function tellOfDrops(drops: Drops, events: EventStream): () => void {
  let before = drops.rows();
  const timer = setInterval(() => {
    const now = drops.rows();
    const text = dropsSentence(before, now);
    before = now;
    if (text !== null) events.publish({ event: "note", text });
  }, DROPS_TOLD_MS);
  return () => clearInterval(timer);
}

/**
 * @param before the rows a while ago
 * @param now and now
 * @returns null where little was dropped meanwhile
 */
export function dropsSentence(before: readonly DropRow[], now: readonly DropRow[]): string | null {
  const known = new Map(before.map((row) => [keyOf(row), row.count]));
  const grown = now.map((row) => ({ row, more: row.count - (known.get(keyOf(row)) ?? 0) }));
  // A row that has gone into that of the others is counted there.
  const sum = (rows: readonly DropRow[]) => rows.reduce((all, { count }) => all + count, 0);
  const more = sum(now) - sum(before);
  if (more < DROPS_TOLD) return null;
  const [most] = grown.filter(({ row }) => row.from !== null).sort((a, b) => b.more - a.more);
  const whose = most === undefined ? "" : `, most from ${most.row.from} (${most.row.reason})`;
  return `In a minute ${more} messages, contents and connections were dropped or turned away${whose}: p2p status says more.`;
}

function keyOf({ kind, reason, from }: DropRow): string {
  return `${kind} ${reason} ${from}`;
}
