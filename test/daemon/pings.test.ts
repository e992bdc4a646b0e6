import { describe, expect, test } from "bun:test";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** Rounds that are looked at, after the ring has come together. */
const ROUNDS = 3;

/** The ids that a peer pings, and those that ping it: two each way, fewer in a small ring, never itself. */
function neighbours(ids: readonly number[], id: number, direction: 1 | -1): number[] {
  const at = ids.indexOf(id) + ids.length;
  const next = [1, 2].map((i) => ids[(at + direction * i) % ids.length] ?? id);
  return [...new Set(next)].filter((other) => other !== id);
}

/** What a peer prints of pings while it makes so many whole rounds: its first line of them is left out. */
async function rounds(ring: TestRing, id: number): Promise<string[]> {
  const peer = ring.peer(id);
  const from = peer.printed.length;
  const text = () => peer.printed.slice(from).map((line) => line.text);
  return await ring.wake.until(`${ROUNDS} rounds of peer ${id}`, 60_000, () => {
    const lines = text();
    const starts = lines.flatMap((line, i) => (line.startsWith("Ping requests sent") ? [i] : []));
    const end = starts[ROUNDS];
    return end === undefined ? null : lines.slice(starts[0], end);
  });
}

const count = (lines: readonly string[], text: string) => lines.filter((l) => l === text).length;

describe("pings", () => {
  for (const ids of [[30, 90], [10, 20, 200], SEVEN]) {
    test.concurrent(`in a ring of ${ids.length} a round is one line, and one for each request and answer`, async () => {
      const check = async (ring: TestRing) => {
        const all = await Promise.all(ids.map(async (id) => [id, await rounds(ring, id)] as const));
        for (const [id, lines] of all) {
          const to = neighbours(ids, id, 1);
          const sent = `Ping requests sent to Peers ${to[0]} and ${to[1] ?? id}`;
          const answers = to.map((other) => `Ping response received from Peer ${other}`);
          const requests = neighbours(ids, id, -1).map(
            (other) => `Ping request message received from Peer ${other}`,
          );
          expect(new Set(lines)).toEqual(new Set([sent, ...answers, ...requests]));
          for (const text of [sent, ...answers])
            expect([text, count(lines, text)]).toEqual([text, ROUNDS]);
          for (const text of requests) {
            // The others' rounds come at their own times: one may fall just outside.
            expect(Math.abs(count(lines, text) - ROUNDS)).toBeLessThanOrEqual(1);
          }
          expect(ring.peer(id).errors).toEqual([]);
        }
      };
      await withRing(check, ids);
    }, 120_000);
  }

  test.concurrent("alone, a peer prints nothing of pings", async () => {
    const check = async (ring: TestRing) => {
      await Bun.sleep(2_500);
      expect(ring.peer(42).printed).toEqual([]);
    };
    await withRing(check, [42]);
  }, 60_000);

  test.concurrent("a dead neighbour's closed port silences no ping to the other", async () => {
    const check = async (ring: TestRing) => {
      await ring.kill(9);
      await ring.peer(8).waitFor("My new second successor is Peer 19");
      const lines = await rounds(ring, 8);
      expect(count(lines, "Ping response received from Peer 14")).toBe(ROUNDS);
      expect(count(lines, "Ping response received from Peer 19")).toBe(ROUNDS);
    };
    await withRing(check, SEVEN);
  }, 120_000);
});
