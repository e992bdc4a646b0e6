/**
 * The keys of a ring that has one of its own, as one peer has them; and how a ring comes from one key to the next.
 * Whoever changes it hands the next key to all members, each of which hands it on, so that nobody's end stops it. For
 * a while both are taken; then all use the next, by the age that it has had on its way, not by anybody's clock; then
 * the former is taken no more, and who shows it is told so.
 */
import { MOST_KEY_MS } from "../control/limits.ts";
import { boundTable } from "../protocol/model/bounded.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { OwnKeys } from "../seal/credentials.ts";
import { drawKey, keyText, parseKey } from "../seal/key-text.ts";
import { type Key, type Keyring, keyOf } from "../seal/keyring.ts";
import { RETIRED_KEPT } from "../seal/limits.ts";
import { Secret } from "../seal/secret.ts";
import { type KeyBook, writeKeyBook } from "./key-book.ts";
import { KEY_RACE_MS, KEY_USED_SHARE, LEFT_OUT_KEPT } from "./limits.ts";

/** One step of a change, as it goes from peer to peer. */
export type NextKey = {
  readonly key: Uint8Array;
  /** Since it was drawn. */
  readonly ageMs: number;
  /** The former is taken until this one is so old. */
  readonly endsMs: number;
  /** Peers that do not get it. */
  readonly without: readonly number[];
};

type Next = {
  readonly bytes: Uint8Array;
  readonly key: Key;
  readonly drawnAt: number;
  readonly endsMs: number;
  readonly without: readonly number[];
};

export type RingKeysOptions = {
  readonly keyring: Keyring;
  readonly own: OwnKeys;
  readonly book: KeyBook;
  /** The peer's folder. */
  readonly dir: string;
  /** A change has begun: what lets anybody in until now is to end. */
  begun(): void;
  /** Hands a key on to the members. */
  handOn(next: NextKey): void;
  /** All that is opened from here on is under another key: what stands under the former is to move over. */
  moveOver(): void;
  /** Ends what stands under a key that is taken no more. */
  end(secret: Secret): void;
  say(sentence: string): void;
};

export class RingKeys {
  readonly #options: RingKeysOptions;
  #current: Uint8Array;
  #former: readonly Uint8Array[];
  #next: Next[] = [];
  #timers: Timer[] = [];
  /** The takes so far, one after the other. */
  #taking: Promise<void> = Promise.resolve();
  /** Ids of all that were left out since this peer's start. */
  readonly #leftOut = new Set<number>();

  constructor(options: RingKeysOptions) {
    this.#options = options;
    this.#current = options.book.key;
    this.#former = options.book.former;
  }

