import { describe, expect, test } from "bun:test";
import {
  BODY_BYTES,
  COMPARE_RANGES,
  LIST_WRITES,
  REPLICATE_RECORDS,
  SPANS_KEPT,
  SPARED_KEPT,
  SYNC_BUCKETS,
  SYNC_MEMBERS,
  VECTOR_KEPT,
} from "../../src/protocol/model/config.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { bytesOf, fitting, inMessages } from "../../src/protocol/model/fitting.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { PREFIX_BYTES } from "../../src/wire/age.ts";
import { MAX_FRAME } from "../../src/wire/limits.ts";
import { decode, encode, encodeFrame, HEADER_BYTES, VERSION } from "../../src/wire/message.ts";
import { TABLE, type Tag, WITH_BODY, type WireMessage } from "../../src/wire/table.ts";
import { CONTENT, SENDER, VECTORS, wholeOf } from "./vectors.ts";

const HOST = "127.0.0.1";

describe("golden vectors", () => {
  test("there is one for each message", () => {
    const named = new Set<string>(VECTORS.map((vector) => vector.message.tag));
    expect([...named].sort()).toEqual(Object.keys(TABLE).sort());
  });

  test("no number is given twice", () => {
    const numbers = Object.values(TABLE).map((row) => row.number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  for (const [index, vector] of VECTORS.entries()) {
    const whole = wholeOf(vector);
    test(`${index} ${vector.message.tag}: encodes to its bytes`, () => {
      expect(encode(vector.message, SENDER).toHex()).toBe(whole);
    });

    test(`${index} ${vector.message.tag}: decodes from its bytes`, () => {
      const { ring, port, ...fields } = SENDER;
      expect(decode(Uint8Array.fromHex(whole), HOST)).toEqual({
        ring,
        from: makeMember({ ...fields, address: `${HOST}:${port}` }),
        message: vector.message,
        body: null,
      });
    });

    test(`${index} ${vector.message.tag}: is refused when cut anywhere, or too long`, () => {
      const bytes = Uint8Array.fromHex(whole);
      for (let length = 0; length < bytes.length; length++) {
        expect(decode(bytes.subarray(0, length), HOST)).toHaveProperty("error");
        expect(decode(bytes.subarray(0, length), HOST, true)).toHaveProperty("error");
      }
      expect(decode(Uint8Array.fromHex(`${whole}00`), HOST)).toHaveProperty("error");
    });
  }
});

describe("bodies", () => {
  const withBody = VECTORS.filter(({ message }) => WITH_BODY.has(message.tag));
  const tags = Object.keys(TABLE) as Tag[];

  test.each([1, 12, BODY_BYTES])("of %d bytes come back as they were", (length) => {
    const body = Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8));
    for (const { message } of withBody) {
      const bytes = encodeFrame(message, SENDER, body).subarray(PREFIX_BYTES);
      const decoded = decode(bytes, HOST, true);
      expect(decoded).toMatchObject({ message });
      // The copy is the receiver's: what becomes of the bytes that came is nothing to it.
      bytes.fill(0);
      expect("error" in decoded ? null : decoded.body).toEqual(body);
    }
  });

  test("are refused in a datagram", () => {
    for (const { message } of withBody) {
      const bytes = encodeFrame(message, SENDER, CONTENT).subarray(PREFIX_BYTES);
      expect(decode(bytes, HOST)).toEqual({ error: `${CONTENT.length} bytes too many` });
    }
  });

  test.each(tags.filter((tag) => !WITH_BODY.has(tag)))("are refused behind %s", (tag) => {
    for (const vector of VECTORS.filter(({ message }) => message.tag === tag)) {
      expect(() => encodeFrame(vector.message, SENDER, CONTENT)).toThrow(RangeError);
      const bytes = Uint8Array.fromHex(wholeOf(vector) + CONTENT.toHex());
      expect(decode(bytes, HOST, true)).toHaveProperty("error");
    }
  });

  test("are refused when they are empty, or too long", () => {
    for (const { message } of withBody) {
      for (const length of [0, BODY_BYTES + 1]) {
        expect(() => encodeFrame(message, SENDER, new Uint8Array(length))).toThrow(RangeError);
      }
      const longest = encodeFrame(message, SENDER, new Uint8Array(BODY_BYTES)).subarray(
        PREFIX_BYTES,
      );
      const longer = Buffer.concat([longest, Uint8Array.of(0)]);
      expect(decode(longer, HOST, true)).toEqual({ error: "1 bytes too many" });
    }
  });
});

describe("refusals", () => {
  const ack = encode({ tag: "ack", request: 1 }, SENDER);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = ack.slice();
    bytes[at] = value;
    return bytes;
  };
  const refusal = (bytes: Uint8Array): string => {
    const decoded = decode(bytes, HOST);
    return "error" in decoded ? decoded.error : "accepted";
  };
  const withBody = (tag: WireMessage["tag"], hex: string): Uint8Array => {
    const header = ack.slice(0, HEADER_BYTES);
    header[3] = TABLE[tag].number;
    return Uint8Array.fromHex(header.toHex() + hex);
  };

  test("the header", () => {
    expect(refusal(changed(0, 0x71))).toBe("not of this protocol");
    expect(refusal(changed(2, 1))).toBe("version 1");
    expect(refusal(changed(3, 200))).toBe("unknown tag 200");
    expect(refusal(changed(26, 4))).toContain("no word has the number 4");
    expect(refusal(Uint8Array.fromHex(`${ack.slice(0, 27).toHex()}0000000000000001`))).toContain(
      "out of range",
    );
    expect(refusal(new Uint8Array(MAX_FRAME + 1))).toBe("longer than any message");
    expect(decode(ack, "no host\n")).toEqual({ error: "no host" });
  });

  test.each<[string, WireMessage["tag"], string]>([
    ["a boolean of 2", "ping", "0000000102000000000000000a"],
    ["a number above 2^53", "content", "0020000000000000"],
    ["a list longer than allowed", "gossip", `010019${"00".repeat(1000)}`],
    ["a list longer than its bytes", "gossip", "01001800"],
    ["an empty file name", "inquire", "0000000000010000"],
    ["a file name with NUL", "inquire", "00000000000100020061"],
    ["a file name of 256 bytes", "inquire", `0000000000010100${"61".repeat(256)}`],
    ["a file name that is not UTF-8", "inquire", "0000000000010001ff"],
    ["a host with a space", "join-answer", "000000000001020003612062" + "2ee0"],
    ["port 0", "join-answer", "0000000000010200007f0000010000"],
    ["an IPv4 host as text", "join-answer", "0000000000010200093132372e302e302e312ee0"],
    ["a ring of 49 bits", "introduction", "000000000001310000001388030000000000ff"],
    ["an unknown case", "join-answer", "00000000000103"],
    ["a name after which to list that is none", "list", "000000000001010000"],
    ["too many ranges", "compare", `00000000000101${"00".repeat(257 * 24)}`],
    ["a comparison with a nonce", "compare", "deadbeef000000"],
    ["a comparison for an owner", "compare", "00000000010000"],
    ["an answer to one with a nonce", "compared", "deadbeef000000000000"],
    [
      "a version that has replaced too many",
      "replicate",
      `0001000161${"00".repeat(6)}${"01".repeat(14)}${"00".repeat(18 + 2 + 8 + 32 + 2 + 6)}0041${"00".repeat(65 * 18 + 5)}`,
    ],
  ])("%s", (_, tag, body) => {
    expect(refusal(withBody(tag, body))).not.toBe("accepted");
  });
});

