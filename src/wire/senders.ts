/**
 * Who sends, as the header of each message says it. A peer says the same with every message, so what
 * was read once is kept: that saves half of the time that a short message takes.
 */
import { type Member, type MemberState, makeMember } from "../protocol/model/member.ts";
import { formatAddress } from "./address.ts";
import { Reader, type Writer } from "./bytes.ts";
import { type Codec, struct, u32 } from "./codec.ts";
import { SENDERS_KEPT } from "./limits.ts";
import { incarnation, instance, port, position, state } from "./values.ts";

/** Who sends: its ring, and its own member record. */
export type Sender = {
  /** A whole number in [0, 2^32); 0 as long as the sender knows no ring. */
  readonly ring: number;
  readonly id: number;
  readonly incarnation: number;
  readonly instance: string;
  readonly state: MemberState;
  /** Where others call it, for datagrams and streams alike; never 0. */
  readonly port: number;
  /** The host that others call; left out where it is the one that the receiver's socket sees. */
  readonly host?: string;
};

/** The header after magic, version and tag. */
export const senderCodec: Codec<Omit<Sender, "host">> = struct<Omit<Sender, "host">>({
  ring: u32,
  id: position,
  incarnation,
  instance,
  state,
  port,
});
export const SENDER_BYTES = 25;

type Known = {
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly sender: { readonly ring: number; readonly from: Member };
};

/** What each id said last. */
const known = new Map<number, Known>();

/** The bytes of senders: a peer is the same from one message to the next, and a simulator has many. */
const written = new WeakMap<Sender, Uint8Array>();

/** Writes a sender of SENDER_BYTES bytes. @throws RangeError for one that does not fit the wire */
export function writeSender(to: Writer, sender: Sender): void {
  const bytes = written.get(sender);
  if (bytes !== undefined) {
    to.bytes(bytes);
    return;
  }
  const start = to.length;
  senderCodec.write(to, sender);
  written.set(sender, to.since(start));
}

/**
 * Reads a sender of SENDER_BYTES bytes, which there are.
 * @param at where in the bytes it begins
 * @param host of the sender
 * @throws Malformed
 */
export function readSender(bytes: Uint8Array, at: number, host: string): Known["sender"] {
  const id = idIn(bytes, at + ID_AT);
  const last = known.get(id);
  if (last !== undefined && last.host === host && isSame(last.bytes, bytes, at)) return last.sender;
  const own = bytes.slice(at, at + SENDER_BYTES);
  const { ring, port: listens, ...fields } = senderCodec.read(new Reader(own));
  const from = makeMember({ ...fields, address: formatAddress(host, listens) });
  const sender = { ring, from };
  if (known.size >= SENDERS_KEPT) known.clear();
  known.set(id, { bytes: own, host, sender });
  return sender;
}

/** The id stands behind the ring's four bytes, in six. */
const ID_AT = 4;
const ID_BYTES = 6;

function idIn(bytes: Uint8Array, at: number): number {
  let id = 0;
  for (let i = at; i < at + ID_BYTES; i++) id = id * 256 + (bytes[i] ?? 0);
  return id;
}

function isSame(own: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < SENDER_BYTES; i++) if (own[i] !== bytes[at + i]) return false;
  return true;
}
