/**
 * An invite: a word that lets one in who has no key of the ring. It names a peer, and holds a token that this peer
 * redeems; so when it ends, and how often it can be used, is for that peer to say. The key itself is not in it.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Address } from "../protocol/model/member.ts";
import { parseAddress } from "../wire/address.ts";
import { KEY_ID_BYTES } from "./limits.ts";

export type Invite = {
  readonly token: Uint8Array;
  /** The name of the key that the ring had when it was written: 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** Of the peer that redeems it. */
  readonly address: Address;
};

const PREFIX = "p2p1-";
const TOKEN_BYTES = 16;
const CHECK_BYTES = 4;
const MAX_CHARACTERS = 512;

export function drawToken(): Uint8Array {
  return randomBytes(TOKEN_BYTES);
}

/** @returns "p2p1-" and letters, digits, "-" and "_" */
export function inviteText({ token, fingerprint, address }: Invite): string {
  const bytes = Buffer.concat([token, Buffer.from(fingerprint, "hex"), Buffer.from(address)]);
  return PREFIX + Buffer.concat([bytes, checkOf(bytes)]).toString("base64url");
}

/** True of what looks like an invite, whole or not. */
export function isInvite(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** @returns null for a word of which something is missing, or none at all */
export function parseInvite(text: string): Invite | null {
  if (!isInvite(text) || text.length > MAX_CHARACTERS) return null;
  const all = Buffer.from(text.slice(PREFIX.length), "base64url");
  const bytes = all.subarray(0, Math.max(0, all.length - CHECK_BYTES));
  if (!checkOf(bytes).equals(all.subarray(bytes.length))) return null;
  const rest = bytes.subarray(TOKEN_BYTES);
  const address = rest.subarray(KEY_ID_BYTES).toString();
  if (parseAddress(address) === null) return null;
  const fingerprint = rest.subarray(0, KEY_ID_BYTES).toString("hex");
  return { token: new Uint8Array(bytes.subarray(0, TOKEN_BYTES)), fingerprint, address };
}

function checkOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(PREFIX).update(bytes).digest().subarray(0, CHECK_BYTES);
}
