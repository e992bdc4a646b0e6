import { afterAll, expect, test } from "bun:test";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { tailOf } from "../../src/store/draft.ts";
import { ContentWriter } from "../../src/store/writer.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const PIECE = 262_144;
const content = someBytes(20 * PIECE + 17);

function writer(name: string): ContentWriter {
  return new ContentWriter(join(folder.dir, name), { hash: false });
}

async function readAll(tail: ReturnType<typeof tailOf>): Promise<Uint8Array> {
  const read = new Uint8Array(tail.size);
  let at = 0;
  for (;;) {
    const bytes = await tail.read(read.subarray(at, at + 100_000), at);
    if (bytes === 0) break;
    at += bytes;
  }
  tail.close();
  return read.subarray(0, at);
}

test("two readers get a content while it is being written, and after it was renamed", async () => {
  const to = writer("whole");
  const early = readAll(tailOf(to, content.length));
  for (let at = 0; at < content.length; at += PIECE) {
    await to.write(content.slice(at, at + PIECE));
  }
  const late = tailOf(to, content.length);
  const first = new Uint8Array(10);
  expect(await late.read(first, 0)).toBe(10);
  await to.finish(true);
  const stored = `${to.path}-stored`;
  await rename(to.path, stored);
  to.movedTo(stored);
  expect(sha256(await early)).toBe(sha256(content));
  expect(sha256(await readAll(late))).toBe(sha256(content));
  expect(sha256(await readAll(tailOf(to, content.length)))).toBe(sha256(content));
});

test("a reader learns that the writing was given up", async () => {
  const to = writer("given-up");
  const reading = readAll(tailOf(to, content.length));
  for (let at = 0; at < 12 * PIECE; at += PIECE) await to.write(content.slice(at, at + PIECE));
  await to.discard();
  const read = await reading;
  expect(read.length).toBeLessThan(content.length);
  expect(sha256(read)).toBe(sha256(content.subarray(0, read.length)));
});
