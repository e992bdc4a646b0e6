/** The times of faults that come and go: whose they are, and when they are nobody's. */
import { afterEach, expect, test } from "bun:test";
import type { PeerSnapshot } from "../../src/checks/ring.ts";
import { epochNow, type LoggedEvent } from "../../src/control/types.ts";
import type { Seen } from "../../src/lab/follower.ts";
import { Healing } from "../../src/lab/healing.ts";
import { HOLD_MS } from "../../src/lab/limits.ts";
import { Watch } from "../../src/lab/watch.ts";

const IDS = [2, 4, 8, 16];
let healing: Healing | null = null;
afterEach(() => healing?.close());

/** What a peer knows of a ring in which these live. */
function snapshot(id: number, living: readonly number[]): PeerSnapshot {
  const next = (steps: number): number =>
    living[(living.indexOf(id) + steps + living.length) % living.length] ?? id;
  const members = living.map((each) => ({ id: each, state: "alive" as const }));
  const around = { successors: [next(1), next(2)], predecessors: [next(-1), next(-2)] };
  return { id, bits: 8, strategy: "successor", ...around, members, lookups: [] };
}

/** A ring whose views are set by the test. */
class FakeWatch extends Watch {
  views = new Map(IDS.map((id) => [id, snapshot(id, IDS)]));
  private readonly heard = new Set<(seen: Seen) => void>();

  override snapshots(ids: readonly number[]): PeerSnapshot[] {
    return ids.flatMap((id) => this.views.get(id) ?? []);
  }

  override listen(listener: (seen: Seen) => void): () => void {
    this.heard.add(listener);
    return () => this.heard.delete(listener);
  }

  /** Peers see only these alive from here on. @param dead is told of as dead by each of them */
  see(living: readonly number[], dead: number | null = null): number {
    const at = epochNow();
    for (const id of living) {
      this.views.set(id, snapshot(id, living));
      const base = { v: 1, at, seq: 1, peer: id, incarnation: 1 } as const;
      const event: LoggedEvent =
        dead === null
          ? { ...base, event: "successors", successors: [], predecessors: [] }
          : {
              ...base,
              event: "member",
              id: dead,
              memberIncarnation: 1,
              state: "dead",
              why: "lost",
            };
      for (const listener of this.heard) listener({ id, at, event, snapshot: null });
    }
    return at;
  }
}

function begin(): { watch: FakeWatch; living: Set<number>; healing: Healing } {
  const watch = new FakeWatch();
  const living = new Set(IDS);
  healing = new Healing(watch, () => [...living]);
  return { watch, living, healing };
}

async function held(): Promise<void> {
  await Bun.sleep(HOLD_MS + 150);
}

test("a death is detected by both that watch, and heals when all views are right and stay so", async () => {
  const { watch, living, healing } = begin();
  const at = epochNow();
  living.delete(8);
  healing.began(1, at, [8]);
  healing.heals(1, at);
  expect(healing.timesOf(1)).toEqual({ detectMs: null, healMs: null, recopyMs: null });
  await Bun.sleep(30);
  const seen = watch.see([2, 4, 16], 8);
  await held();
  const { detectMs, healMs } = healing.timesOf(1);
  expect(detectMs).toBeCloseTo(seen - at, 6);
  expect(healMs).toBeGreaterThanOrEqual(seen - at);
  expect(healMs).toBeLessThan(seen - at + HOLD_MS);
});

test("what is disturbed before it has healed has no time, and what had healed keeps its own", async () => {
  const { watch, living, healing } = begin();
  const at = epochNow();
  living.delete(8);
  healing.began(1, at, [8]);
  healing.heals(1, at);
  healing.disturb();
  watch.see([2, 4, 16], 8);
  await held();
  expect(healing.timesOf(1).healMs).toBeNull();
  healing.began(2, epochNow(), []);
  healing.heals(2, epochNow());
  healing.disturb();
  expect(healing.timesOf(2).healMs).toBe(0);
});

test("copies have their time from the fault on", () => {
  const { healing } = begin();
  healing.began(3, 1_000, []);
  healing.recopied(3, 1_750);
  expect(healing.timesOf(3)).toEqual({ detectMs: null, healMs: null, recopyMs: 750 });
});
