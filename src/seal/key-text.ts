/** A ring's key as text, as it stands in a file or in the environment: never on a command line. */
import { createHash, randomBytes } from "node:crypto";
import { Failure } from "../protocol/model/failure.ts";
import { KEY_BYTES } from "./limits.ts";

const PREFIX = "p2pkey1-";
/** Of the hash of what stands before them: a letter that was lost is told from another key. */
const CHECK_BYTES = 4;

/** Draws a key. */
export function drawKey(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

/** @returns "p2pkey1-" and the key in letters, digits, "-" and "_" */
export function keyText(key: Uint8Array): string {
  return PREFIX + Buffer.concat([key, checkOf(key)]).toString("base64url");
}

/**
 * Reads a key; blanks around it do not matter.
 * @param where it comes from, for the sentence: the text itself is never shown
 * @throws Failure for anything else
 */
export function parseKey(text: string, where: string): Uint8Array {
  const plain = text.trim();
  if (/^[0-9a-f]{64}$/i.test(plain)) return Buffer.from(plain, "hex");
  const bytes = plain.startsWith(PREFIX)
    ? Buffer.from(plain.slice(PREFIX.length), "base64url")
    : Buffer.alloc(0);
  const key = bytes.subarray(0, KEY_BYTES);
  const isWhole = bytes.length === KEY_BYTES + CHECK_BYTES;
  if (isWhole && checkOf(key).equals(bytes.subarray(KEY_BYTES))) return new Uint8Array(key);
  throw new Failure(
    `${where} holds no key of a ring: it is "${PREFIX}" and 48 letters, as p2p key new writes it, or 64 hexadecimal digits.`,
  );
}

function checkOf(key: Uint8Array): Buffer {
  return createHash("sha256").update(PREFIX).update(key).digest().subarray(0, CHECK_BYTES);
}
