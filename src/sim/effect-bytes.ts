/**
 * The effects of a step as bytes, for a run's fingerprint: whatever a peer says or does differently is
 * another history. Words go in as their places in a list, as on the wire, so that a word that is only
 * renamed changes nothing; what is added to a list goes at its end.
 */
import type {
  Doubt,
  ListedFile,
  Outcome,
  PeerEvent,
  SurveyedMember,
  Why,
} from "../protocol/model/events.ts";
import type {
  Alternatives,
  BodySource,
  Effect,
  FetchInto,
  Replica,
  Served,
} from "../protocol/model/io.ts";
import type { Member } from "../protocol/model/member.ts";
import type { Channel, FetchSource, Message } from "../protocol/model/messages.ts";
import { Writer } from "../wire/bytes.ts";
import {
  bool,
  type Codec,
  type Fields,
  list,
  option,
  struct,
  u53,
  variants,
  word,
} from "../wire/codec.ts";
import { writeMessage } from "../wire/message.ts";
import { strategy } from "../wire/table.ts";
import * as v from "../wire/values.ts";

const MOST = 65_535;

/** What is only ever written. */
function written<T>(write: Codec<T>["write"]): Codec<T> {
  return {
    write,
    read: () => {
      throw new Error("an effect is never read back");
    },
  };
}

const bits = new DataView(new ArrayBuffer(8));
/** Any number: what comes of a clock is no whole one. */
const real: Codec<number> = written((w, value) => {
  bits.setFloat64(0, value);
  w.u32(bits.getUint32(0));
  w.u32(bits.getUint32(4));
});
/** Whatever a person is told may be long, and hold half a character. */
const text: Codec<string> = written((w, value) => {
  w.u32(value.length);
  for (let i = 0; i < value.length; i++) w.u16(value.charCodeAt(i));
});
const address: Codec<string> = written((w, value) => w.text(value, MOST));
const ids: Codec<readonly number[]> = list(v.position, MOST);
/** A member is one value in all tables that have it, and is told of again and again. */
const known = new WeakMap<Member, Uint8Array>();
const member: Codec<Member> = written((w, value) => {
  let bytes = known.get(value);
  if (bytes === undefined) {
    const start = w.length;
    v.member.write(w, value);
    bytes = w.since(start);
    known.set(value, bytes);
  } else w.bytes(bytes);
});
const members = list(member, MOST);

/** A union whose cases are told apart by another field than `kind`. */
type CasesBy<K extends string, T extends { readonly [P in K]: string }> = {
  readonly [C in T[K]]: Fields<Omit<Extract<T, { readonly [P in K]: C }>, K>>;
};

function casesBy<K extends string, T extends { readonly [P in K]: string }>(
  key: K,
  cases: CasesBy<K, T>,
): Codec<T> {
  const numbers = new Map<string, number>();
  const bodies: Codec<object>[] = [];
  for (const [name, fields] of Object.entries<Fields<object>>(cases)) {
    numbers.set(name, bodies.length);
    bodies.push(struct<object>(fields));
  }
  return written((w, value) => {
    const number = numbers.get(value[key]) ?? -1;
    const body = bodies[number];
    if (body === undefined) throw new RangeError(`no such case: ${value[key]}`);
    w.u16(number);
    body.write(w, value);
  });
}

const channel = word<Channel>(["datagram", "stream"]);
const bodySource = variants<BodySource>({
  body: { number: u53 },
  write: { write: v.write },
});
const message: Codec<Message> = written((w, value) => writeMessage(w, value));

const served = variants<Served>({
  command: { command: u53 },
  write: { write: v.write },
  arriving: { job: u53 },
  local: { name: text },
});
/** One that is left out by mistake is for the checks to find. */
const hash: Codec<string> = written((w, value) => option(v.sha256).write(w, value));
const into = variants<FetchInto>({
  store: { record: v.fileRecord, sha256: hash, shared: bool },
  deliver: { command: u53, sha256: option(v.sha256) },
});
const source = variants<FetchSource | Extract<BodySource, { kind: "body" }>>({
  ticket: { request: v.request },
  write: { write: v.write },
  body: { number: u53 },
});

