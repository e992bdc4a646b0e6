/** What the transport offers the daemon, and what it asks of it. */
import { Failure } from "../protocol/model/failure.ts";
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Channel, FetchSource, Introduction, Message } from "../protocol/model/messages.ts";
import type { Keyring } from "../seal/keyring.ts";
import type { Standing } from "../seal/opening.ts";
import type { Secret } from "../seal/secret.ts";
import type { Sender } from "../wire/message.ts";
import type { Wire } from "./connection.ts";
import type { Drops } from "./drops.ts";
import type { LinkFaults } from "./link-faults.ts";

export type TransportOptions = {
  /** The address of this machine to bind to; a name is resolved first. */
  readonly host: string;
  /** One number for datagrams and streams; 0 takes any that is free. */
  readonly port: number;
  /** The header of what is sent from now on. Frames of another ring than its `ring` are refused. */
  sender(): Sender;
  /** The bits of its ring's positions: what is beyond is refused. 48 while it knows of no ring, or if left out. */
  bits?(): number;
  /**
   * A message came. Called synchronously from the socket's callback.
   * @param body the small content behind it, the callee's to keep; null for none
   * @param heldMs it was under way for at most so long; null where that cannot be told
   */
  message(
    from: Member,
    message: Message,
    channel: Channel,
    body: Uint8Array | null,
    heldMs: number | null,
  ): void;
  /**
   * A dial failed; once for each.
   * @param broke a stream that came from there has just ended, and none is open
   */
  unreachable(address: Address, how: Unreachable, broke: boolean): void;
  /** Who listens at an address that was to be greeted, as it says itself. */
  greeted(address: Address, by: Member): void;
  /** Someone fetches. Called once for each fetch; `done` is called once for each source given. */
  open(source: FetchSource, offset: number, peer: number): ContentSource | ContentDenied;
  /** Whether a member of the ring, as this peer sees it, is at an address: it goes before strangers. */
  isMember(address: Address): boolean;
  /** The wire cannot hold a message, which is left out and counted: a mistake in this program. */
  unsent(tag: Message["tag"], why: string): void;
  /** What keeps out whoever has no key; null or left out for a ring that is open to all. */
  readonly closure?: Closure | null | undefined;
  /** What a lab puts between this peer and others; left out where none has started it. */
  readonly faults?: LinkFaults | undefined;
  /** How many peers share this process's descriptors; 1 if left out. */
  readonly sharers?: number;
  /** One of the callbacks above threw: a mistake in this program, which the sockets survive. */
  fault(error: unknown): void;
};

/** Why a content is not served, as a sentence for the one who asked. */
export type ContentDenied = { readonly refused: string };

/** A content to be served: its whole size, and its bytes in order. */
export type ContentSource = {
  readonly size: number;
  /**
   * What the content should hash to, 64 hexadecimal digits, which the taker is told and verifies; null
   * where nobody knows yet, and the hash is to be found on the way.
   */
  readonly sha256: string | null;
  /**
   * Reads bytes from position `at` into the buffer.
   * @returns how many; 0 where there are none, which ends the transfer as failed
   */
  read(into: Uint8Array, at: number): number | Promise<number>;
  /**
   * The transfer is over, and nothing more is read.
   * @param ok the taker has said that it has the whole, with the right hash
   * @param bytes how many were handed to the system
   * @param sha256 of the whole as it was read here: where `sha256` was null and it was read from the
   *   start, and where the taker came to another hash than `sha256`, for it was then read again. Null
   *   otherwise. If it is not the `sha256` above, this copy is damaged
   */
  done(ok: boolean, bytes: number, sha256: string | null): void;
};

/** Where fetched content goes. What it throws or rejects with ends the fetch. */
export type ContentSink = {
  /** Called once, before any byte. @param size of the whole content, whatever the offset */
  open(size: number): void | Promise<void>;
  /**
   * The next bytes. Nothing more is read from the socket until a promise is kept. The bytes are the
   * sink's to keep.
   */
  write(chunk: Uint8Array): void | Promise<void>;
};

/** SHA-256 over pieces in order. An implementation may work elsewhere, hence the promise. */
export type ContentHash = {
  /** Takes the next bytes; they may be overwritten after the return, or once the promise is kept. */
  update(bytes: Uint8Array): void | Promise<void>;
  /** @returns 64 lower-case hexadecimal digits; called once, last */
  digest(): string | Promise<string>;
};

/** Hashes in this thread. */
export function inlineHash(): ContentHash {
  const hasher = new Bun.CryptoHasher("sha256");
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    digest: () => hasher.digest("hex"),
  };
}

