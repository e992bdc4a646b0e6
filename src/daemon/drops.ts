/** Says so where much is dropped, once in a while, with who sends most of it; and where a member's port is another program's. */
import type { Member } from "../protocol/model/member.ts";
import type { DropRow, Drops } from "../transport/drops.ts";
import type { EventStream } from "./events.ts";
import { DROPS_TOLD, DROPS_TOLD_MS, FOREIGN_DATAGRAMS, FOREIGN_LOOK_MS } from "./limits.ts";

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
 * Says once of each member that is only expected that another program is at its port, where that is so.
 * @param expected the members that have never answered
 * @returns a function that ends that
 */
export function tellOfForeign(
  drops: Drops,
  expected: () => readonly Member[],
  events: EventStream,
): () => void {
  const told = new Set<number>();
  const timer = setInterval(() => {
    const waiting = expected().filter(({ id }) => !told.has(id));
    if (waiting.length === 0) return;
    for (const member of foreignAmong(waiting, drops.rows())) {
      // As many as were expected at the start, at most: nobody is expected later.
      told.add(member.id);
      const text = `At ${member.address}, where peer ${member.id} is expected, another program answers, which speaks another protocol.`;
      events.publish({ event: "note", text });
    }
  }, FOREIGN_LOOK_MS);
  return () => clearInterval(timer);
}

/** Of a datagram that no peer of the ring has sent. */
const MEANINGLESS: readonly string[] = ["malformed", "not sealed"];

/** Those from whose addresses nothing has come but datagrams of no meaning. */
export function foreignAmong(expected: readonly Member[], rows: readonly DropRow[]): Member[] {
  const strange = new Set(
    rows
      .filter(({ kind, reason }) => kind === "datagram" && MEANINGLESS.includes(reason))
      .flatMap(({ from, count }) => (count >= FOREIGN_DATAGRAMS ? [from] : [])),
  );
  return expected.filter(({ address }) => strange.has(address));
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
