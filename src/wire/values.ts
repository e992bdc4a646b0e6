/** The layouts that several messages share. */

import { HIGHEST_COUNTER, HIGHEST_INCARNATION } from "../protocol/model/bounds.ts";
import {
  ASKED_TOLD,
  COMPARE_RANGES,
  MAX_NAME_BYTES,
  REPLICATE_RECORDS,
  SPANS_KEPT,
  SPARED_KEPT,
  SYNC_MEMBERS,
  VECTOR_KEPT,
} from "../protocol/model/config.ts";
import {
  EMPTY_SHA256,
  type FileRecord,
  type HeldVersion,
  type Operation,
  type Range,
  type Span,
  type Version,
  type WriteId,
} from "../protocol/model/files.ts";
import {
  type Address,
  MEMBER_STATES,
  type Member,
  type MemberState,
  makeMember,
} from "../protocol/model/member.ts";
import type { Origin } from "../protocol/model/messages.ts";
import { isFileName } from "../protocol/model/names.ts";
import type { PresentMember, SnapshotFiles } from "../protocol/model/told.ts";
import { formatAddress, isHost, isIpv4, parseAddress } from "./address.ts";
import { Malformed } from "./bytes.ts";
import {
  bool,
  type Codec,
  hex,
  list,
  option,
  struct,
  u8,
  u32,
  u48,
  u53,
  within,
  word,
} from "./codec.ts";
import { MAX_REPLICAS, MAX_ROUTE, MAX_SENTENCE, NEIGHBOURS } from "./limits.ts";
import { Recent } from "./recent.ts";

/** A place on the circle: of 48 bits at most, and of no more than the reader's ring has. */
export const position: Codec<number> = {
  write: (w, v) => w.u48(v),
  read(r) {
    const value = r.u48();
    if (value > r.lastPosition) throw new Malformed(`${value} is no place on the circle`);
    return value;
  },
};
export const request = u48;
export const digest = u53;
export const sha256 = hex(32);
const instances = new Recent((high, low) => digitsOf(high) + digitsOf(low));
export const instance: Codec<string> = {
  write: (w, v) => w.hex(v, 8),
  read: (r) => instances.of(r.u32(), r.u32()),
};
export const state: Codec<MemberState> = word(MEMBER_STATES);

/** A port where a peer listens, never 0. */
export const port: Codec<number> = within(
  { write: (w, v) => w.u16(v), read: (r) => r.u16() },
  1,
  65_535,
);

const addresses = new Recent((host, at) => {
  const bytes = [host >>> 24, (host >>> 16) & 0xff, (host >>> 8) & 0xff, host & 0xff];
  return `${bytes.join(".")}:${at}`;
});

/**
 * u16 0 and the four bytes of an IPv4 address, or the u16 length of any other host and its text; then
 * the port. Each address has one form only.
 */
export const address: Codec<Address> = {
  write(w, value) {
    const parts = parseAddress(value);
    if (parts === null) throw new RangeError(`no address: ${value}`);
    if (isIpv4(parts.host)) {
      w.u16(0);
      for (const byte of parts.host.split(".")) w.u8(Number(byte));
    } else {
      w.text(parts.host, 255);
    }
    port.write(w, parts.port);
  },
  read(r) {
    const host = r.text(255);
    // Four bytes and a port are an address, whatever they are: there is nothing to look for in its text.
    if (host === "") return addresses.of(r.u32(), port.read(r));
    if (!isHost(host) || isIpv4(host)) throw new Malformed("no host, or one in its long form");
    const value = formatAddress(host, port.read(r));
    if (parseAddress(value)?.host !== host) throw new Malformed("a host that is no host");
    return value;
  },
};

/** How often a peer was started or has refuted its death: no further than it may count itself. */
export const incarnation: Codec<number> = within(u32, 0, HIGHEST_INCARNATION);
/** A counter of writes. */
export const counter: Codec<number> = within(u53, 0, HIGHEST_COUNTER);

/** The fields that a member's record and a message's header share; then each says where it is. */
const memberFields = struct<Omit<Member, "hash">>({
  id: position,
  incarnation,
  instance,
  state,
  address,
});

/** The hash is not sent: it follows from the rest. */
export const member: Codec<Member> = {
  write: (w, value) => memberFields.write(w, value),
  read: (r) => makeMember(memberFields.read(r)),
};
export const members: Codec<readonly Member[]> = list(member, SYNC_MEMBERS);