const why = word<Why>([
  "refused",
  "lost",
  "suspicion",
  "joined",
  "left",
  "returned",
  "heard",
  "replaced",
]);
const doubt = word<Doubt>(["refused", "silent", "asking", "word", "answered"]);
const listedFile = struct<ListedFile>({ record: v.fileRecord, replicas: ids });
const surveyed = struct<SurveyedMember>({
  member,
  present: list(v.presentMember, MOST),
  lookups: list(struct({ key: v.position, owner: option(v.position), route: ids }), MOST),
  strategy,
  successors: ids,
  predecessors: ids,
  digest: v.digest,
  expected: u53,
  dead: u53,
  left: u53,
  files: v.filesHeld,
});
const outcome = variants<Outcome>({
  stored: { record: v.fileRecord, replicas: ids, wanted: u53, withoutReplica: ids, route: ids },
  placed: { owner: v.position, route: ids },
  received: { request: v.request, from: v.position, size: u53, sha256: v.sha256, route: ids },
  missing: { owner: v.position, route: ids },
  where: {
    owner: v.position,
    record: option(v.fileRecord),
    replicas: ids,
    wanted: u53,
    route: ids,
  },
  owner: { key: v.position, owner: v.position, route: ids },
  listed: { files: list(listedFile, MOST), silent: u53 },
  surveyed: { members: list(surveyed, MOST), silent: members },
  failed: { why: text, maybe: bool },
});
/** Whether a line is of a request is plain from its text. */
const unwritten: Codec<true | undefined> = { write() {}, read: () => undefined };
const event = casesBy<"event", PeerEvent>("event", {
  line: { text, fold: bool, request: unwritten },
  note: { text },
  crash: { text, stack: text },
  member: { id: v.position, memberIncarnation: u53, state: v.state, why },
  probe: { id: v.position, doubt, asked: ids },
  successors: { successors: ids, predecessors: ids },
  joined: { id: v.position },
  woke: { ms: real },
  transfer: {
    file: text,
    size: u53,
    sha256: option(v.sha256),
    from: v.position,
    to: v.position,
    bytes: u53,
    ms: real,
    outcome: text,
  },
  dropped: { file: text },
  route: { what: text, route: ids, ms: real },
  outcome: { command: u53, outcome },
  thrown: { tag: text, from: address, why: text, stack: text },
  omitted: { events: u53, ms: real },
});

const alternatives = struct<Alternatives>({
  write: v.write,
  replicas: list(struct<Replica>({ id: v.position, address }), MOST),
});

const effect = casesBy<"type", Effect>("type", {
  send: { to: address, channel, message, body: option(bodySource) },
  watch: { addresses: list(address, MOST) },
  sever: { address },
  "sever-dialled": {},
  dial: { address },
  persist: { id: v.position, incarnation: u53 },
  save: { members, departed: members, left: bool },
  event: { event },
  fetch: {
    job: u53,
    file: text,
    from: address,
    peer: v.position,
    source,
    size: u53,
    into,
    alternatives: option(alternatives),
    repair: bool,
  },
  merge: { job: u53, record: v.fileRecord },
  serve: { request: v.request, what: served },
  look: { request: v.request, name: text },
  apart: { writes: list(v.write, MOST) },
  alive: { awayMs: real, forgottenMs: option(real) },
  drop: { write: v.write },
  exit: { code: u53, sentence: option(text) },
  greet: { address },
});

const scratch = new Writer();

/** @returns all effects of one step, one behind the other; good until the next call */
export function effectBytes(effects: readonly Effect[]): Uint8Array {
  scratch.reset();
  for (const each of effects) effect.write(scratch, each);
  return scratch.written();
}
