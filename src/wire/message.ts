/**
 * Messages <-> bytes: the header that each begins with, the layout that the table gives it, and the
 * small content that some may have behind them.
 */
import { BODY_BYTES } from "../protocol/model/config.ts";
import type { Member } from "../protocol/model/member.ts";
import { isHost, plainHost } from "./address.ts";
import { PREFIX_BYTES } from "./age.ts";
import { Malformed, Reader, Writer } from "./bytes.ts";
import { type Codec, struct } from "./codec.ts";
import { MAX_FRAME } from "./limits.ts";
import { NAMED, takeNamedHost, writeEndedBody, writeNamedHost } from "./named-host.ts";
import { readSender, SENDER_BYTES, type Sender, writeSender } from "./senders.ts";
import { BY_DATAGRAM, TABLE, type Tag, WITH_BODY, type WireMessage } from "./table.ts";

/**
 * "p2", then the version of all that is described here. What comes in a later one is read by its rules:
 * it has the same header, has added fields behind those of its messages, and numbers behind these. It is raised with
 * the first thing that is added after a release, and the one before it is then spoken and read, too
 * (docs/PROTOCOL.md#how-it-grows). Version 3 is that of v0.2.0.
 */
export const MAGIC = 0x7032;
export const VERSION = 3;
/** Where the version stands: behind the magic. */
const VERSION_AT = 2;
/** Where the sender stands: behind magic, version and tag. */
const SENDER_AT = 4;
/** Bytes before a message's own fields. */
export const HEADER_BYTES = SENDER_AT + SENDER_BYTES;

const BODY_LENGTH_BYTES = 4;

export type { Sender };

/** What a datagram, or a frame's payload, says. */
export type Decoded =
  | {
      readonly ring: number;
      readonly from: Member;
      readonly message: WireMessage;
      /** What came behind the message: a copy, of 1 to BODY_BYTES bytes. */
      readonly body: Uint8Array | null;
    }
  /** Why the bytes are refused. `later`: they may mean something in a later version, and do no harm. */
  | { readonly error: string; readonly later?: true };

/** A row of the table, made ready for use. */
type Layout = {
  readonly tag: Tag;
  readonly number: number;
  /** Writes what follows the header, and reads it into a message with its tag. */
  readonly fields: Codec<object>;
  readonly withBody: boolean;
};
const LAYOUTS = new Map<Tag, Layout>();
const NUMBERED: (Layout | undefined)[] = [];
for (const tag of Object.keys(TABLE) as Tag[]) {
  const { number, fields } = TABLE[tag];
  const codec = struct<object>(fields, { tag });
  const layout: Layout = { tag, number, fields: codec, withBody: WITH_BODY.has(tag) };
  LAYOUTS.set(tag, layout);
  NUMBERED[number] = layout;
}

/** The host of the last message, which is one: most come from where the one before came from. */
let lastHost: string | null = null;

/** One buffer for all that is encoded: encoding is synchronous and hands out copies. */
const scratch = new Writer();
const NO_PREFIX = new Uint8Array(PREFIX_BYTES);

/**
 * Encodes a message for a datagram.
 * @throws RangeError where a field, or the whole, does not fit the wire
 */
export function encode(message: WireMessage, sender: Sender): Uint8Array {
  scratch.reset();
  write(scratch, message, sender);
  if (sender.host !== undefined) writeNamedHost(scratch, sender.host);
  checkLength(message, scratch.length);
  return scratch.finish();
}

/**
 * Encodes a message for a stream: its length in four bytes, room for its age (see `setAge`), which is
 * not told yet, then the message, then its body.
 * @param body 1 to BODY_BYTES bytes, for the messages that may have one; copied
 * @throws RangeError where a field, the body, or the whole does not fit the wire
 */
export function encodeFrame(
  message: WireMessage,
  sender: Sender,
  body: Uint8Array | null = null,
): Uint8Array {
  if (body !== null) checkBody(message, body);
  scratch.reset();
  scratch.bytes(NO_PREFIX);
  write(scratch, message, sender);
  const { host } = sender;
  if (host !== undefined) {
    writeNamedHost(scratch, host);
    if (layoutOf(message).withBody) writeEndedBody(scratch, body);
  }
  const behind = host === undefined ? body : null;
  const length = scratch.length - PREFIX_BYTES + (behind?.length ?? 0);
  checkLength(message, length);
  scratch.u32At(0, length);
  return scratch.finish(behind);
}

/**
 * Decodes one whole message. Never throws, whatever the bytes.
 * @param host where the bytes came from, as the socket saw it; a sender may name another
 * @param bodies whether some messages may have a body: so in a stream's frame, not in a datagram
 * @param bits of the positions in the reader's ring; 48 while it knows of none
 */
