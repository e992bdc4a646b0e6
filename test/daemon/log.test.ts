import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoggedEvent } from "../../src/control/types.ts";
import { sha256 } from "../store/temporary.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** What stays in `events.jsonl` of what happened at a peer. */

function linesOf(ring: TestRing, id: number): string[] {
  const text = readFileSync(join(ring.folderOf(id), "events.jsonl"), "utf8");
  return text.split("\n").filter((line) => line !== "");
}

function log(ring: TestRing, id: number): LoggedEvent[] {
  return linesOf(ring, id).map((line) => JSON.parse(line) as LoggedEvent);
}

/** How a store stands there, its numbers left out. */
const STORED = `{"v":N,"at":N,"seq":N,"peer":N,"incarnation":N,"event":"outcome","command":N,"outcome":{"kind":"stored","record":{"name":"2067","key":N,"operation":{"origin":"HEX","number":N},"stamp":{"counter":N,"owner":N,"run":N},"also":[],"size":N,"sha256":"HEX","removed":false,"apart":false,"ageMs":N,"replaced":[],"history":[],"spared":[]},"copies":[N],"wanted":N,"lacking":[N],"route":[N]}}`;

function withoutNumbers(line: string): string {
  const lists = line.replace(/\[[\d,]*\]/g, (list) => (list === "[]" ? list : "[N]"));
  return lists.replace(/"[0-9a-f]{16,64}"/g, '"HEX"').replace(/([:[])-?[\d.]+(e-?\d+)?/g, "$1N");
}

test(
  "the event log has what happened, each with its time and order, and no pings",
  () =>
    withRing(async (ring) => {
      const began = Date.now();
      const hash = sha256(ring.file("2067", 300_000));
      ring.peer(8).type("Store 2067");
      await ring.peer(8).waitFor(/^Stored 2067: [23] of 3/);
      ring.peer(5).type("Request 2067");
      await ring.peer(5).waitFor("File 2067 received");
      await ring.kill(14);
      await ring.peer(9).waitFor("My new second successor is Peer 2");
      await ring.peer(9).waitFor(/^Ping response received/, 20_000, ring.peer(9).printed.length);
      await ring.calm();
      // SIGTERM makes a peer write what it has not written yet.
      for (const id of [5, 8, 9, 19]) {
        ring.peer(id).signal("SIGTERM");
        await ring.peer(id).waitForEnd();
      }
      for (const id of [5, 9, 19]) {
        const events = log(ring, id);
        expect(events.map(({ seq }) => seq)).toEqual(
          events.map(({ seq }) => seq).sort((a, b) => a - b),
        );
        for (const event of events) {
          expect(event).toMatchObject({ v: 1, peer: id, incarnation: 1 });
          expect(event.at).toBeGreaterThan(began - 60_000);
          expect(event.at).toBeLessThan(Date.now() + 1);
        }
        const lines = events.flatMap((event) => (event.event === "line" ? [event.text] : []));
        expect(lines).toEqual(ring.peer(id).lines);
      }
      const stored = linesOf(ring, 8).filter((line) => line.includes('{"kind":"stored"'));
      // Where all have it, the list of those that lack it is empty.
      expect(
        stored.map((line) => withoutNumbers(line.replace('"lacking":[]', '"lacking":[0]'))),
      ).toEqual([STORED]);
      expect(log(ring, 9)).toContainEqual(
        expect.objectContaining({ event: "member", id: 14, state: "dead", why: "refused" }),
      );
      expect(log(ring, 9)).toContainEqual(
        expect.objectContaining({ event: "successors", successors: [19, 2], predecessors: [8, 5] }),
      );
      const transfer = {
        event: "transfer",
        file: "2067",
        size: 300_000,
        bytes: 300_000,
        sha256: hash,
      };
      const moved = [
        [19, { from: 8, to: 19 }],
        [19, { from: 19, to: 5 }],
        [5, { from: 19, to: 5 }],
      ] as const;
      for (const [id, way] of moved) {
        expect(log(ring, id)).toContainEqual(
          expect.objectContaining({ ...transfer, ...way, ms: expect.any(Number), outcome: "ok" }),
        );
      }
    }, SEVEN),
  120_000,
);
