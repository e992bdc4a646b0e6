import { expect, test } from "bun:test";
import { readTypedLines } from "../../src/terminal/typed-lines.ts";

const MAX_LINE_BYTES = 8_192;

/** A stream of these pieces, which counts how many of them were asked for. */
function streamOf(pieces: Iterable<string | Uint8Array>) {
  const each = pieces[Symbol.iterator]();
  const asked = { pieces: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const { value, done } = each.next();
        if (done === true) return controller.close();
        asked.pieces++;
        controller.enqueue(typeof value === "string" ? new TextEncoder().encode(value) : value);
      },
      cancel: () => {
        asked.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, asked };
}

async function linesOf(pieces: Iterable<string | Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  expect(await readTypedLines(streamOf(pieces).stream, (line) => void lines.push(line))).toBe(true);
  return lines;
}

test("lines come whole, however they are cut", async () => {
  expect(await linesOf([])).toEqual([]);
  expect(await linesOf(["a\nb"])).toEqual(["a", "b"]);
  expect(await linesOf(["a\r\n", "\n", "c\n"])).toEqual(["a", "", "c"]);
  const bytes = new TextEncoder().encode("größer\nÜn\r\n文件");
  for (let cut = 1; cut < bytes.length; cut++) {
    const lines = await linesOf([bytes.slice(0, cut), bytes.slice(cut)]);
    expect(lines).toEqual(["größer", "Ün", "文件"]);
  }
});

test("of a line that is too long the beginning is kept, and the next one is whole", async () => {
  const long = "x".repeat(300_000);
  const lines = await linesOf([long.slice(0, 10), long, "\nnext\n"]);
  expect(lines).toEqual(["x".repeat(MAX_LINE_BYTES), "next"]);
});

test("what has no end of a line is given up", async () => {
  const zeros = {
    *[Symbol.iterator]() {
      for (;;) yield new Uint8Array(65_536);
    },
  };
  const { stream, asked } = streamOf(zeros);
  const lines: string[] = [];
  expect(await readTypedLines(stream, (line) => void lines.push(line))).toBe(false);
  expect([lines, asked.cancelled]).toEqual([[], true]);
  expect(asked.pieces * 65_536).toBeLessThan(2_000_000);
});

test("a flood waits for whoever takes it, and lets timers go on", async () => {
  const floods = {
    *[Symbol.iterator]() {
      for (;;) yield "y\n".repeat(10_000);
    },
  };
  const { stream, asked } = streamOf(floods);
  let taken = 0;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  void readTypedLines(stream, () => {
    taken++;
    if (taken >= 15_000) return stopped;
    return undefined;
  });
  let beats = 0;
  const heart = setInterval(() => beats++, 1);
  while (taken < 15_000) await new Promise((resolve) => setTimeout(resolve, 1));
  clearInterval(heart);
  expect(beats).toBeGreaterThan(0);
  expect(asked.pieces).toBe(2);
  stop();
  await stream.cancel().catch(() => {});
});