export function decode(bytes: Uint8Array, host: string, bodies = false, bits = 48): Decoded {
  if (bytes.length < HEADER_BYTES) return { error: "shorter than a header" };
  if (bytes.length > MAX_FRAME) return { error: "longer than any message" };
  const from = new Reader(bytes, bits);
  if (from.u16() !== MAGIC) return { error: "not of this protocol" };
  const first = from.u8();
  const version = first & ~NAMED;
  if (version < VERSION) return { error: `version ${version}` };
  const number = from.u8();
  const layout = NUMBERED[number];
  const later = version > VERSION;
  if (layout === undefined) return refusal(`unknown tag ${number}`, later);
  if (first !== version) return decodeNamed(bytes, bodies && layout.withBody, bits, later);
  if (host !== lastHost && !isHost(plainHost(host))) return { error: "no host" };
  lastHost = host;
  try {
    const { ring, from: sender } = readSender(bytes, SENDER_AT, host);
    // Who asks which ring this is has an id of another, or of none.
    const strange = layout.tag === "introduce" || layout.tag === "hello";
    if (sender.id > from.lastPosition && !strange)
      return { error: `${sender.id} is no place on the circle` };
    from.skip(SENDER_BYTES);
    const message = layout.fields.read(from) as WireMessage;
    const most = bodies && layout.withBody ? BODY_BYTES : 0;
    if (later) return { ring, from: sender, message, body: most === 0 ? null : laterBody(from) };
    if (from.left > most) return { error: `${from.left - most} bytes too many` };
    return { ring, from: sender, message, body: from.rest() };
  } catch (error) {
    const why = error instanceof Malformed ? error.message : String(error);
    return refusal(`${layout.tag}: ${why}`, later);
  }
}

/** Decodes a message whose sender names its host. */
function decodeNamed(bytes: Uint8Array, withBody: boolean, bits: number, later: boolean): Decoded {
  try {
    const { host, bytes: own, body } = takeNamedHost(bytes, withBody ? BODY_BYTES : 0);
    const plain = own.slice();
    plain[VERSION_AT] = (plain[VERSION_AT] ?? 0) & ~NAMED;
    const decoded = decode(plain, host, false, bits);
    return "error" in decoded ? decoded : { ...decoded, body };
  } catch (error) {
    return refusal(error instanceof Malformed ? error.message : String(error), later);
  }
}

/** What the first bytes of a message say, without the work of decoding it. */
export type Head = {
  readonly ring: number;
  readonly byDatagram: boolean;
  readonly isHello: boolean;
};

/** @returns null where the bytes are none of this protocol */
export function readHead(bytes: Uint8Array): Head | null {
  if (bytes.length < HEADER_BYTES) return null;
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (head.getUint16(0) !== MAGIC || head.getUint8(2) < VERSION) return null;
  const tag = NUMBERED[head.getUint8(3)]?.tag;
  return {
    ring: head.getUint32(SENDER_AT),
    byDatagram: tag !== undefined && BY_DATAGRAM.has(tag),
    isHello: tag === "hello",
  };
}

/**
 * The body of a message of a later version: its fields may go on behind those that are known here, so the
 * last four bytes say how long the body before them is.
 */
function laterBody(behind: Reader): Uint8Array | null {
  const rest = behind.rest() ?? new Uint8Array(0);
  const end = rest.length - BODY_LENGTH_BYTES;
  const length = end < 0 ? -1 : new Reader(rest.subarray(end)).u32();
  if (length < 0 || length > Math.min(end, BODY_BYTES))
    throw new Malformed(`a body of ${length} bytes`);
  return length === 0 ? null : rest.slice(end - length, end);
}

function refusal(error: string, later: boolean): Decoded {
  return later ? { error, later } : { error };
}

function write(to: Writer, message: WireMessage, sender: Sender): void {
  const layout = layoutOf(message);
  to.u16(MAGIC);
  to.u8(sender.host === undefined ? VERSION : VERSION | NAMED);
  to.u8(layout.number);
  writeSender(to, sender);
  layout.fields.write(to, message);
}

/**
 * Writes a message without its header: its number, then its fields.
 * @throws RangeError where a field does not fit the wire
 */
export function writeMessage(to: Writer, message: WireMessage): void {
  const layout = layoutOf(message);
  to.u8(layout.number);
  layout.fields.write(to, message);
}

function layoutOf({ tag }: WireMessage): Layout {
  const layout = LAYOUTS.get(tag);
  if (layout === undefined) throw new RangeError(`no such message: ${tag}`);
  return layout;
}

function checkLength({ tag }: WireMessage, length: number): void {
  if (length > MAX_FRAME) throw new RangeError(`${tag} of ${length} bytes`);
}

function checkBody({ tag }: WireMessage, { length }: Uint8Array): void {
  if (LAYOUTS.get(tag)?.withBody !== true) throw new RangeError(`${tag} with a body`);
  if (length === 0 || length > BODY_BYTES) throw new RangeError(`a body of ${length} bytes`);
}
