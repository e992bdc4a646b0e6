import { describe, expect, test } from "bun:test";
import { withRing } from "../support/test-ring.ts";

const FIVE = [5, 8, 9, 14, 19];
const LIMIT_MS = 120_000;

describe("a peer started by hand", () => {
  test.concurrent(
    "lives on when its standard input is closed, or is /dev/null",
    () =>
      withRing(async (ring) => {
        ring.start(10, ["init", 10, 20, 30, 1], "ignore");
        ring.start(20, ["init", 20, 30, 10, 1]).closeStdin();
        ring.start(30, ["init", 30, 10, 20, 1]);
        await ring.calm();
        ring.peer(30).closeStdin();
        // A round of pings later it is still there, and serves.
        await ring.peer(30).waitFor(/^Ping requests sent/, 30_000, ring.peer(30).printed.length);
        await ring.control(10).type("Store 0015");
        await ring.peer(10).waitFor(/^File 0015 was placed/);
        await ring.calm();
        expect(ring.living).toEqual([10, 20, 30]);
      }),
    LIMIT_MS,
  );

  test.concurrent(
    "leaves gracefully at SIGTERM, with exit 0",
    () =>
      withRing(async (ring) => {
        ring.peer(9).signal("SIGTERM");
        expect(await ring.peer(9).waitForEnd()).toEqual({ code: 0, signal: null });
        const said = [5, 8].map((id) =>
          ring.peer(id).waitFor("Peer 9 will depart from the network"),
        );
        await Promise.all(said);
        await ring.calm();
        expect(ring.living).toEqual(FIVE.filter((id) => id !== 9));
      }, FIVE),
    LIMIT_MS,
  );

  test.concurrent(
    "departs without a word at SIGINT",
    () =>
      withRing(async (ring) => {
        ring.peer(9).signal("SIGINT");
        await ring.peer(9).waitForEnd();
        await Promise.all([5, 8].map((id) => ring.peer(id).waitFor("Peer 9 is no longer alive")));
        await ring.calm();
      }, FIVE),
    LIMIT_MS,
  );

  test.concurrent(
    "all leave in one instant, each with exit 0",
    () =>
      withRing(async (ring) => {
        ring.file("2067", 100_000);
        ring.peer(8).type("Store 2067");
        await ring.peer(8).waitFor(/^Stored 2067/);
        for (const id of FIVE) ring.peer(id).signal("SIGTERM");
        const ends = await Promise.all(FIVE.map((id) => ring.peer(id).waitForEnd()));
        expect(ends).toEqual(FIVE.map(() => ({ code: 0, signal: null })));
      }, FIVE),
    LIMIT_MS,
  );

  test.concurrent(
    "has left its ring: the same line again is a new start",
    () =>
      withRing(async (ring) => {
        ring.peer(9).type("quit");
        await ring.peer(9).waitForEnd();
        await ring.calm();
        ring.restart(9);
        await ring.calm();
        expect(ring.living).toEqual(FIVE);
        await ring.checks();
      }, FIVE),
    LIMIT_MS,
  );
});
