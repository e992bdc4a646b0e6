/** The keys that a peer has: the one under which it calls others, and those under which it can be called. */
import type { Address } from "../protocol/model/member.ts";
import { type Credentials, credentialsFor, type OwnKeys } from "./credentials.ts";
import { OPENINGS_REMEMBERED } from "./limits.ts";
import { isOpening, type Opening, type Standing } from "./opening.ts";
import type { Secret } from "./secret.ts";

/** A secret, and what a peer shows under it; null where connections under it are not encrypted. */
export type Key = { readonly secret: Secret; readonly credentials: Credentials | null };

/** Makes ready what a peer needs to use a secret. */
export async function keyOf(secret: Secret, own: OwnKeys | null): Promise<Key> {
  const credentials = secret.encrypts && own !== null ? await credentialsFor(secret, own) : null;
  return { secret, credentials };
}

/** One who has begun, and showed a key that is known here. */
export type Caller = { readonly key: Key; readonly standing: Standing };

export class Keyring {
  #current: Key;
  /** By name; the current one among them. */
  readonly #known = new Map<string, Caller>();
  /** Worked out when it is asked for; null where something has changed since. */
  #accepted: readonly Secret[] | null = null;
  /** Nonces of calls that were answered, the oldest first. */
  readonly #answered = new Set<string>();

  constructor(current: Key) {
    this.#current = current;
    this.accept(current);
  }

  /** Under this one others are called. */
  get current(): Key {
    return this.#current;
  }

  /** Those under which datagrams may come, the current one first: each datagram asks for them. */
  get accepted(): readonly Secret[] {
    this.#accepted ??= this.#working();
    return this.#accepted;
  }

  #working(): readonly Secret[] {
    const others = [...this.#known.values()].filter(
      ({ key, standing }) =>
        standing === null && key !== this.#current && key.secret.kind === this.#current.secret.kind,
    );
    return [this.#current.secret, ...others.map(({ key }) => key.secret)];
  }

  /** Can be called under a key from here on. */
  accept(key: Key): void {
    this.#accepted = null;
    this.#known.set(key.secret.name, { key, standing: null });
  }

  /** Calls others under a key from here on; it is accepted, too. */
  use(key: Key): void {
    this.#current = key;
    this.accept(key);
  }

  /** Whoever shows that key is told why it is not let in any more. */
  refuse(secret: Secret, standing: NonNullable<Standing>): void {
    this.#accepted = null;
    this.#known.set(secret.name, { key: { secret, credentials: null }, standing });
  }

  /** Knows nothing of a key any more. */
  forget(secret: Secret): void {
    this.#accepted = null;
    this.#known.delete(secret.name);
  }

  /**
   * Who has begun; null for a stranger, and for an opening that was heard before.
   * @param own addresses of this peer, of which the caller may have meant any
   */
  callerOf(opening: Opening, own: readonly Address[]): Caller | null {
    const known = this.#known.get(opening.keyId);
    if (known === undefined || !isOpening(opening, known.key.secret, own)) return null;
    return this.isNew(opening.nonce) ? known : null;
  }

  /** Remembers a nonce. @returns false if it was heard before */
  isNew(nonce: Uint8Array): boolean {
    const text = Buffer.from(nonce).toString("base64");
    if (this.#answered.has(text)) return false;
    this.#answered.add(text);
    for (const oldest of this.#answered) {
      if (this.#answered.size <= OPENINGS_REMEMBERED) break;
      this.#answered.delete(oldest);
    }
    return true;
  }
}
