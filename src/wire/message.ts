/** Messages <-> bytes: the header that each begins with, and the layout that the table gives it. */
import { type Member, type MemberState, makeMember } from "../protocol/member.ts";
import { formatAddress, isHost, plainHost } from "./address.ts";
import { Malformed, Reader, Writer } from "./bytes.ts";
import { type Codec, struct, u32 } from "./codec.ts";
import { MAX_FRAME } from "./limits.ts";
import { TABLE, type Tag, type WireMessage } from "./table.ts";
import { birth, port, position, state } from "./values.ts";

/** "p2", then the version of all that is described here. */
export const MAGIC = 0x7032;
export const VERSION = 1;
/** Bytes before a message's own fields. */
export const HEADER_BYTES = 29;

/** Who sends: its ring, and its own member record. Its host is what the receiver's socket sees. */
export type Sender = {
  /** A whole number in [0, 2^32); 0 as long as the sender knows no ring. */
  readonly ring: number;
  readonly id: number;
  readonly incarnation: number;
  readonly birth: string;
  readonly state: MemberState;
  /** Where it listens, for datagrams and streams alike; never 0. */
  readonly port: number;
};

export type Decoded =
  | { readonly ring: number; readonly from: Member; readonly message: WireMessage }
  /** Why the bytes are refused. */
  | { readonly error: string };

/** The header after magic, version and tag. */
const senderCodec: Codec<Sender> = struct<Sender>({
  ring: u32,
  id: position,
  incarnation: u32,
  birth,
  state,
  port,
});

type AnyBody = Codec<object>;
const TAGS: readonly (Tag | undefined)[] = byNumber();

/** One buffer for all that is encoded: encoding is synchronous and hands out copies. */
const scratch = new Writer();

/**
 * Encodes a message for a datagram.
 * @throws RangeError where a field, or the whole, does not fit the wire
 */
export function encode(message: WireMessage, sender: Sender): Uint8Array {
  scratch.reset();
  write(scratch, message, sender);
  return scratch.finish();
}

/**
 * Encodes a message for a stream: its length in four bytes, then the message.
 * @throws RangeError where a field, or the whole, does not fit the wire
 */
export function encodeFrame(message: WireMessage, sender: Sender): Uint8Array {
  scratch.reset();
  scratch.u32(0);
  write(scratch, message, sender);
  const frame = scratch.finish();
  new DataView(frame.buffer).setUint32(0, frame.length - 4);
  return frame;
}

/**
 * Decodes one whole message. Never throws, whatever the bytes.
 * @param host where the bytes came from, as the socket saw it
 */
export function decode(bytes: Uint8Array, host: string): Decoded {
  if (bytes.length < HEADER_BYTES) return { error: "shorter than a header" };
  if (bytes.length > MAX_FRAME) return { error: "longer than any message" };
  const from = new Reader(bytes);
  if (from.u16() !== MAGIC) return { error: "not of this protocol" };
  const version = from.u8();
  if (version !== VERSION) return { error: `version ${version}` };
  const number = from.u8();
  const tag = TAGS[number];
  if (tag === undefined) return { error: `unknown tag ${number}` };
  if (!isHost(plainHost(host))) return { error: "no host" };
  try {
    const { ring, port: listens, ...fields } = senderCodec.read(from);
    const body: AnyBody = TABLE[tag].body;
    const message = { tag, ...body.read(from) } as WireMessage;
    if (from.left > 0) return { error: `${from.left} bytes too many` };
    return {
      ring,
      from: makeMember({ ...fields, address: formatAddress(host, listens) }),
      message,
    };
  } catch (error) {
    if (error instanceof Malformed) return { error: `${tag}: ${error.message}` };
    return { error: `${tag}: ${String(error)}` };
  }
}

function write(to: Writer, message: WireMessage, sender: Sender): void {
  const { number } = TABLE[message.tag];
  const body: AnyBody = TABLE[message.tag].body;
  const start = to.length;
  to.u16(MAGIC);
  to.u8(VERSION);
  to.u8(number);
  senderCodec.write(to, sender);
  body.write(to, message);
  const length = to.length - start;
  if (length > MAX_FRAME) throw new RangeError(`${message.tag} of ${length} bytes`);
}

function byNumber(): (Tag | undefined)[] {
  const tags: (Tag | undefined)[] = [];
  for (const tag of Object.keys(TABLE) as Tag[]) tags[TABLE[tag].number] = tag;
  return tags;
}
