import { expect, test } from "bun:test";
import { PREFIX_BYTES } from "../../src/wire/age.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { decode, encodeFrame, VERSION } from "../../src/wire/message.ts";
import { WITH_BODY } from "../../src/wire/table.ts";
import { randomFrom } from "./random.ts";
import { CONTENT, VECTORS, wholeOf } from "./vectors.ts";

const ROUNDS = 20_000;
const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

test(`garbage is refused and never throws (P2P_TEST_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const vectors = VECTORS.map((vector) => {
    const body = WITH_BODY.has(vector.message.tag) ? CONTENT.toHex() : "";
    return Uint8Array.fromHex(wholeOf(vector) + body);
  });

  for (let round = 0; round < ROUNDS; round++) {
    const bytes = round % 4 === 0 ? randomBytes() : mutated();
    const decoded = decode(bytes, "127.0.0.1", true);
    if ("error" in decoded) {
      expect(decoded.error).toBeString();
    } else if (bytes[2] === VERSION) {
      // What is accepted is a whole message: it has one encoding, the very bytes that came.
      const { ring, from, message, body } = decoded;
      const port = Number(from.address.split(":").at(-1));
      const again = encodeFrame(message, { ...from, ring, port }, body);
      expect(again.subarray(PREFIX_BYTES).toHex()).toBe(bytes.toHex());
    }
    readAll(bytes);
  }

  function randomBytes(): Uint8Array {
    return Uint8Array.from({ length: below(200) }, () => below(256));
  }

  /** A golden vector with a few bytes changed, dropped, doubled or put in. */
  function mutated(): Uint8Array {
    const bytes = [...(vectors[below(vectors.length)] ?? [])];
    for (let change = below(4); change >= 0; change--) {
      const at = below(bytes.length);
      const how = below(4);
      if (how === 0) bytes[at] = below(256);
      else if (how === 1) bytes.splice(at, 1 + below(8));
      else if (how === 2) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + below(8)));
      else bytes.splice(at, 0, below(256));
    }
    return Uint8Array.from(bytes);
  }

  function readAll(bytes: Uint8Array): void {
    const reader = new FrameReader();
    for (let at = 0; at < bytes.length; ) {
      const next = at + 1 + below(40);
      reader.push(bytes.subarray(at, next));
      at = next;
      for (let frame = reader.next(); frame.kind === "message"; frame = reader.next()) {
        decode(frame.bytes, "127.0.0.1");
      }
    }
    expect(reader.buffered).toBeLessThanOrEqual(bytes.length);
  }
});
