/**
 * The one table of messages: number on the wire and layout of each. Numbers are only ever appended:
 * a number once given keeps its meaning, and one given up is not given again.
 */
import {
  AVOIDED,
  GOSSIP_MEMBERS,
  LIST_WRITES,
  type Strategy,
  SYNC_BUCKETS,
  SYNC_MEMBERS,
} from "../protocol/model/config.ts";
import type {
  AnswerOutcome,
  Ask,
  FetchSource,
  JoinAnswer,
  Message,
  Replicate,
  Sync,
  Write,
} from "../protocol/model/messages.ts";
import {
  bool,
  type Codec,
  type Fields,
  list,
  option,
  reserved,
  struct,
  u8,
  u16,
  u32,
  u48,
  u53,
  variants,
  within,
  word,
} from "./codec.ts";
import * as v from "./values.ts";

/**
 * First frame of each pooled stream, so that one on which nothing else is sent can be told from one
 * opened by a stranger; and again every few seconds. It comes back as it is, which shows that the other
 * side reads, and how old the frames after it are (see age.ts). It goes no further than the transport.
 */
export type Hello = {
  readonly tag: "hello";
  /** Its number on its stream, 1 to 255 and again from 1; 0 where none is to come back. */
  readonly beat: number;
};
/** All that a stream's frame or a datagram may hold. */
export type WireMessage = Message | Hello;
/** What tells a message from others in this program; on the wire it is a number. */
export type Tag = WireMessage["tag"];

/** A row of the table, its layout checked against the message's type. */
type Row<T extends Tag> = {
  readonly number: number;
  readonly fields: FieldsOf<T>;
};
type FieldsOf<T extends Tag> = Fields<Omit<Extract<WireMessage, { readonly tag: T }>, "tag">>;

function row<T extends Tag>(number: number, fields: FieldsOf<T>): Row<T> {
  return { number, fields };
}

export const strategy: Codec<Strategy> = word<Strategy>(["successor", "finger", "direct"]);
const stage: Codec<Sync["stage"]> = word<Sync["stage"]>(["open", "answer", "close"]);

/** At the head of `compare` and its answer: an owner's nonce and counter stood there, before `catch-up` did. */
const FORMER_OWN_BYTES = 5;

const content = struct<{ readonly size: number; readonly sha256: string }>({
  size: u53,
  sha256: v.sha256,
});
const write = struct<Write>({ number: v.operationNumber, after: u48, require: u8 });
const ask: Codec<Ask> = variants<Ask>({
  join: { joiner: v.member },
  lookup: { key: v.position },
  store: { name: v.fileName, key: v.position, content: option(content), write },
  request: { name: v.fileName, key: v.position },
  remove: { name: v.fileName, key: v.position, write },
  where: { name: v.fileName, key: v.position },
});

const answerOutcome: Codec<AnswerOutcome> = variants<AnswerOutcome>({
  owner: {},
  placed: {},
  stored: { record: v.fileRecord, replicas: v.replicas, wanted: u8, withoutReplica: v.replicas },
  found: { size: u53, write: option(v.write), replicas: v.replicas },
  missing: {},
  failed: { why: v.sentence, maybe: bool },
  where: { record: option(v.fileRecord), replicas: v.replicas },
  unavailable: { answered: u16, needed: u16 },
});

const joinOutcome: Codec<JoinAnswer["outcome"]> = variants<JoinAnswer["outcome"]>({
  accepted: { standing: struct(v.standingFields), incarnation: v.incarnation, members: v.members },
  busy: {},
  taken: { by: v.address },
});

const fetchSource: Codec<FetchSource> = variants<FetchSource>({
  ticket: { request: v.request },
  write: { write: v.write },
});

const replicateOrigin = struct<NonNullable<Replicate["origin"]>>({
  id: v.position,
  address: v.address,
  request: option(v.request),
});

const pingFields = { nonce: u32, round: bool, digest: v.digest, room: u53, ...v.standingFields };

