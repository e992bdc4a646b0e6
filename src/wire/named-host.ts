/**
 * The host that a sender names, where it is called at another than its packets come from: behind a port forward, in a
 * container. It stands behind all other fields, with its length behind it, and a body and that body's length behind that:
 * so a reader that knows nothing of it passes over it, as over what a later version adds.
 */
import { isHost } from "./address.ts";
import { Malformed, Reader, type Writer } from "./bytes.ts";

/** Set in the version's byte where a host is named. */
export const NAMED = 0x80;
const BODY_LENGTH_BYTES = 4;
const HOST_LENGTH_BYTES = 1;

/** Writes the host that others call. @throws RangeError for what is none */
export function writeNamedHost(to: Writer, host: string): void {
  if (!isHost(host)) throw new RangeError(`no host: ${host}`);
  to.bytes(Buffer.from(host, "latin1"));
  to.u8(host.length);
}

/** Writes what stands behind it in a stream, of a message that may have a body. */
export function writeEndedBody(to: Writer, body: Uint8Array | null): void {
  if (body !== null) to.bytes(body);
  to.u32(body?.length ?? 0);
}

/** A message taken apart: what is left of it is a message without a named host. */
export type Unnamed = {
  readonly host: string;
  readonly bytes: Uint8Array;
  readonly body: Uint8Array | null;
};

/**
 * Takes the host off a message that names one.
 * @param most bytes of a body; 0 where it cannot have one
 * @throws Malformed
 */
export function takeNamedHost(bytes: Uint8Array, most: number): Unnamed {
  let end = bytes.length;
  let body: Uint8Array | null = null;
  if (most > 0) {
    end -= BODY_LENGTH_BYTES;
    const length = end < 0 ? -1 : new Reader(bytes.subarray(end)).u32();
    if (length < 0 || length > Math.min(most, end))
      throw new Malformed(`a body of ${length} bytes`);
    if (length > 0) body = bytes.slice(end - length, end);
    end -= length;
  }
  const length = bytes[end - HOST_LENGTH_BYTES] ?? 0;
  const start = end - HOST_LENGTH_BYTES - length;
  const host = Buffer.from(
    bytes.subarray(Math.max(0, start), Math.max(0, start) + length),
  ).toString("latin1");
  if (start < 0 || !isHost(host)) throw new Malformed("no host");
  return { host, bytes: bytes.subarray(0, start), body };
}