describe("encoding", () => {
  test.each<[string, WireMessage]>([
    ["a negative number", { tag: "ack", request: -1 }],
    ["a fraction", { tag: "ack", request: 0.5 }],
    ["no number", { tag: "content", size: Number.NaN }],
    ["an id of 49 bits", { tag: "ack", request: 2 ** 48 }],
    ["a short hash", { tag: "content-end", sha256: "ab" }],
    ["a name of two lines", { tag: "list", request: 1, after: "a\nb" }],
    ["half a character", { tag: "list", request: 1, after: "\ud800" }],
    ["too long a list", { tag: "sync", stage: "open", buckets: Array(65).fill(0), members: [] }],
    ["no address", { tag: "join-answer", request: 1, outcome: { kind: "taken", by: "127.0.0.1" } }],
  ])("%s is refused", (_, message) => {
    expect(() => encode(message, SENDER)).toThrow(RangeError);
  });

  test("the longest lists fit", () => {
    const members = Array.from({ length: SYNC_MEMBERS }, (_, id) =>
      makeMember({
        id,
        incarnation: id,
        instance: "0123456789abcdef",
        state: "alive",
        address: `[2001:db89:abcd:ef01:2345:6789:abcd:${(id + 0x1000).toString(16)}]:12256`,
      }),
    );
    const buckets = members.slice(0, SYNC_BUCKETS).map((member) => member.hash);
    const sync: WireMessage = { tag: "sync", stage: "answer", buckets, members };
    expect(decode(encode(sync, SENDER), HOST)).toHaveProperty("message", sync);

    const many = Array.from({ length: LIST_WRITES }, (_, key) => longest(key, key % 3));
    const records = fitting(many, LIST_WRITES);
    const listed: WireMessage = { tag: "listed", request: 1, records, more: true };
    expect(decode(encode(listed, SENDER), HOST)).toHaveProperty("message", listed);

    const range = { from: 1, to: 2, count: 0xffffffff, digest: Number.MAX_SAFE_INTEGER };
    const ranges = Array.from({ length: COMPARE_RANGES }, () => range);
    const compared: WireMessage = {
      tag: "compared",
      same: ranges,
      differ: ranges,
      taking: true,
    };
    expect(decode(encode(compared, SENDER), HOST)).toHaveProperty("message", compared);
  });

  test("the longest replicate fits, with the longest body", () => {
    // Short and long histories: both limits are met.
    for (const [count, spans] of [
      [REPLICATE_RECORDS + 1, 0],
      [12, SPANS_KEPT],
    ] as const) {
      const records = Array.from({ length: count }, (_, key) => longest(key, spans));
      const messages = inMessages(records);
      expect(messages.flat()).toEqual(records);
      for (const some of messages) {
        const replicate: WireMessage = { tag: "replicate", records: some, origin: null };
        const frame = encodeFrame(replicate, SENDER, new Uint8Array(BODY_BYTES));
        expect("error" in decode(frame.subarray(PREFIX_BYTES), HOST, true)).toBe(false);
      }
    }
  });

  test("the bytes of a record are not estimated too low", () => {
    for (const name of ["a", "é".repeat(127), "\u{1f600}".repeat(63), "漢".repeat(85)]) {
      const record = { ...longest(1, 2), name };
      const replicate: WireMessage = { tag: "replicate", records: [record], origin: null };
      expect(encode(replicate, SENDER).length - HEADER_BYTES - 3).toBeLessThanOrEqual(
        bytesOf(record),
      );
    }
  });

  /** A record of as many bytes as there can be with a history of so many spans. */
  function longest(key: number, spans: number): FileRecord {
    const version = { counter: 1, owner: 2, instance: 3 };
    const origin = "0123456789abcdef";
    return {
      name: `${"é".repeat(127)}x`,
      key,
      operation: { origin, number: 1 },
      version,
      also: Array.from({ length: VECTOR_KEPT }, () => version),
      size: key,
      sha256: "ab".repeat(32),
      removed: false,
      apart: false,
      ageMs: 0,
      versionVector: Array.from({ length: VECTOR_KEPT }, () => version),
      history: Array.from({ length: spans }, () => ({ origin, from: 1, to: 1, ageMs: 0, version })),
      spared: Array.from({ length: SPARED_KEPT }, () => version),
    };
  }

  test("a sender that changes is read anew each time", () => {
    for (const change of [{}, { state: "left" as const }, { incarnation: 2 }, { port: 7 }, {}]) {
      const { port, ring, ...fields } = { ...SENDER, ...change };
      const from = makeMember({ ...fields, address: `${HOST}:${port}` });
      const bytes = encode({ tag: "hello", beat: 0 }, { ...SENDER, ...change });
      expect(decode(bytes, HOST)).toMatchObject({ ring, from });
    }
    expect(decode(encode({ tag: "hello", beat: 0 }, SENDER), "10.0.0.1")).toHaveProperty(
      "from.address",
      "10.0.0.1:12008",
    );
  });

  test("a long sentence is cut, between characters", () => {
    const decoded = decode(encode({ tag: "content-refused", why: "é".repeat(400) }, SENDER), HOST);
    expect(decoded).toHaveProperty("message.why", "é".repeat(256));
  });

  test("an IPv4 address in IPv6 form is one address", () => {
    const decoded = decode(encode({ tag: "hello", beat: 0 }, SENDER), "::ffff:10.1.2.3");
    expect(decoded).toHaveProperty("from.address", "10.1.2.3:12008");
    expect(decode(encode({ tag: "hello", beat: 0 }, SENDER), "::1")).toHaveProperty(
      "from.address",
      "[::1]:12008",
    );
  });
});

