/**
 * What a ring is closed with, from a peer's command line and its folder. A ring that only this machine can reach is
 * closed by its user's own key, of which nobody has to know; one that others reach, by a key of its own.
 */
import { dirname } from "node:path";
import { EXIT_FAILED, EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { drawOwnKeys, type OwnKeys } from "../seal/credentials.ts";
import { drawKey, keyText, parseKey } from "../seal/key-text.ts";
import { Keyring, keyOf } from "../seal/keyring.ts";
import { Secret } from "../seal/secret.ts";
import { makeSecret, readIfMine, userKeyFiles } from "../store/key-file.ts";
import { foreignness } from "../store/own-folder.ts";
import { isEverywhere, isLoopback } from "../wire/address.ts";
import { type KeyBook, readKeyBook } from "./key-book.ts";
import type { PeerOptions } from "./options.ts";
import { drawInstance } from "./place.ts";

/** How the ring of a peer is closed. */
export type Closing = {
  /** This run's instance id. */
  readonly instance: string;
  /** Null where the ring is open to all. */
  readonly keyring: Keyring | null;
  /** Where the ring has a key of its own: this run's keys, and what is known of the ring's. */
  readonly ring: { readonly own: OwnKeys; readonly book: KeyBook; readonly isNew: boolean } | null;
};

/**
 * Settles what closes the ring of a peer that is about to start.
 * @param dir its data folder, which need not be there yet
 * @throws Failure where it would be open to others without a word, or a key cannot be read
 */
export async function closingOf(options: PeerOptions, dir: string): Promise<Closing> {
  if (options.insecure) return { instance: drawInstance(), keyring: null, ring: null };
  const book = bookOf(options.key, readKeyBook(dir));
  if (book === null && isHere(options)) {
    const keyring = new Keyring(await keyOf(userSecret(), null));
    return { instance: drawInstance(), keyring, ring: null };
  }
  if (book === null) checkFounds(options);
  const own = await drawOwnKeys();
  const ring = { own, book: book ?? newBook(drawKey()), isNew: book === null };
  const keyring = new Keyring(await keyOf(new Secret("ring", ring.book.key), own));
  return { instance: own.instance, keyring, ring };
}

/** True of a peer that only this machine can reach, as far as it is known here. */
export function isHere({ host, advertise }: Pick<PeerOptions, "host" | "advertise">): boolean {
  return isLoopback(host) && (advertise === null || isLoopback(advertise.host));
}

/** A key that was given is that of the ring, unless the ring has changed it since. */
function bookOf(given: Uint8Array | null, kept: KeyBook | null): KeyBook | null {
  if (given === null || kept === null) return kept ?? (given === null ? null : newBook(given));
  const isOf = (key: Uint8Array): boolean => Buffer.compare(key, given) === 0;
  return isOf(kept.key) || kept.former.some(isOf) ? kept : newBook(given);
}

function newBook(key: Uint8Array): KeyBook {
  return { key, next: [], former: [] };
}

/** This user's own key, made where there is none yet. */
function userSecret(): Secret {
  let why: unknown = null;
  for (const path of userKeyFiles()) {
    try {
      const strange = foreignness(dirname(path));
      if (strange !== null) throw new Error(`${dirname(path)} ${strange}`);
      // Another user's home is none of one's own: a process may have been given that.
      const text = readIfMine(path) ?? makeSecret(path, `${keyText(drawKey())}\n`);
      return new Secret("user", parseKey(text, path));
    } catch (error) {
      if (error instanceof Failure) throw error;
      why = error;
    }
  }
  const reason = why instanceof Error ? why.message : String(why);
  throw new Failure(
    `No place for this user's key could be found (${reason}): set XDG_CONFIG_HOME to a folder of yours, or let all users of this machine in with --insecure.`,
  );
}

const NUMBERED: readonly [string, string] = [
  "A numbered ring beyond this machine is closed by a key, and this peer has none",
  "make one (p2p key new FILE), and give it to each of its peers (--key-file)",
];

/** Only who founds a ring can draw its key; and whoever listens everywhere shall have thought of it. */
function checkFounds({ start, host, advertise }: PeerOptions): void {
  if (start.kind === "found" && (advertise !== null || !isEverywhere(host))) return;
  const [what, how] = {
    found: [
      `${host} is every address of this machine, and this ring has no key`,
      "name the one address that others call (as in --host 192.0.2.7, or --advertise 192.0.2.7 beside this), or give a key (--key-file)",
    ],
    enter: [
      "A ring beyond this machine is closed, and this peer has no key of it",
      "join with an invite (p2p invite writes one, where a member runs), or give the key (--key-file)",
    ],
    init: NUMBERED,
    join: NUMBERED,
  }[start.kind];
  const code = start.kind === "enter" || start.kind === "join" ? EXIT_FAILED : EXIT_USAGE;
  throw new Failure(`${what}: ${how}; --insecure lets everybody in.`, code);
}
