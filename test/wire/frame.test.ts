import { describe, expect, test } from "bun:test";
import { ageIn, NO_AGE, PREFIX_BYTES, setAge } from "../../src/wire/age.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { MAX_FRAME } from "../../src/wire/limits.ts";
import { encode, encodeFrame } from "../../src/wire/message.ts";
import { type Tag, WITH_BODY } from "../../src/wire/table.ts";
import { CONTENT, SENDER, VECTORS, wholeOf } from "./vectors.ts";

const bodyOf = (tag: Tag): Uint8Array | null => (WITH_BODY.has(tag) ? CONTENT : null);
const stream = Buffer.concat(
  VECTORS.map(({ message }) => encodeFrame(message, SENDER, bodyOf(message.tag))),
);
const messages = VECTORS.map(
  (vector) => wholeOf(vector) + (bodyOf(vector.message.tag)?.toHex() ?? ""),
);

/** Feeds the stream in pieces of one length and returns the frames that come out. */
function inPieces(length: number, reader = new FrameReader()): string[] {
  const found: string[] = [];
  // One buffer for every piece, as a socket may do: nothing may be kept of it.
  const piece = new Uint8Array(length);
  for (let at = 0; at < stream.length; at += length) {
    const part = stream.subarray(at, at + length);
    piece.set(part);
    reader.push(piece.subarray(0, part.length));
    for (let frame = reader.next(); frame.kind === "message"; frame = reader.next()) {
      found.push(frame.bytes.toHex());
    }
    piece.fill(0xee);
  }
  return found;
}

describe("a stream is cut into the frames it was made of", () => {
  test.each([1, 2, 3, 7, 64, 1000, stream.length])("in pieces of %d bytes", (length) => {
    const reader = new FrameReader();
    expect(inPieces(length, reader)).toEqual(messages);
    expect(reader.buffered).toBe(0);
  });
});

test("a frame is its length, its age and its message", () => {
  const message = encode({ tag: "ack", request: 5 }, SENDER);
  const frame = encodeFrame({ tag: "ack", request: 5 }, SENDER);
  expect(frame.toHex()).toBe(`000000230000000000${message.toHex()}`);
  expect(ageIn(frame)).toEqual(NO_AGE);
  setAge(frame, { beat: 7, sinceMs: 1_234.9 });
  expect(frame.toHex()).toBe(`0000002307000004d2${message.toHex()}`);
});

test.each([0, 1, 2 ** 32 - 1])("an age of %d ms comes out as it was put in", (sinceMs) => {
  const frame = encodeFrame({ tag: "ack", request: 5 }, SENDER);
  setAge(frame, { beat: 255, sinceMs });
  for (const length of [1, 4, 5, 8, 9, 10, frame.length]) {
    const reader = new FrameReader();
    const ages = [];
    for (let at = 0; at < frame.length; at += length) {
      reader.push(frame.subarray(at, at + length));
      for (let next = reader.next(); next.kind === "message"; next = reader.next())
        ages.push(next.age);
    }
    expect(ages).toEqual([{ beat: 255, sinceMs }]);
  }
  setAge(frame, { beat: 255, sinceMs: 2 ** 32 });
  expect(ageIn(frame)).toEqual(NO_AGE);
});

test.each([0, 1, 28, MAX_FRAME + 1, 0xffffffff])("a length of %d breaks the stream", (length) => {
  const reader = new FrameReader();
  const announced = new Uint8Array(4);
  new DataView(announced.buffer).setUint32(0, length);
  for (const byte of announced) {
    expect(reader.next()).toEqual({ kind: "more" });
    reader.push(Uint8Array.of(byte));
  }
  expect(reader.next()).toEqual({ kind: "broken", length });
});

test("memory follows what arrived, not what was announced", () => {
  const reader = new FrameReader();
  const announced = new Uint8Array(5);
  new DataView(announced.buffer).setUint32(0, MAX_FRAME);
  reader.push(announced);
  expect(reader.next()).toEqual({ kind: "more" });
  expect(reader.buffered).toBe(5);
});

test("the longest frame arrives, byte by byte at its ends", () => {
  const reader = new FrameReader();
  const frame = new Uint8Array(PREFIX_BYTES + MAX_FRAME).fill(7);
  new DataView(frame.buffer).setUint32(0, MAX_FRAME);
  for (let at = 0; at < 10; at++) reader.push(frame.subarray(at, at + 1));
  for (let at = 10; at < frame.length; at += 1000) {
    expect(reader.next()).toEqual({ kind: "more" });
    reader.push(frame.subarray(at, at + 1000));
  }
  const next = reader.next();
  expect(next.kind === "message" ? next.bytes.length : next.kind).toBe(MAX_FRAME);
});

test("what follows a frame can be taken over raw", () => {
  const reader = new FrameReader();
  const frame = encodeFrame({ tag: "content", size: 5 }, SENDER);
  reader.push(Buffer.concat([frame, Buffer.from("raw")]));
  expect(reader.next().kind).toBe("message");
  expect(Buffer.from(reader.rest()).toString()).toBe("raw");
  expect(reader.buffered).toBe(0);
  expect(reader.next()).toEqual({ kind: "more" });
});