/** What a peer says that is called elsewhere than its packets come from. */
describe("a sender that names its host", () => {
  const NAMED_AS = "box.example";
  const named = { ...SENDER, host: NAMED_AS };

  test.each(VECTORS)("is who it says, behind any message: %#", ({ message }) => {
    const plain = decode(encode(message, SENDER), HOST);
    if ("error" in plain) throw new Error(plain.error);
    const { from } = plain;
    const address = from.address.replace(HOST, NAMED_AS);
    const heard = { message, from: makeMember({ ...from, address }), body: null };
    expect(decode(encode(message, named), HOST)).toMatchObject(heard);
    const body = WITH_BODY.has(message.tag) ? CONTENT : null;
    const frame = encodeFrame(message, named, body).subarray(PREFIX_BYTES);
    expect(decode(frame, HOST, true)).toMatchObject({ ...heard, body });
    // One that knows of no named hosts takes it for a later version.
    frame[2] = VERSION + 1;
    expect(decode(frame, HOST, true)).toMatchObject({ message, from, body });
  });

  test.each(["", "[", "a b"])("and does not name %j", (host) => {
    expect(() => encode({ tag: "ack", request: 1 }, { ...SENDER, host })).toThrow(RangeError);
    const bytes = encode({ tag: "ack", request: 1 }, named);
    const tail = Buffer.from(`${host}${String.fromCharCode(host.length)}`, "latin1");
    const forged = Buffer.concat([bytes.subarray(0, -NAMED_AS.length - 1), tail]);
    expect(decode(forged, HOST)).toEqual({ error: "no host" });
  });
});