  /** The name of the key of now, which tells nothing of it. */
  get fingerprint(): string {
    return nameOf(this.#current);
  }

  /** The key that is used now. */
  get current(): Uint8Array {
    return this.#current;
  }

  /** What a newcomer needs: the key of now, and the one that will hold in so many milliseconds. */
  get book(): {
    readonly key: Uint8Array;
    readonly next: Uint8Array | null;
    readonly leftMs: number;
  } {
    const chosen = this.#chosen();
    if (chosen === null) return { key: this.#current, next: null, leftMs: 0 };
    const leftMs = chosen.drawnAt + chosen.endsMs - performance.now();
    return { key: this.#current, next: chosen.bytes, leftMs: Math.max(1, leftMs) };
  }

  /** The names of the keys that this ring has, had, and is about to have. */
  get names(): readonly string[] {
    return [this.#current, ...this.#next.map(({ bytes }) => bytes), ...this.#former].map(nameOf);
  }

  /** Takes up where the former run of this peer ended. */
  async begin(): Promise<void> {
    const { keyring, own, book } = this.#options;
    for (const bytes of this.#former)
      if (!isSame(bytes, this.#current)) keyring.refuse(new Secret("ring", bytes), "rotated");
    keyring.accept(await keyOf(new Secret("errand", this.#current), own));
    await this.#write();
    for (const { key, at } of book.next) {
      // Clocks of one machine at two times: where they are wrong, a change takes longer, or less.
      const endsMs = Math.max(1, at - Date.now());
      await this.take({ key, ageMs: 0, endsMs, without: [] }, false);
    }
  }

  /**
   * Begins a change.
   * @param without ids of members that do not get the next key
   * @param endsMs for so long the former is still taken
   * @throws Failure where one is going on
   */
  async rotate(without: readonly number[], endsMs: number): Promise<void> {
    // Whoever leaves a member out does not wait for what that member may have begun.
    if (this.#next.length > 0 && without.length === 0) throw changing();
    await this.take({ key: drawKey(), ageMs: 0, endsMs, without }, true);
  }

  /** True of a peer that is out, or will be when the change that goes on has ended. */
  isLeftOut(id: number): boolean {
    return this.#leftOut.has(id);
  }

  /**
   * Takes the next key, from a peer that has it. Two may be drawn at the same time, and no other while one goes around.
   * @throws Failure for one that comes later; the system's error where it cannot be kept
   */
  take(next: NextKey, handOn: boolean): Promise<void> {
    // Several members hand on the same one at the same time.
    const taken = this.#taking.then(() => this.#take(next, handOn));
    this.#taking = taken.catch(() => {});
    return taken;
  }

  async #take({ key: bytes, ageMs, endsMs, without }: NextKey, handOn: boolean): Promise<void> {
    const { keyring, own } = this.#options;
    const name = nameOf(bytes);
    const known = [this.#current, ...this.#former, ...this.#next.map((next) => next.bytes)];
    if (known.some((each) => nameOf(each) === name)) return;
    const drawnAt = performance.now() - ageMs;
    const key = await keyOf(new Secret("ring", bytes), own);
    const isLate = this.#next.some((next) => drawnAt - next.drawnAt > KEY_RACE_MS);
    if (isLate && without.length === 0) throw changing();
    this.#next.push({ bytes, key, drawnAt, endsMs, without });
    for (const id of without) this.#leftOut.add(id);
    boundTable(this.#leftOut, LEFT_OUT_KEPT);
    this.#options.begun();
    keyring.accept(key);
    keyring.accept(await keyOf(new Secret("errand", bytes), own));
    await this.#write();
    this.#after(endsMs * KEY_USED_SHARE - ageMs, () => this.#use());
    this.#after(endsMs - ageMs, () => this.#end());
    if (handOn) this.#options.handOn({ key: bytes, ageMs, endsMs, without });
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  /** Of several all choose the same: one that leaves somebody out, and then by its name. */
  #chosen(): Next | null {
    const rank = ({ bytes, without }: Next): string =>
      `${without.length > 0 ? 1 : 0} ${nameOf(bytes)}`;
    const sorted = [...this.#next].sort((a, b) => (rank(a) < rank(b) ? 1 : -1));
    return sorted[0] ?? null;
  }

  #use(): void {
    const chosen = this.#chosen();
    if (chosen === null || this.#options.keyring.current === chosen.key) return;
    this.#options.keyring.use(chosen.key);
    this.#options.moveOver();
  }

  #end(): void {
    const chosen = this.#chosen();
    if (chosen === null) return;
    this.#use();
    const over = [this.#current, ...this.#next.map(({ bytes }) => bytes)].filter(
      (bytes) => !isSame(bytes, chosen.bytes),
    );
    this.#current = chosen.bytes;
    this.#next = [];
    // Nothing more is to come of those that are over.
    this.close();
    const { keyring, end, say } = this.#options;
    const former = [...over, ...this.#former];
    this.#former = former.slice(0, RETIRED_KEPT);
    for (const bytes of former.slice(RETIRED_KEPT)) keyring.forget(new Secret("ring", bytes));
    for (const bytes of over) {
      keyring.forget(new Secret("errand", bytes));
      const secret = new Secret("ring", bytes);
      keyring.refuse(secret, "rotated");
      end(secret);
    }
    this.#write().catch((error) => say(`The ring's new key could not be kept: ${error}.`));
    say(`The key of this ring was changed, to ${this.fingerprint}.`);
  }

  #after(ms: number, call: () => void): void {
    this.#timers.push(setTimeout(call, Math.max(0, ms)));
  }

  async #write(): Promise<void> {
    const since = Date.now() - performance.now();
    const next = this.#next.map(({ bytes, drawnAt, endsMs }) => ({
      key: bytes,
      at: Math.round(since + drawnAt + endsMs),
    }));
    await writeKeyBook(this.#options.dir, { key: this.#current, next, former: this.#former });
  }
}

function changing(): Failure {
  return new Failure(
    "The key of this ring is being changed just now: ask again when that is done. To leave members out (--without) need not wait.",
  );
}

/** As one line of an errand. */
export function nextKeyLine({ key, ageMs, endsMs, without }: NextKey): string {
  return JSON.stringify({ v: 1, key: keyText(key), ageMs: Math.round(ageMs), endsMs, without });
}

/** @returns null for a line that makes no sense */
export function readNextKey(line: string): NextKey | null {
  try {
    const { key, ageMs, endsMs, without } = JSON.parse(line);
    if (!(Number.isFinite(ageMs) && ageMs >= 0 && Array.isArray(without))) return null;
    if (!(endsMs > 0 && endsMs <= MOST_KEY_MS)) return null;
    const bytes = parseKey(String(key), "What a member said");
    return { key: bytes, ageMs, endsMs, without: without.map(Number) };
  } catch {
    return null;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function nameOf(key: Uint8Array): string {
  return new Secret("ring", key).name;
}
