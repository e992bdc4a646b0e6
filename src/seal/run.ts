/**
 * One run of another peer, as far as datagrams go: the keys for both ways, and which of its numbers have come.
 * A datagram is sealed with AES-256-GCM, its number for a nonce, under a key that holds for one sender, one
 * receiver and one secret. So one that is played back to anybody, at any time, is not taken. Under a secret that
 * does not encrypt, the same key stands behind the bytes as it is: nobody but the two can read what goes between them.
 */
import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { MAC_BYTES, NUMBER_BYTES, RUN_BYTES } from "./limits.ts";
import type { Secret } from "./secret.ts";
import { Window } from "./window.ts";

/** The first byte of a sealed datagram. */
export const SEALED = 0x64;
const HEAD_BYTES = 1 + RUN_BYTES + NUMBER_BYTES;
/** So many bytes more than what is in it. */
export const SEAL_BYTES = HEAD_BYTES + MAC_BYTES;

const CIPHER = "aes-256-gcm";
const NONCE_ZEROS = 12 - NUMBER_BYTES;

/** A key for one direction, and the secret that it was derived from. */
type Keyed = { readonly secret: Secret; readonly key: Uint8Array };

export class Run {
  readonly #own: Uint8Array;
  readonly #other: Uint8Array;
  readonly #window = new Window();
  #sent = 0;
  /** The keys in use now; most datagrams come under the secret of the last. */
  #sending: Keyed | null = null;
  #coming: Keyed | null = null;

  constructor(own: Uint8Array, other: Uint8Array) {
    this.#own = own;
    this.#other = other;
  }

  seal(bytes: Uint8Array, secret: Secret): Uint8Array {
    if (this.#sending?.secret !== secret)
      this.#sending = { secret, key: secret.datagramKey(this.#own, this.#other) };
    const head = Buffer.alloc(HEAD_BYTES);
    head[0] = SEALED;
    head.set(this.#own, 1);
    head.writeUIntBE(this.#sent, 1 + RUN_BYTES, NUMBER_BYTES);
    this.#sent += 1;
    if (!secret.encrypts) return Buffer.concat([head, bytes, passwordOf(this.#sending.key)]);
    const cipher = createCipheriv(CIPHER, this.#sending.key, nonceIn(head)).setAAD(head);
    return Buffer.concat([head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** @returns what was sealed, under one of the secrets; null where it was not, or came before */
  open(datagram: Uint8Array, secrets: readonly Secret[]): Uint8Array | null {
    const number = Buffer.from(datagram.buffer, datagram.byteOffset, HEAD_BYTES).readUIntBE(
      1 + RUN_BYTES,
      NUMBER_BYTES,
    );
    if (!this.#window.isNew(number)) return null;
    const last = this.#coming;
    const likely = last !== null && secrets.includes(last.secret) ? last : null;
    let opened = likely === null ? null : unseal(datagram, likely);
    for (const secret of secrets) {
      if (opened !== null) break;
      if (secret === likely?.secret) continue;
      const key = secret.datagramKey(this.#other, this.#own);
      opened = unseal(datagram, { secret, key });
      if (opened !== null) this.#coming = { secret, key };
    }
    if (opened !== null) this.#window.take(number);
    return opened;
  }
}

/** @returns the run that a sealed datagram says it is from, in hexadecimal digits; null for one that is too short */
export function senderOf(datagram: Uint8Array): string | null {
  if (datagram.length < SEAL_BYTES || datagram[0] !== SEALED) return null;
  return Buffer.from(datagram.subarray(1, 1 + RUN_BYTES)).toString("hex");
}

function unseal(datagram: Uint8Array, { secret, key }: Keyed): Uint8Array | null {
  const tag = datagram.subarray(datagram.length - MAC_BYTES);
  if (!secret.encrypts) {
    if (!timingSafeEqual(tag, passwordOf(key))) return null;
    return datagram.subarray(HEAD_BYTES, datagram.length - MAC_BYTES);
  }
  const head = datagram.subarray(0, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonceIn(head)).setAAD(head);
  decipher.setAuthTag(tag);
  try {
    const bytes = decipher.update(datagram.subarray(HEAD_BYTES, datagram.length - MAC_BYTES));
    decipher.final();
    return bytes;
  } catch {
    return null;
  }
}

function passwordOf(key: Uint8Array): Uint8Array {
  return key.subarray(0, MAC_BYTES);
}

function nonceIn(head: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NUMBER_BYTES + NONCE_ZEROS);
  nonce.set(head.subarray(1 + RUN_BYTES));
  return nonce;
}
