/**
 * One table of golden vectors: every message, each variant of it, and its bytes. docs/PROTOCOL.md
 * shows the same bytes. A vector that changes is a new version of the protocol.
 */
import { EMPTY_SHA256, type FileRecord, type Stamp } from "../../src/protocol/files.ts";
import { type Member, makeMember } from "../../src/protocol/member.ts";
import type { Sender } from "../../src/wire/message.ts";
import { TABLE, type WireMessage } from "../../src/wire/table.ts";

/** Peer 8 of ring 12000, in its first life, listening on port 12008. */
export const SENDER: Sender = {
  ring: 12_000,
  id: 8,
  incarnation: 1,
  birth: "0123456789abcdef",
  state: "alive",
  port: 12_008,
};

const SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const REQUEST = 0x010203040506;

const nine: Member = makeMember({
  id: 9,
  incarnation: 2,
  birth: "00112233445566ff",
  state: "dead",
  address: "127.0.0.1:12009",
});
const far: Member = makeMember({
  id: 2 ** 48 - 1,
  incarnation: 0xffffffff,
  birth: "ffffffffffffffff",
  state: "leaving",
  address: "[2001:db8::1]:12256",
});
const joiner: Member = makeMember({
  id: 15,
  incarnation: 0,
  birth: "1500150015001500",
  state: "alive",
  address: "127.0.0.1:12015",
});
const stamp: Stamp = { counter: 7, owner: 8, run: 1 };
const record: FileRecord = {
  name: "4103",
  key: 7,
  stamp,
  size: 300_000,
  sha256: SHA,
  removed: false,
  replaced: [],
};
const accented: FileRecord = {
  name: "café.pdf",
  key: 0x123456789abc,
  stamp: { counter: Number.MAX_SAFE_INTEGER, owner: 2 ** 48 - 1, run: 3 },
  size: 2 ** 53 - 1,
  sha256: SHA,
  removed: false,
  replaced: [stamp, { counter: 9, owner: 14, run: 2 }],
};
const removal: FileRecord = {
  name: "4103",
  key: 7,
  stamp: { counter: 8, owner: 8, run: 1 },
  size: 0,
  sha256: EMPTY_SHA256,
  removed: true,
  replaced: [stamp],
};
const held = { name: "4103", stamp, sha256: SHA };
const quarter = { from: 0, to: 64, count: 3, digest: 2 ** 53 - 1 };
const empty = { from: 64, to: 128, count: 0, digest: 0 };
const origin = { id: 8, address: "127.0.0.1:12008" };

/** A small content, as the body of a message. */
export const CONTENT = new TextEncoder().encode("hello, ring\n");

export type Vector = {
  readonly message: WireMessage;
  /** The bytes of the message's own fields, after the header. */
  readonly body: string;
};

/** The header of all vectors, before and after the tag's byte. */
export const HEADER = ["703203", "00002ee0000000000008000000010123456789abcdef002ee8"] as const;