export const TABLE: { readonly [T in Tag]: Row<T> } = {
  hello: row(0, { beat: u8 }),
  ping: row(1, pingFields),
  pong: row(2, pingFields),
  "ping-req": row(3, { nonce: u32, target: v.member }),
  "ping-req-ack": row(4, { nonce: u32, target: v.member }),
  gossip: row(5, { joining: bool, members: list(v.member, GOSSIP_MEMBERS) }),
  sync: row(6, { stage, buckets: list(v.digest, SYNC_BUCKETS), members: v.members }),
  introduce: row(7, { request: v.request }),
  introduction: row(8, {
    request: v.request,
    bits: within(u8, 1, 48),
    strategy,
    pingIntervalMs: within(u32, 1, 0xffffffff),
    replicationFactor: within(u8, 1, 255),
    proposedId: v.position,
  }),
  routed: row(9, {
    request: v.request,
    origin: v.origin,
    route: v.route,
    ask,
    leftMs: v.leftMs,
    counter: v.counter,
    avoid: list(v.position, AVOIDED),
    back: bool,
    lost: bool,
  }),
  ack: row(10, { request: v.request }),
  answer: row(11, {
    request: v.request,
    route: v.route,
    outcome: answerOutcome,
    via: v.route,
    lost: bool,
  }),
  "join-answer": row(12, { request: v.request, outcome: joinOutcome }),
  "join-done": row(13, { request: v.request }),
  "successor-change": row(14, { request: v.request, joiner: v.member }),
  depart: row(15, { request: v.request }),
  inquire: row(16, { request: v.request, name: v.fileName, key: v.position, asked: v.asked }),
  inquired: row(17, {
    request: v.request,
    records: v.records,
    rejected: bool,
    lost: v.heldVersions,
    room: u53,
    others: list(v.member, GOSSIP_MEMBERS),
  }),
  delegate: row(18, {
    request: v.request,
    asked: v.fileName,
    write: v.write,
    origin: v.origin,
    route: v.route,
    back: bool,
  }),
  replicate: row(19, { records: v.records, origin: option(replicateOrigin) }),
  replicated: row(20, { files: v.heldVersions, taking: bool }),
  list: row(21, { request: v.request, after: option(v.fileName) }),
  listed: row(22, {
    request: v.request,
    records: list(v.fileRecord, LIST_WRITES),
    more: bool,
  }),
  fetch: row(23, { source: fetchSource, offset: u53 }),
  content: row(24, { size: u53 }),
  "content-end": row(25, { sha256: option(v.sha256) }),
  "content-refused": row(26, { why: v.sentence }),
  rejected: row(27, { files: v.heldVersions }),
  lost: row(28, { files: v.heldVersions }),
  compare: row(29, { ranges: reserved(FORMER_OWN_BYTES, v.ranges) }),
  compared: row(30, {
    same: reserved(FORMER_OWN_BYTES, v.ranges),
    differ: v.ranges,
    taking: bool,
  }),
  confirm: row(31, { request: v.request, nonce: u32, onward: v.route, via: v.route }),
  confirmed: row(32, {
    request: v.request,
    nonce: u32,
    leftMs: v.leftMs,
    onward: v.route,
  }),
  lease: row(33, { nonce: u32, from: v.position, to: v.position, asked: v.asked }),
  leased: row(34, { nonce: u32, granted: bool, clean: bool }),
  "status-ask": row(35, { request: v.request, digest: v.digest }),
  "status-told": row(36, {
    request: v.request,
    strategy,
    successors: v.neighbours,
    predecessors: v.neighbours,
    digest: v.digest,
    present: option(list(v.presentMember, SYNC_MEMBERS)),
    expected: u32,
    dead: u32,
    left: u32,
    files: v.filesHeld,
  }),
  "catch-up": row(37, { nonce: u32, counter: u53, ranges: v.ranges }),
  "caught-up": row(38, { nonce: u32, counter: u53, same: v.ranges, differ: v.ranges }),
  "fetch-part": row(39, { write: v.write, offset: u53, until: u53 }),
  spread: row(40, { upTo: u48, joining: bool, members: list(v.member, GOSSIP_MEMBERS) }),
};

/**
 * Messages that peers send by datagram, if they are short; all others go by stream, where a sender cannot give
 * another's address for its own. What comes by datagram and is none of these is dropped unread.
 */
export const BY_DATAGRAM: ReadonlySet<Tag> = new Set<Tag>([
  "hello",
  "ping",
  "pong",
  "ping-req",
  "ping-req-ack",
  "gossip",
  "spread",
]);

/** Messages that may have a small content behind them, in a stream. */
export const WITH_BODY: ReadonlySet<Tag> = new Set<Tag>(["routed", "answer", "replicate"]);
