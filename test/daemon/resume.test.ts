import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoggedEvent } from "../../src/control/types.ts";
import { sha256 } from "../store/temporary.ts";
import { ASIDE } from "../support/program.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** A transfer whose senders die goes on at the one that is left, from the byte that was reached. */

const LIMIT_MS = 120_000;
const SIZE = 96_000_000;

type Transfer = Extract<LoggedEvent, { event: "transfer" }>;

function transfersOf(ring: TestRing, id: number, file: string): Transfer[] {
  const text = readFileSync(join(ring.folderOf(id), "events.jsonl"), "utf8");
  const events = text.split("\n").filter((line) => line !== "");
  return events
    .map((line) => JSON.parse(line) as LoggedEvent)
    .flatMap((event) => (event.event === "transfer" && event.file === file ? [event] : []));
}

/** Resolves once so many bytes of a file are here. */
async function reached(ring: TestRing, id: number, file: string, bytes: number): Promise<void> {
  const control = ring.control(id);
  for (let asked = 0; asked < 20_000; asked++) {
    if (((await control.progress(file)).bytes ?? 0) >= bytes) return;
  }
  throw new Error(`${file} never got as far as ${bytes}`);
}

function bytesOf(size: number): Uint8Array {
  // Not one block again and again: bytes put in the wrong place must not go unseen.
  const words = new Uint32Array(size / 4);
  let word = 1;
  for (let i = 0; i < words.length; i++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = word;
  }
  return new Uint8Array(words.buffer);
}

describe("a transfer", () => {
  test(
    "goes on when two of its three senders are killed, one after the other, and brings no byte twice",
    () =>
      withRing(async (ring) => {
        const bytes = bytesOf(SIZE);
        writeFileSync(join(ring.cwd, "4103.pdf"), bytes);
        const hash = sha256(bytes);
        const stored = await ring.run("store", "4103.pdf", "--peer", 8, "--json");
        expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
        rmSync(join(ring.cwd, "4103.pdf"));
        await ring.calm();
        const taker = ring.peer(5);
        taker.type("Request 4103");
        await taker.waitFor("Receiving File 4103 from Peer 8");
        for (const [part, sender] of [8, 9].entries()) {
          await reached(ring, 5, "4103", (SIZE * (part + 1)) / 4);
          await ring.kill(sender);
        }
        await taker.waitFor("File 4103 received", 60_000);
        expect(await ring.hashOf("received_4103.pdf")).toBe(hash);
        await ring.kill(5);
        const transfers = transfersOf(ring, 5, "4103");
        expect(transfers.at(-1)).toMatchObject({ outcome: "ok", from: 14, sha256: hash });
        const sum = transfers.reduce((total, transfer) => total + transfer.bytes, 0);
        expect(sum).toBe(SIZE);
      }, SEVEN),
    LIMIT_MS,
  );
});