export const VECTORS: readonly Vector[] = [
  v("05", { tag: "hello", beat: 5 }),
  v("deadbeef01000fffffffffffff", {
    tag: "ping",
    nonce: 0xdeadbeef,
    round: true,
    digest: 2 ** 52 - 1,
  }),
  v("deadbeef00000123456789abcd", {
    tag: "pong",
    nonce: 0xdeadbeef,
    round: false,
    digest: 0x123456789abcd,
  }),
  v("000000010000000000090000000200112233445566ff0200007f0000012ee9", {
    tag: "vouch",
    nonce: 1,
    target: nine,
  }),
  v("000000010000000000090000000200112233445566ff0200007f0000012ee9", {
    tag: "vouched",
    nonce: 1,
    target: nine,
  }),
  v(
    `
    0100020000000000090000000200112233445566ff0200007f0000012ee9ffff
    ffffffffffffffffffffffffffffffff01000b323030313a6462383a3a312fe0
  `,
    { tag: "gossip", joining: true, members: [nine, far] },
  ),
  v("00000300000000000000000000000000000001000fffffffffffff0000", {
    tag: "sync",
    stage: "open",
    buckets: [0, 1, 2 ** 52 - 1],
    members: [],
  }),
  v("02000000010000000000090000000200112233445566ff0200007f0000012ee9", {
    tag: "sync",
    stage: "close",
    buckets: [],
    members: [nine],
  }),
  v("010203040506", { tag: "introduce", request: REQUEST }),
  v("01020304050630020000138803800000000000", {
    tag: "introduction",
    request: REQUEST,
    bits: 48,
    strategy: "direct",
    pingIntervalMs: 5_000,
    copies: 3,
    proposedId: 2 ** 47,
  }),
  v(
    `
    01020304050600000000000800007f0000012ee8000100000000000800000000
    00000f0000000015001500150015000000007f0000012eef
  `,
    { tag: "routed", request: REQUEST, origin, route: [8], ask: { kind: "join", joiner } },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee8000200000000000800000000
    000901000000000007
  `,
    { tag: "routed", request: REQUEST, origin, route: [8, 9], ask: { kind: "lookup", key: 7 } },
  ),
  v(
    `
    010203040506000000000008000c706565722e6578616d706c652ee800000200
    04343130330000000000070100000000000493e0
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin: { id: 8, address: "peer.example:12008" },
      route: [],
      ask: { kind: "store", name: "4103", key: 7, size: 300_000 },
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee8000100000000000802000434
    31303300000000000700
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "store", name: "4103", key: 7, size: null },
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee8000100000000000803000434
    313033000000000007
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "request", name: "4103", key: 7 },
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee8000100000000000804000434
    313033000000000007
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "remove", name: "4103", key: 7 },
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee8000100000000000805000434
    313033000000000007
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "where", name: "4103", key: 7 },
    },
  ),
  v("010203040506", { tag: "ack", request: REQUEST }),
  v("010203040506000200000000000800000000000900", {
    tag: "answer",
    request: REQUEST,
    route: [8, 9],
    outcome: { kind: "owner" },
  }),
  v("010203040506000100000000000801", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "placed" },
  }),
  v(
    `
    0102030405060001000000000008020004343130330000000000070000000000
    0000070000000000080000000100000000000493e09f86d081884c7d659a2fea
    a0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a080000000003000000000008
    00000000000900000000000e03
  `,
    {
      tag: "answer",
      request: REQUEST,
      route: [8],
      outcome: { kind: "stored", record, copies: [8, 9, 14], wanted: 3 },
    },
  ),
  v(
    `
    01020304050600010000000000080300000000000493e0019f86d081884c7d65
    9a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a080100000000000000
    0700000000000800000001
  `,
    {
      tag: "answer",
      request: REQUEST,
      route: [8],
      outcome: { kind: "found", size: 300_000, sha256: SHA, stamp },
    },
  ),
  v("01020304050600010000000000080300000000000000000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "found", size: 0, sha256: null, stamp: null },
  }),
  v("010203040506000100000000000804", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "missing" },
  }),
  v("010203040506000100000000000805000466756c6c", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "failed", why: "full" },
  }),
  v(
    `
    0102030405060001000000000008060100043431303300000000000700000000
    000000070000000000080000000100000000000493e09f86d081884c7d659a2f
    eaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000020000000000
    0800000000000e
  `,
    {
      tag: "answer",
      request: REQUEST,
      route: [8],
      outcome: { kind: "where", record, holders: [8, 14] },
    },
  ),
  v("010203040506000100000000000806000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "where", record: null, holders: [] },
  }),
  v(
    `
    010203040506000000000400010000000000090000000200112233445566ff02
    00007f0000012ee9
  `,
    {
      tag: "join-answer",
      request: REQUEST,
      outcome: { kind: "accepted", incarnation: 4, members: [nine] },
    },
  ),
  v("01020304050601", { tag: "join-answer", request: REQUEST, outcome: { kind: "busy" } }),
  v("0102030405060200033a3a312eef", {
    tag: "join-answer",
    request: REQUEST,
    outcome: { kind: "taken", by: "[::1]:12015" },
  }),
  v("010203040506", { tag: "join-done", request: REQUEST }),
  v(
    `
    01020304050600000000000f0000000015001500150015000000007f0000012e
    ef
  `,
    { tag: "successor-change", request: REQUEST, joiner },
  ),
  v("010203040506", { tag: "depart", request: REQUEST }),
  v("010203040506000434313033", { tag: "inquire", request: REQUEST, name: "4103" }),
  v(
    `
    0102030405060100043431303300000000000700000000000000070000000000
    080000000100000000000493e09f86d081884c7d659a2feaa0c55ad015a3bf4f
    1b2b0b822cd15d6c15b0f00a08000000
  `,
    { tag: "inquired", request: REQUEST, record },
  ),
  v("01020304050600", { tag: "inquired", request: REQUEST, record: null }),
  v(
    `
    01020304050600043431303300000000000800007f0000012ee8000200000000
    0008000000000009
  `,
    { tag: "delegate", request: REQUEST, name: "4103", origin, route: [8, 9] },
  ),
  v(
    `
    0002000434313033000000000007000000000000000700000000000800000001
    00000000000493e09f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c
    d15d6c15b0f00a080000000009636166c3a92e706466123456789abc001fffff
    ffffffffffffffffffff00000003001fffffffffffff9f86d081884c7d659a2f
    eaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000200000000000000
    0700000000000800000001000000000000000900000000000e0000000200
  `,
    { tag: "offer", records: [record, accented], origin: null },
  ),
  v(
    `
    0001000434313033000000000007000000000000000800000000000800000001
    0000000000000000e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c
    a495991b7852b85501000100000000000000070000000000080000000100
  `,
    { tag: "offer", records: [removal], origin: null },
  ),
  v(
    `
    0001000434313033000000000007000000000000000700000000000800000001
    00000000000493e09f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c
    d15d6c15b0f00a080000000100000000000800007f0000012ee8010203040506
  `,
    { tag: "offer", records: [record], origin: { ...origin, request: REQUEST } },
  ),
  v(
    `
    00010004343130330000000000000007000000000008000000019f86d081884c
    7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  `,
    {
      tag: "holding",
      files: [held],
    },
  ),
  v(
    `
    00010004343130330000000000000007000000000008000000019f86d081884c
    7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  `,
    { tag: "declined", files: [held] },
  ),
  v(
    `
    00010004343130330000000000000007000000000008000000019f86d081884c
    7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  `,
    { tag: "lost", files: [held] },
  ),
  v(
    `
    deadbeef00000200000000000000000000004000000003001fffffffffffff00
    0000000040000000000080000000000000000000000000
  `,
    { tag: "compare", nonce: 0xdeadbeef, own: null, ranges: [quarter, empty] },
  ),
  v(
    `
    deadbeef01000000000000000700010000000000400000000000800000000000
    00000000000000000100000000000000000000004000000003001fffffffffff
    ff
  `,
    { tag: "compared", nonce: 0xdeadbeef, own: 7, same: [empty], differ: [quarter] },
  ),
  v("010203040506000fffffffffffff", { tag: "status-ask", request: REQUEST, digest: 2 ** 52 - 1 }),
  v(
    `
    01020304050601000200000000000900000000000e0002000000000005000000
    000004000fffffffffffff000000000000000001000000020000000000000003
    000000000000ea6000000000000000010200000000000000000000000000004c
    4b40
  `,
    {
      tag: "status-told",
      request: REQUEST,
      strategy: "finger",
      successors: [9, 14],
      predecessors: [5, 4],
      digest: 2 ** 52 - 1,
      present: null,
      expected: 0,
      dead: 1,
      left: 2,
      files: {
        count: 3,
        bytes: 60_000,
        short: 1,
        least: 2,
        safe: false,
        damaged: 0,
        room: 5_000_000,
      },
    },
  ),
  v(
    `
    0102030405060200010000000000090001000000000009000000000000000701
    0002000000000008000000000000090100000001000000000000000000000000
    0000000000000000000000000000000000000000000100000000000000000000
    000000000000
  `,
    {
      tag: "status-told",
      request: REQUEST,
      strategy: "direct",
      successors: [9],
      predecessors: [9],
      digest: 7,
      present: [
        { id: 8, state: "alive" },
        { id: 9, state: "leaving" },
      ],
      expected: 1,
      dead: 0,
      left: 0,
      files: { count: 0, bytes: 0, short: 0, least: 0, safe: true, damaged: 0, room: 0 },
    },
  ),
  v("01020304050600", { tag: "list", request: REQUEST, after: null }),
  v("01020304050601000434313033", { tag: "list", request: REQUEST, after: "4103" }),
  v(
    `
    0102030405060001000434313033000000000007000000000000000700000000
    00080000000100000000000493e09f86d081884c7d659a2feaa0c55ad015a3bf
    4f1b2b0b822cd15d6c15b0f00a0800000001
  `,
    { tag: "listed", request: REQUEST, records: [record], more: true },
  ),
  v("000102030405060000000000000000", {
    tag: "fetch",
    source: { kind: "ticket", request: REQUEST },
    offset: 0,
  }),
  v(
    `
    0100043431303300000000000000070000000000080000000100000000000400
    00
  `,
    { tag: "fetch", source: { kind: "version", name: "4103", stamp }, offset: 262_144 },
  ),
  v("0000000080000000", { tag: "content", size: 2_147_483_648 }),
  v(
    `
    019f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a
    08
  `,
    { tag: "content-end", sha256: SHA },
  ),
  v("00", { tag: "content-end", sha256: null }),
  v("000c6e6f20737563682066696c65", { tag: "content-refused", why: "no such file" }),
];

/** The whole of a vector's message, as hexadecimal digits. */
export function wholeOf(vector: Vector): string {
  const tag = TABLE[vector.message.tag].number.toString(16).padStart(2, "0");
  return HEADER[0] + tag + HEADER[1] + vector.body;
}

function v(body: string, message: WireMessage): Vector {
  return { message, body: body.replace(/\s/g, "") };
}