/** What a peer of a later version may send: fields and messages that this one has never heard of. */
describe("a later version", () => {
  const LATER = VERSION + 1;
  const later = (hex: string): Uint8Array => {
    const bytes = Uint8Array.fromHex(hex);
    bytes[2] = LATER;
    return bytes;
  };

  test.each(VECTORS)("is read without the fields that it adds: %#", (vector) => {
    const { message } = vector;
    const added = "c0ffee";
    const plain = decode(later(wholeOf(vector) + added), HOST);
    expect(plain).toMatchObject({ message, body: null });
    if (!WITH_BODY.has(message.tag)) return;
    const whole = wholeOf(vector) + added;
    const ended = (length: number) => length.toString(16).padStart(8, "0");
    const body = whole + CONTENT.toHex() + ended(CONTENT.length);
    expect(decode(later(body), HOST, true)).toMatchObject({ message, body: CONTENT });
    expect(decode(later(whole + ended(0)), HOST, true)).toMatchObject({ message, body: null });
    // One byte more than stands behind the known fields would be of these.
    for (const length of [added.length / 2 + 1, BODY_BYTES + 1, 2 ** 32 - 1]) {
      const decoded = decode(later(whole + ended(length)), HOST, true);
      expect(decoded).toMatchObject({ later: true, error: expect.stringContaining("a body of") });
    }
  });

  test("may have messages that are passed over", () => {
    const bytes = later(wholeOf(vectorOf("ack")));
    bytes[3] = 200;
    expect(decode(bytes, HOST)).toEqual({ error: "unknown tag 200", later: true });
    bytes[2] = VERSION;
    expect(decode(bytes, HOST)).toEqual({ error: "unknown tag 200" });
  });

  test("may have words that are passed over", () => {
    const bytes = encode({ tag: "sync", stage: "open", buckets: [], members: [] }, SENDER);
    bytes[2] = LATER;
    bytes[HEADER_BYTES] = 9;
    expect(decode(bytes, HOST)).toMatchObject({ later: true });
  });

  test("has no power over what is older, or of another kind", () => {
    const bytes = later(wholeOf(vectorOf("ack")));
    bytes[2] = VERSION - 1;
    expect(decode(bytes, HOST)).toEqual({ error: `version ${VERSION - 1}` });
    bytes[2] = LATER;
    bytes[0] = 0;
    expect(decode(bytes, HOST)).toEqual({ error: "not of this protocol" });
  });

  function vectorOf(tag: Tag): (typeof VECTORS)[number] {
    const found = VECTORS.find(({ message }) => message.tag === tag);
    if (found === undefined) throw new Error(`no vector of ${tag}`);
    return found;
  }
});
