import { expect, test } from "bun:test";
import { Gathering } from "../../../src/daemon/contents/gathering.ts";
import { GATHER_AHEAD_BYTES, STRIPE_BYTES } from "../../../src/daemon/limits.ts";
import type { Replica } from "../../../src/protocol/model/io.ts";
import { FetchFailure, type Transport } from "../../../src/transport/types.ts";
import { recordOf } from "../../store/records.ts";
import { someBytes } from "../../store/temporary.ts";

/** A content from several replicas at once, whatever becomes of some of them. */

const PIECE = 1 << 20;
const SIZE = 11 * STRIPE_BYTES + 12_345;
const pattern = someBytes(PIECE);
/** Longer than a machine stands still: nobody is taken for slow. */
const NOBODY_IS_SLOW_MS = 60_000;

/** What is at each place: a piece of bytes that begins with its number. */
function pieceAt(at: number, until: number): Uint8Array {
  const piece = pattern.slice(0, Math.min(PIECE, until - at));
  new DataView(piece.buffer).setUint32(0, at / PIECE);
  return piece;
}

/** What a replica does once it has sent so many bytes in all; null is for ever. */
type Kind = {
  readonly after?: number;
  readonly end?: "dies" | "freezes";
  readonly pauseMs?: number;
};

class Ring {
  readonly asked: { id: number; offset: number }[] = [];
  readonly reports: { id: number; bytes: number; good: boolean }[] = [];
  /** The most that had come and was not taken. */
  ahead = 0;
  taken = 0;
  #come = 0;

  constructor(private readonly kinds: readonly Kind[]) {}

  readonly #sent = new Map<number, number>();

  readonly fetch: Transport["fetch"] = async (from, _source, sink, options = {}) => {
    const id = Number(from);
    const kind = this.kinds[id] ?? {};
    const { offset = 0, until = SIZE, signal } = options;
    this.asked.push({ id, offset });
    for (let at = offset; at < until; at += PIECE) {
      await (kind.pauseMs === undefined ? null : Bun.sleep(kind.pauseMs));
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw new FetchFailure("It was given up.", "local");
      const sent = this.#sent.get(id) ?? 0;
      if (sent >= (kind.after ?? Number.POSITIVE_INFINITY)) {
        if (kind.end === "dies") throw new FetchFailure("It broke off.", "broken");
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        throw new FetchFailure("It was given up.", "local");
      }
      const piece = pieceAt(at, until);
      this.#sent.set(id, sent + piece.length);
      this.#come += piece.length;
      this.ahead = Math.max(this.ahead, this.#come - this.taken);
      await sink.write(piece);
    }
    return { size: SIZE, sha256: "" };
  };

  async gather(
    take = (_piece: Uint8Array): void | Promise<void> => {},
    offset = 0,
    idleMs?: number,
  ): Promise<number[]> {
    const write = recordOf("film", pattern, 1);
    const replicas: Replica[] = this.kinds.map((_, id) => ({ id, address: String(id) }));
    this.taken = offset;
    const gathering = new Gathering({
      ...{ transport: this, write, size: SIZE, offset, replicas },
      ...(idleMs === undefined ? {} : { idleMs }),
      take: (piece) => {
        const number = new DataView(piece.buffer).getUint32(0);
        expect([number, piece.length]).toEqual([
          this.taken / PIECE,
          Math.min(PIECE, SIZE - this.taken),
        ]);
        this.taken += piece.length;
        return take(piece);
      },
      report: ({ id }, bytes, _ms, good) => this.reports.push({ id, bytes, good }),
    });
    return (await gathering.run()).map(({ id }) => id);
  }
}

test("all bring a share, and it comes in order, from wherever it began", async () => {
  const ring = new Ring([{}, {}, {}]);
  expect(await ring.gather(undefined, 3 * PIECE, NOBODY_IS_SLOW_MS)).toEqual([0, 1, 2]);
  expect(ring.taken).toBe(SIZE);
  const bytes = ring.reports.map((report) => report.bytes);
  expect(bytes.reduce((a, b) => a + b)).toBe(SIZE - 3 * PIECE);
  expect(Math.min(...bytes)).toBeGreaterThanOrEqual(2 * STRIPE_BYTES);
});

test.each(["dies", "freezes"] as const)(
  "one that %s half way is replaced where it was",
  async (end) => {
    const ring = new Ring([{ after: 12 * PIECE, end }, {}]);
    expect(await ring.gather()).toEqual([1]);
    expect(ring.taken).toBe(SIZE);
    expect(ring.reports).toContainEqual({ id: 0, bytes: 12 * PIECE, good: false });
    expect(ring.reports).toContainEqual({ id: 1, bytes: SIZE - 12 * PIECE, good: true });
  },
);

test("one that crawls is replaced by whoever has nothing else to do", async () => {
  const ring = new Ring([{ pauseMs: 1_000 }, {}]);
  const began = performance.now();
  expect(await ring.gather()).toEqual([1]);
  expect(ring.taken).toBe(SIZE);
  // Alone, its first stripe would take it eight seconds.
  expect(performance.now() - began).toBeLessThan(7_000);
});

test("no more is held in memory than may be ahead, however slowly it is taken", async () => {
  const ring = new Ring([{}, {}]);
  await ring.gather(() => Bun.sleep(2));
  expect(ring.taken).toBe(SIZE);
  expect(ring.ahead).toBeLessThanOrEqual(GATHER_AHEAD_BYTES + 2 * PIECE);
  expect(ring.ahead).toBeGreaterThan(STRIPE_BYTES);
});

test("where all fail, what has come in order is kept", async () => {
  const ring = new Ring([
    { after: 5 * PIECE, end: "dies" },
    { after: 30 * PIECE, end: "dies" },
  ]);
  expect(await ring.gather()).toEqual([]);
  expect(ring.taken).toBeGreaterThanOrEqual(5 * PIECE);
  expect(ring.taken).toBeLessThan(SIZE);
});

test("a disk that takes no more ends it for all, and is told of", async () => {
  const ring = new Ring([{}, { after: 9 * PIECE, end: "freezes" }]);
  const full = new Error("no room");
  const gathering = ring.gather(() => {
    if (ring.taken > 10 * PIECE) throw full;
  });
  expect(await gathering.catch((error) => error)).toBe(full);
});
