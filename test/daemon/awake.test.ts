import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Awake } from "../../src/daemon/awake.ts";
import { ASLEEP_MS, HEARTBEAT_MS } from "../../src/protocol/model/config.ts";
import { withRing } from "../support/test-ring.ts";

/** A clock and a wall's clock that are set by hand. */
function clocks() {
  const times = { at: 1_000, wall: 1_700_000_000_000 };
  const awake = new Awake({ now: () => times.at, wall: () => times.wall });
  return (ms: number, wallMs: number, dueMs = Number.POSITIVE_INFINITY) => {
    const dueAt = times.at + dueMs;
    times.at += ms;
    times.wall += wallMs;
    return awake.look(dueAt).sleptMs;
  };
}

test("a gap longer than a heartbeat may be late is a sleep, whatever was due", () => {
  const pass = clocks();
  const most = HEARTBEAT_MS + ASLEEP_MS;
  expect(pass(most, most)).toBeNull();
  expect(pass(most + 1, most + 1)).toBe(most + 1);
  expect(pass(4_900, 4_900, 5_000)).toBe(4_900);
  expect(pass(ASLEEP_MS + 11, ASLEEP_MS + 11, 10)).toBe(ASLEEP_MS + 11);
  expect(pass(10, 10, 5)).toBeNull();
});

test("a suspended machine, whose own clock stood still, is told by the wall's clock", () => {
  const pass = clocks();
  expect(pass(100, 3_600_000)).toBe(3_600_000);
  expect(pass(100, 100)).toBeNull();
  // One that is set back says nothing.
  expect(pass(100, -3_600_000)).toBeNull();
  expect(pass(900, 100)).toBe(900);
});

describe("a stopped process", () => {
  test("notices that it slept, for how long, and takes nobody for dead", async () => {
    await withRing(
      async (ring) => {
        const peer = ring.peer(9);
        for (const ms of [1_500, 3_000]) {
          const before = woken(ring.folderOf(9)).length;
          peer.signal("SIGSTOP");
          await Bun.sleep(ms);
          peer.signal("SIGCONT");
          const all = await ring.wake.until("the sleep in the log", 10_000, () => {
            const found = woken(ring.folderOf(9));
            return found.length > before ? found : null;
          });
          expect(all.at(-1)).toBeGreaterThanOrEqual(ms - ASLEEP_MS);
        }
        expect(peer.lines.filter((line) => line.includes("no longer alive"))).toEqual([]);
      },
      [4, 9, 14],
      5,
    );
  }, 60_000);
});

/** The sleeps in a peer's log, in milliseconds. */
function woken(folder: string): number[] {
  const text = readFileSync(join(folder, "events.jsonl"), "utf8");
  return text.split("\n").flatMap((line) => {
    if (!line.includes('"woke"')) return [];
    const event: unknown = JSON.parse(line);
    if (typeof event !== "object" || event === null || !("ms" in event)) return [];
    return typeof event.ms === "number" ? [event.ms] : [];
  });
}