export const route: Codec<readonly number[]> = list(position, MAX_ROUTE);
export const asked: Codec<readonly number[]> = list(position, ASKED_TOLD);
export const replicas: Codec<readonly number[]> = list(position, MAX_REPLICAS);

export const origin: Codec<Origin> = struct<Origin>({ id: position, address, instance });

/** A time left, in whole milliseconds: never more than there is. */
export const leftMs: Codec<number> = {
  write: (w, value) => w.u32(Math.floor(Math.min(Math.max(0, value), 0xffffffff))),
  read: (r) => r.u32(),
};
/** An age, in whole milliseconds, of up to 8,900 years. */
const ageMs: Codec<number> = {
  write: (w, value) => w.u48(Math.round(Math.min(Math.max(0, value), 2 ** 48 - 1))),
  read: (r) => r.u48(),
};

/** What a member says of its absence, and of what is forgotten. */
export const standingFields = { awayMs: option(ageMs), forgottenMs: option(ageMs) };

/** A name that a file may have in some ring, in at most 255 bytes. */
export const fileName: Codec<string> = {
  write(w, value) {
    if (!isFileName(value)) throw new RangeError("no file name");
    w.text(value, MAX_NAME_BYTES);
  },
  read(r) {
    const value = r.text(MAX_NAME_BYTES);
    if (!isFileName(value)) throw new Malformed("no file name");
    return value;
  },
};

export const version: Codec<Version> = struct<Version>({
  counter,
  owner: position,
  instance: u32,
});

/** Of a store or a removal, among those of its origin. */
export const operationNumber: Codec<number> = within(u48, 1, 2 ** 48 - 1);
export const operation: Codec<Operation> = struct<Operation>({
  origin: instance,
  number: operationNumber,
});
const spanFields = struct<Span>({ origin: instance, from: u48, to: u48, ageMs, version });
const BACKWARDS = "a span that ends before it begins";
const span: Codec<Span> = {
  write(w, value) {
    if (value.from > value.to) throw new RangeError(BACKWARDS);
    spanFields.write(w, value);
  },
  read(r) {
    const value = spanFields.read(r);
    if (value.from > value.to) throw new Malformed(BACKWARDS);
    return value;
  },
};

const recordFields = struct<FileRecord>({
  name: fileName,
  key: position,
  operation,
  version,
  also: list(version, VECTOR_KEPT),
  size: u53,
  sha256,
  removed: bool,
  apart: bool,
  ageMs,
  versionVector: list(version, VECTOR_KEPT),
  history: list(span, SPANS_KEPT),
  spared: list(version, SPARED_KEPT),
});
/** A record; a removal has no content. */
export const fileRecord: Codec<FileRecord> = {
  write: (w, value) => recordFields.write(w, value),
  read(r) {
    const record = recordFields.read(r);
    if (record.removed && (record.size !== 0 || record.sha256 !== EMPTY_SHA256))
      throw new Malformed("a removal with a content");
    return record;
  },
};
export const records: Codec<readonly FileRecord[]> = list(fileRecord, REPLICATE_RECORDS);

export const write: Codec<WriteId> = struct<WriteId>({ name: fileName, operation, sha256 });
const heldVersion = struct<HeldVersion>({ name: fileName, operation, sha256, version });
export const heldVersions: Codec<readonly HeldVersion[]> = list(heldVersion, REPLICATE_RECORDS);

const range = struct<Range>({ from: position, to: position, count: u32, digest });
export const ranges: Codec<readonly Range[]> = list(range, COMPARE_RANGES);

/** The members next to one, on one side. */
export const neighbours: Codec<readonly number[]> = list(position, NEIGHBOURS);

export const presentMember: Codec<PresentMember> = struct<PresentMember>({ id: position, state });

export const filesHeld: Codec<SnapshotFiles> = struct<SnapshotFiles>({
  count: u53,
  bytes: u53,
  short: u53,
  least: u8,
  safe: bool,
  damaged: u53,
  room: u53,
});

/** A sentence for a person. The sender cuts a long one; the receiver refuses it. */
export const sentence: Codec<string> = {
  write: (w, value) => w.text(cut(value.toWellFormed(), MAX_SENTENCE), MAX_SENTENCE),
  read: (r) => r.text(MAX_SENTENCE),
};

/** The longest beginning of a text that takes at most so many bytes. */
function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let end = 0;
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Eight hexadecimal digits of 32 bits. */
function digitsOf(bits: number): string {
  return bits.toString(16).padStart(8, "0");
}