export type FetchOptions = {
  /** Where to begin; 0 if left out. */
  readonly offset?: number;
  /** Bytes of the whole, as they were announced: one of another size is broken off unread. Left out: any. */
  readonly size?: number;
  /**
   * Has seen the first `offset` bytes already. Left out: a new one. After a fetch that was "broken" or
   * "unreachable" it has seen just the bytes that the sink was given: both may go on with another peer.
   */
  readonly hash?: ContentHash;
  /**
   * Only a part is wanted, of a stored write: the bytes before this one. Nothing is hashed, so `sha256` of what
   * is fetched is empty, and it is for the caller to find out whether the whole is right.
   */
  readonly until?: number;
  /** A sender from which nothing comes for so long, in milliseconds, is given up; STALL_MS if left out. */
  readonly stallMs?: number | undefined;
  /** Gives the fetch up. */
  readonly signal?: AbortSignal;
};

/** `sha256` is of all that the hash has seen: of the whole content. */
export type Fetched = { readonly size: number; readonly sha256: string };

/** How a fetch failed. */
export type FetchTrouble =
  /** No connection to the peer could be had. */
  | "unreachable"
  /** The peer does not serve it. */
  | "refused"
  /** The connection broke, stalled, or brought nonsense: another replica may go on from there. */
  | "broken"
  /** What came is not what the sender promised: it is worth nothing, from the first byte on. */
  | "mismatch"
  /** The sink failed, or the fetch was given up here. */
  | "local";

export class FetchFailure extends Failure {
  constructor(
    sentence: string,
    readonly trouble: FetchTrouble,
    /** What the whole came to, where that was wrong. */
    readonly came: string | null = null,
  ) {
    super(sentence);
  }
}

export type Introduced = {
  readonly ring: number;
  /** Who answered, at the address that its socket showed. */
  readonly from: Member;
  readonly introduction: Introduction;
};

export type Transport = {
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  /**
   * Sends, or drops and counts. Never throws, never waits.
   * @param body a small content of 1 to BODY_BYTES bytes to go with the message, which then goes by
   *   stream; copied before this returns
   */
  send(to: Address, channel: Channel, message: Message, body?: Uint8Array | null): void;
  /** Keeps a stream to each of these at all times, and lets others go idle. */
  watch(addresses: readonly Address[]): void;
  /** Tries one connection beside the stream there is, and reports as `unreachable` if it cannot be had. */
  dial(address: Address): void;
  /** Has whoever listens at an address say who it is: reports as `greeted`, or as `unreachable`. */
  greet(address: Address): void;
  /**
   * Resets the streams to and from an address: what is still under way on them, also in the kernels here
   * and on the way, is never delivered. A later message opens a new one.
   */
  sever(address: Address): void;
  /** Has all links go on by new connections, without a gap. */
  moveOver(): void;
  /** Ends all streams of a closed ring that were begun under a secret. */
  endUnder(secret: Secret): void;
  /** Resets all links: a host that has moved may wait for long on those from its former address. */
  severDialled(): void;
  /**
   * Fetches one content over a connection of its own. Resolves only with the whole of it.
   * @throws FetchFailure
   */
  fetch(
    from: Address,
    source: FetchSource,
    sink: ContentSink,
    options?: FetchOptions,
  ): Promise<Fetched>;
  /**
   * Asks the peer at an address which ring it is of. Works before the own ring is known.
   * @throws Failure that names the address, when there is no answer in time
   */
  introduce(host: string, port: number, deadlineMs: number): Promise<Introduced>;
  /** What was refused on the way in, or given up on the way out, so far. */
  readonly drops: Drops;
  /**
   * Writes what can be written at once, and closes all. Nothing is called back afterwards.
   * @param atOnce as the system does for a process that was killed: what waits to be sent is gone
   */
  close(atOnce?: boolean): void;
};

/** Why a call into a closed ring came to nothing: a reason that was proved, or nothing at all was said. */
export type LockedOut = NonNullable<Standing> | "stranger";

/** What makes a peer's sockets closed to whoever has no key. */
export type Closure = {
  readonly keyring: Keyring;
  /** This run of the peer, its instance id. */
  readonly run: string;
  /** Addresses besides the one that it listens at under which others call this peer. */
  alsoKnownAs(): readonly Address[];
  /** A peer there does not let this one in. */
  lockedOut(address: Address, why: LockedOut): void;
  /** One with an invite, or with the next key, is there, on an encrypted connection under that secret; and which run it is. */
  errand(socket: Wire, secret: Secret, instance: string): void;
};
