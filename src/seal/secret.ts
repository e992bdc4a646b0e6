/**
 * A secret that several peers have, and the keys that are derived from it, each for one purpose (HKDF,
 * RFC 5869). Whoever has the secret is inside; nothing that is sent tells of it.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { KEY_ID_BYTES, MAC_BYTES } from "./limits.ts";

/**
 * `ring`: a ring's own key; connections under it are encrypted. `user`: that of one user of one machine, for
 * rings that only this machine can reach: who listens there could read the peers' memory as well, so
 * connections begin with a proof and go on in clear. `invite`: a token that lets in one who has no key yet.
 * `errand`: the ring's key again, for handing over the next one.
 */
export type SecretKind = "ring" | "user" | "invite" | "errand";

const KEY_BYTES = 32;

export class Secret {
  readonly kind: SecretKind;
  /** What it is known by in clear: tells nothing of it. */
  readonly id: Uint8Array;
  readonly #secret: Uint8Array;
  readonly #proof: Uint8Array;
  readonly #datagram: Uint8Array;

  /** @param secret of full entropy, at least 16 bytes */
  constructor(kind: SecretKind, secret: Uint8Array) {
    this.kind = kind;
    this.#secret = secret;
    this.id = this.derive("id").subarray(0, KEY_ID_BYTES);
    this.#proof = this.derive("proof");
    this.#datagram = this.derive("datagram");
  }

  /** The id as text. */
  get name(): string {
    return Buffer.from(this.id).toString("hex");
  }

  /** Connections under it are encrypted, not only proved. */
  get encrypts(): boolean {
    return this.kind !== "user";
  }

  /** 32 bytes for one purpose, which tell nothing of those for another. */
  derive(purpose: string): Uint8Array {
    const info = `${this.kind} ${purpose}`;
    return new Uint8Array(hkdfSync("sha256", this.#secret, "p2p v1", info, KEY_BYTES));
  }

  /** A code over some bytes that only who has the secret can make. */
  mac(...parts: readonly (string | Uint8Array)[]): Uint8Array {
    return macOf(this.#proof, parts);
  }

  /** True if a code was made over these bytes by one who has the secret. Takes the same time whatever it is. */
  proves(mac: Uint8Array, ...parts: readonly (string | Uint8Array)[]): boolean {
    const right = this.mac(...parts);
    return mac.length === right.length && timingSafeEqual(mac, right);
  }

  /** The key for datagrams from one run of a peer to one of another: 32 bytes, for nothing else. */
  datagramKey(from: Uint8Array, to: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#datagram).update(from).update(to).digest();
  }
}

/** Each part stands behind its length: two lists of parts never give the same bytes. */
function macOf(key: Uint8Array, parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    hmac.update(Uint8Array.of(bytes.length >> 8, bytes.length & 255)).update(bytes);
  }
  return hmac.digest().subarray(0, MAC_BYTES);
}
