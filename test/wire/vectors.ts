/**
 * One table of golden vectors: every message, each variant of it, and its bytes. docs/PROTOCOL.md
 * shows the same bytes. A vector that changes is a new version of the protocol.
 */
import {
  EMPTY_SHA256,
  type FileRecord,
  heldVersion,
  type Operation,
  type Version,
} from "../../src/protocol/model/files.ts";
import { type Member, makeMember } from "../../src/protocol/model/member.ts";
import type { Sender } from "../../src/wire/message.ts";
import { TABLE, type WireMessage } from "../../src/wire/table.ts";

/** Peer 8 of ring 12000, in its first life, listening on port 12008. */
export const SENDER: Sender = {
  ring: 12_000,
  id: 8,
  incarnation: 1,
  instance: "0123456789abcdef",
  state: "alive",
  port: 12_008,
};

const SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const REQUEST = 0x010203040506;

const nine: Member = makeMember({
  id: 9,
  incarnation: 2,
  instance: "00112233445566ff",
  state: "dead",
  address: "127.0.0.1:12009",
});
const far: Member = makeMember({
  id: 2 ** 48 - 1,
  incarnation: 2 ** 31,
  instance: "ffffffffffffffff",
  state: "leaving",
  address: "[2001:db8::1]:12256",
});
const joiner: Member = makeMember({
  id: 15,
  incarnation: 0,
  instance: "1500150015001500",
  state: "alive",
  address: "127.0.0.1:12015",
});
const version: Version = { counter: 7, owner: 8, instance: 1 };
const operation: Operation = { origin: "0123456789abcdef", number: 5 };
const record: FileRecord = {
  name: "4103",
  key: 7,
  operation,
  version,
  also: [],
  size: 300_000,
  sha256: SHA,
  removed: false,
  apart: false,
  ageMs: 1_500,
  versionVector: [],
  history: [],
  spared: [],
};
const accented: FileRecord = {
  name: "café.pdf",
  key: 0x123456789abc,
  operation: { origin: "ffffffffffffffff", number: 2 ** 48 - 1 },
  version: { counter: 2 ** 52, owner: 2 ** 48 - 1, instance: 3 },
  also: [{ counter: 12, owner: 9, instance: 4 }],
  size: 2 ** 53 - 1,
  sha256: SHA,
  removed: false,
  apart: true,
  ageMs: 2 ** 48 - 1,
  versionVector: [version, { counter: 9, owner: 14, instance: 2 }],
  history: [{ origin: "0123456789abcdef", from: 3, to: 5, ageMs: 60_000, version }],
  spared: [{ counter: 6, owner: 14, instance: 2 }],
};
const removal: FileRecord = {
  name: "4103",
  key: 7,
  operation: { origin: "00112233445566ff", number: 1 },
  version: { counter: 8, owner: 8, instance: 1 },
  also: [],
  size: 0,
  sha256: EMPTY_SHA256,
  removed: true,
  apart: false,
  ageMs: 86_400_000,
  versionVector: [version],
  history: [{ origin: "0123456789abcdef", from: 5, to: 5, ageMs: 86_402_000, version }],
  spared: [],
};
const writeId = { name: "4103", operation, sha256: SHA };
const held = { ...writeId, version };
const quarter = { from: 0, to: 64, count: 3, digest: 2 ** 53 - 1 };
const empty = { from: 64, to: 128, count: 0, digest: 0 };
const origin = { id: 8, address: "127.0.0.1:12008", instance: "0123456789abcdef" };
const replica = { id: 8, address: "127.0.0.1:12008" };
/** A request as its origin sends it first. */
const sent = { leftMs: 1_500, counter: 7, avoid: [], back: false, lost: false };
const write = { number: 5, after: 3, require: 0 };

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
  v("deadbeef01000fffffffffffff000000174876e8000000", {
    tag: "ping",
    nonce: 0xdeadbeef,
    round: true,
    digest: 2 ** 52 - 1,
    room: 100_000_000_000,
    awayMs: null,
    forgottenMs: null,
  }),
  v("deadbeef00000123456789abcd00000000000000000100009a7ec8000100009f974640", {
    tag: "pong",
    nonce: 0xdeadbeef,
    round: false,
    digest: 0x123456789abcd,
    room: 0,
    awayMs: 2_592_000_000,
    forgottenMs: 2_677_491_264,
  }),
  v("000000010000000000090000000200112233445566ff0200007f0000012ee9", {
    tag: "ping-req",
    nonce: 1,
    target: nine,
  }),
  v("000000010000000000090000000200112233445566ff0200007f0000012ee9", {
    tag: "ping-req-ack",
    nonce: 1,
    target: nine,
  }),
  v(
    `
    0100020000000000090000000200112233445566ff0200007f0000012ee9ffff
    ffffffff80000000ffffffffffffffff01000b323030313a6462383a3a312fe0
  `,
    { tag: "gossip", joining: true, members: [nine, far] },
  ),
  v("0000000000070000010000000000090000000200112233445566ff0200007f0000012ee9", {
    tag: "spread",
    upTo: 7,
    joining: false,
    members: [nine],
  }),
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
    replicationFactor: 3,
    proposedId: 2 ** 47,
  }),
  v(
    `
    01020304050600000000000800007f0000012ee80123456789abcdef00010000
    000000080000000000000f0000000015001500150015000000007f0000012eef
    000005dc000000000000000700000000
  `,
    { tag: "routed", request: REQUEST, origin, route: [8], ask: { kind: "join", joiner }, ...sent },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee80123456789abcdef00020000
    0000000800000000000901000000000007000000000010000000000000000100
    000000000e0101
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8, 9],
      ask: { kind: "lookup", key: 7 },
      leftMs: 0,
      counter: 2 ** 52,
      avoid: [14],
      back: true,
      lost: true,
    },
  ),
  v(
    `
    010203040506000000000008000c706565722e6578616d706c652ee801234567
    89abcdef0000020004343130330000000000070100000000000493e09f86d081
    884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000
    000500000000000303000005dc000000000000000700000000
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin: { ...origin, address: "peer.example:12008" },
      route: [],
      ask: {
        kind: "store",
        name: "4103",
        key: 7,
        content: { size: 300_000, sha256: SHA },
        write: { ...write, require: 3 },
      },
      ...sent,
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee80123456789abcdef00010000
    0000000802000434313033000000000007000000000000050000000000030000
    0005dc000000000000000700000000
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "store", name: "4103", key: 7, content: null, write },
      ...sent,
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee80123456789abcdef00010000
    0000000803000434313033000000000007000005dc0000000000000007000000
    00
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "request", name: "4103", key: 7 },
      ...sent,
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee80123456789abcdef00010000
    0000000804000434313033000000000007000000000005000000000003000000
    05dc000000000000000700000000
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "remove", name: "4103", key: 7, write },
      ...sent,
    },
  ),
  v(
    `
    01020304050600000000000800007f0000012ee80123456789abcdef00010000
    0000000805000434313033000000000007000005dc0000000000000007000000
    00
  `,
    {
      tag: "routed",
      request: REQUEST,
      origin,
      route: [8],
      ask: { kind: "where", name: "4103", key: 7 },
      ...sent,
    },
  ),
  v("010203040506", { tag: "ack", request: REQUEST }),
  v("010203040506000200000000000800000000000900000100000000000801", {
    tag: "answer",
    request: REQUEST,
    route: [8, 9],
    outcome: { kind: "owner" },
    via: [8],
    lost: true,
  }),
  v("010203040506000100000000000801000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "placed" },
    via: [],
    lost: false,
  }),
  v(
    `
    0102030405060001000000000008020004343130330000000000070123456789
    abcdef0000000000050000000000000007000000000008000000010000000000
    00000493e09f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c
    15b0f00a0800000000000005dc00000000000000020000000000080000000000
    0903000100000000000e000000
  `,
    {
      tag: "answer",
      request: REQUEST,
      route: [8],
      outcome: { kind: "stored", record, replicas: [8, 9], wanted: 3, withoutReplica: [14] },
      via: [],
      lost: false,
    },
  ),
  v(
    `
    01020304050600010000000000080300000000000493e0010004343130330123
    456789abcdef0000000000059f86d081884c7d659a2feaa0c55ad015a3bf4f1b
    2b0b822cd15d6c15b0f00a08000200000000000900000000000e000000
  `,
    {
      tag: "answer",
      request: REQUEST,
      route: [8],
      outcome: { kind: "found", size: 300_000, write: writeId, replicas: [9, 14] },
      via: [],
      lost: false,
    },
  ),
  v("0102030405060001000000000008030000000000000000000000000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "found", size: 0, write: null, replicas: [] },
    via: [],
    lost: false,
  }),
  v("010203040506000100000000000804000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "missing" },
    via: [],
    lost: false,
  }),
  v("010203040506000100000000000805000466756c6c00000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "failed", why: "full", maybe: false },
    via: [],
    lost: false,
  }),
  v(
    `
    0102030405060001000000000008060100043431303300000000000701234567
    89abcdef00000000000500000000000000070000000000080000000100000000
    0000000493e09f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d
    6c15b0f00a0800000000000005dc000000000000000200000000000800000000
    000e000000
  `,
    {
      tag: "answer",
      request: REQUEST,
      route: [8],
      outcome: { kind: "where", record, replicas: [8, 14] },
      via: [],
      lost: false,
    },
  ),
  v("010203040506000100000000000806000000000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "where", record: null, replicas: [] },
    via: [],
    lost: false,
  }),
  v("01020304050600010000000000080700010003000000", {
    tag: "answer",
    request: REQUEST,
    route: [8],
    outcome: { kind: "unavailable", answered: 1, needed: 3 },
    via: [],
    lost: false,
  }),
  v(
    `
    010203040506000100009a7ec800000000000400010000000000090000000200
    112233445566ff0200007f0000012ee9
  `,
    {
      tag: "join-answer",
      request: REQUEST,
      outcome: {
        kind: "accepted",
        standing: { awayMs: 2_592_000_000, forgottenMs: null },
        incarnation: 4,
        members: [nine],
      },
    },
  ),
  v("01020304050601", { tag: "join-answer", request: REQUEST, outcome: { kind: "busy" } }),
  v("0102030405060200033a3a312eef", {
    tag: "join-answer",
    request: REQUEST,
    outcome: { kind: "taken", by: "[::1]:12015" },
  }),
  v("010203040506", { tag: "join-done", request: REQUEST }),
  v("01020304050600000000000f0000000015001500150015000000007f0000012eef", {
    tag: "successor-change",
    request: REQUEST,
    joiner,
  }),
  v("010203040506", { tag: "depart", request: REQUEST }),
  v("010203040506000434313033000000000007000200000000000e000000000013", {
    tag: "inquire",
    request: REQUEST,
    name: "4103",
    key: 7,
    asked: [14, 19],
  }),
  v(
    `
      01020304050600010004343130330000000000070123456789abcdef00000000
      0005000000000000000700000000000800000001000000000000000493e09f86
      d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a080000
      0000000005dc000000000000000000000000003b9aca000000
    `,
    {
      tag: "inquired",
      request: REQUEST,
      records: [record],
      rejected: false,
      lost: [],
      room: 1_000_000_000,
      others: [],
    },
  ),
  v(
    `
      01020304050600000100010004343130330123456789abcdef0000000000059f
      86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800
      0000000000000700000000000800000001000000000000000000010000000000
      090000000200112233445566ff0200007f0000012ee9
    `,
    {
      tag: "inquired",
      request: REQUEST,
      records: [],
      rejected: true,
      lost: [heldVersion(record)],
      room: 0,
      others: [nine],
    },
  ),
  v(
    `
    0102030405060004343130330004343130330123456789abcdef000000000005
    9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    00000000000800007f0000012ee80123456789abcdef00020000000000080000
    0000000901
  `,
    {
      tag: "delegate",
      request: REQUEST,
      asked: "4103",
      write: writeId,
      origin,
      route: [8, 9],
      back: true,
    },
  ),
  v(
    `
      00020004343130330000000000070123456789abcdef00000000000500000000
      0000000700000000000800000001000000000000000493e09f86d081884c7d65
      9a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000000005dc
      0000000000000009636166c3a92e706466123456789abcffffffffffffffffff
      ffffffffff0010000000000000ffffffffffff00000003000100000000000000
      0c00000000000900000004001fffffffffffff9f86d081884c7d659a2feaa0c5
      5ad015a3bf4f1b2b0b822cd15d6c15b0f00a080001ffffffffffff0002000000
      000000000700000000000800000001000000000000000900000000000e000000
      0200010123456789abcdef00000000000300000000000500000000ea60000000
      0000000007000000000008000000010001000000000000000600000000000e00
      00000200
    `,
    { tag: "replicate", records: [record, accented], origin: null },
  ),
  v(
    `
      000100043431303300000000000700112233445566ff00000000000100000000
      000000080000000000080000000100000000000000000000e3b0c44298fc1c14
      9afbf4c8996fb92427ae41e4649b934ca495991b7852b8550100000005265c00
      000100000000000000070000000000080000000100010123456789abcdef0000
      000000050000000000050000052663d000000000000000070000000000080000
      0001000000
    `,
    { tag: "replicate", records: [removal], origin: null },
  ),
  v(
    `
    00010004343130330000000000070123456789abcdef00000000000500000000
    0000000700000000000800000001000000000000000493e09f86d081884c7d65
    9a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000000005dc
    0000000000000100000000000800007f0000012ee801010203040506
  `,
    { tag: "replicate", records: [record], origin: { ...replica, request: REQUEST } },
  ),
  v(
    `
    00010004343130330000000000070123456789abcdef00000000000500000000
    0000000700000000000800000001000000000000000493e09f86d081884c7d65
    9a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000000005dc
    0000000000000100000000000800007f0000012ee800
  `,
    { tag: "replicate", records: [record], origin: { ...replica, request: null } },
  ),
  v(
    `
    00010004343130330123456789abcdef0000000000059f86d081884c7d659a2f
    eaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000000000070000
    000000080000000101
  `,
    {
      tag: "replicated",
      files: [held],
      taking: true,
    },
  ),
  v(
    `
    00010004343130330123456789abcdef0000000000059f86d081884c7d659a2f
    eaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000000000070000
    0000000800000001
  `,
    { tag: "rejected", files: [held] },
  ),
  v(
    `
    00010004343130330123456789abcdef0000000000059f86d081884c7d659a2f
    eaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800000000000000070000
    0000000800000001
  `,
    { tag: "lost", files: [held] },
  ),
  v(
    `
    0000000000000200000000000000000000004000000003001fffffffffffff00
    0000000040000000000080000000000000000000000000
  `,
    { tag: "compare", ranges: [quarter, empty] },
  ),
  v(
    `
    0000000000000100000000004000000000008000000000000000000000000000
    0100000000000000000000004000000003001fffffffffffff00
  `,
    { tag: "compared", same: [empty], differ: [quarter], taking: false },
  ),
  v("010203040506deadbeef000300000000000800000000000900000000000e0001000000000008", {
    tag: "confirm",
    request: REQUEST,
    nonce: 0xdeadbeef,
    onward: [8, 9, 14],
    via: [8],
  }),
  v("010203040506deadbeef000004b0000200000000000900000000000e", {
    tag: "confirmed",
    request: REQUEST,
    nonce: 0xdeadbeef,
    leftMs: 1_200,
    onward: [9, 14],
  }),
  v("deadbeef0000000000050000000000080001000000000008", {
    tag: "lease",
    nonce: 0xdeadbeef,
    from: 5,
    to: 8,
    asked: [8],
  }),
  v("deadbeef0100", { tag: "leased", nonce: 0xdeadbeef, granted: true, clean: false }),
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
  v(
    `
    deadbeef0000000000000007000200000000000000000000004000000003001f
    ffffffffffff000000000040000000000080000000000000000000000000
  `,
    { tag: "catch-up", nonce: 0xdeadbeef, counter: 7, ranges: [quarter, empty] },
  ),
  v(
    `
    deadbeef00000000000000070001000000000040000000000080000000000000
    000000000000000100000000000000000000004000000003001fffffffffffff
  `,
    { tag: "caught-up", nonce: 0xdeadbeef, counter: 7, same: [empty], differ: [quarter] },
  ),
  v("01020304050600", { tag: "list", request: REQUEST, after: null }),
  v("01020304050601000434313033", { tag: "list", request: REQUEST, after: "4103" }),
  v(
    `
    01020304050600010004343130330000000000070123456789abcdef00000000
    0005000000000000000700000000000800000001000000000000000493e09f86
    d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a080000
    0000000005dc00000000000001
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
    010004343130330123456789abcdef0000000000059f86d081884c7d659a2fea
    a0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a080000000000040000
  `,
    { tag: "fetch", source: { kind: "write", write: writeId }, offset: 262_144 },
  ),
  v(
    `
    0004343130330123456789abcdef0000000000059f86d081884c7d659a2feaa0
    c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08000000000080000000000000
    01000000
  `,
    { tag: "fetch-part", write: writeId, offset: 8_388_608, until: 16_777_216 },
  ),
  v("0000000080000000", { tag: "content", size: 2_147_483_648 }),
  v("019f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", {
    tag: "content-end",
    sha256: SHA,
  }),
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
