/**
 * How a stream into a closed ring begins, before anything else is said: the caller shows that it has a key, and
 * the called that it has it too. Who cannot do the first is not answered at all: not even that a peer is here.
 *
 *     opening    1 byte 'k', the key's id, a nonce, a code over both and the address that was called
 *     answer   1 byte 'w' (welcome) or another letter (why not), a nonce, a code over both nonces
 *     proof    a code over both nonces, where the connection is not encrypted from here on
 */
import { randomBytes } from "node:crypto";
import type { Address } from "../protocol/model/member.ts";
import { KEY_ID_BYTES, MAC_BYTES, NONCE_BYTES } from "./limits.ts";
import type { Secret } from "./secret.ts";

export const OPENING_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + MAC_BYTES;
export const ANSWER_BYTES = 1 + NONCE_BYTES + MAC_BYTES;
export const PROOF_BYTES = MAC_BYTES;

const OPENING = 0x6b;

/** Why one who has shown a key that was known here is not let in. */
const REASONS = { w: null, r: "rotated", e: "expired", u: "used" } as const;
export type Standing = (typeof REASONS)[keyof typeof REASONS];

/** An opening that was read: not believed yet. */
export type Opening = {
  readonly keyId: string;
  readonly nonce: Uint8Array;
  readonly mac: Uint8Array;
};

export function makeOpening(secret: Secret, to: Address): { bytes: Uint8Array; nonce: Uint8Array } {
  const nonce = randomBytes(NONCE_BYTES);
  const mac = secret.mac("opening", nonce, to);
  return { bytes: Buffer.concat([Uint8Array.of(OPENING), secret.id, nonce, mac]), nonce };
}

/** @returns null for bytes that are no opening */
export function readOpening(bytes: Uint8Array): Opening | null {
  if (bytes.length !== OPENING_BYTES || bytes[0] !== OPENING) return null;
  const at = 1 + KEY_ID_BYTES;
  const keyId = Buffer.from(bytes.subarray(1, at)).toString("hex");
  return { keyId, ...afterNonce(bytes.subarray(at)) };
}

/** True if whoever calls has the secret, and meant one of these addresses. */
export function isOpening(opening: Opening, secret: Secret, own: readonly Address[]): boolean {
  return own.some((to) => secret.proves(opening.mac, "opening", opening.nonce, to));
}

export function makeAnswer(
  secret: Secret,
  opening: Opening,
  standing: Standing,
): { bytes: Uint8Array; nonce: Uint8Array } {
  const letter = Object.entries(REASONS).find(([, reason]) => reason === standing)?.[0] ?? "r";
  const nonce = randomBytes(NONCE_BYTES);
  const mac = secret.mac("answer", letter, opening.nonce, nonce);
  return { bytes: Buffer.concat([Buffer.from(letter), nonce, mac]), nonce };
}

/** @returns null if it does not come from one who has the secret, or is no answer to that opening */
export function readAnswer(
  bytes: Uint8Array,
  secret: Secret,
  begun: Uint8Array,
): { standing: Standing; nonce: Uint8Array } | null {
  if (bytes.length !== ANSWER_BYTES) return null;
  const letter = String.fromCharCode(bytes[0] ?? 0);
  const { nonce, mac } = afterNonce(bytes.subarray(1));
  if (!isReason(letter) || !secret.proves(mac, "answer", letter, begun, nonce)) return null;
  return { standing: REASONS[letter], nonce };
}

/** That the caller is there now, and not only its opening. */
export function makeProof(secret: Secret, begun: Uint8Array, answered: Uint8Array): Uint8Array {
  return secret.mac("proof", begun, answered);
}

export function isProof(
  bytes: Uint8Array,
  secret: Secret,
  begun: Uint8Array,
  answered: Uint8Array,
): boolean {
  return secret.proves(bytes, "proof", begun, answered);
}

function isReason(letter: string): letter is keyof typeof REASONS {
  return Object.hasOwn(REASONS, letter);
}

function afterNonce(bytes: Uint8Array): { nonce: Uint8Array; mac: Uint8Array } {
  return { nonce: bytes.slice(0, NONCE_BYTES), mac: bytes.slice(NONCE_BYTES) };
}
