/**
 * Who comes to a closed ring's port: nothing is said to anyone who has not shown a key first, and nothing that
 * comes from one is read. Strangers have places of their own, few, so that they take none from members.
 */
import type { Address } from "../protocol/model/member.ts";
import type { Caller } from "../seal/keyring.ts";
import { isProof, makeAnswer, OPENING_BYTES, PROOF_BYTES, readOpening } from "../seal/opening.ts";
import type { Secret } from "../seal/secret.ts";
import {
  type Callbacks,
  type ConnectionHandler,
  drop,
  finish,
  IGNORING,
  type Wire,
} from "./connection.ts";
import { OPENING_DEADLINE_MS, STRANGERS_AT_ONCE, WELCOMED_AT_ONCE } from "./limits.ts";
import { encrypt, provenInstance } from "./securing.ts";
import type { Closure } from "./types.ts";

export type EntranceOptions = {
  readonly closure: Closure;
  readonly handlers: Callbacks;
  /** Addresses of this peer at which that socket may have been called. */
  own(socket: Wire): readonly Address[];
  /** Takes over the socket of one who is in, with the instance id that is behind it where it was proved. */
  enter(socket: Wire, instance: string | null, secret: Secret): void;
  refused(reason: string, host: string): void;
};

export class Entrance {
  readonly #options: EntranceOptions;
  readonly #strangers = new Set<Visitor>();
  readonly #welcomed = new Set<Visitor>();

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** A connection was made. */
  accept(socket: Wire): void {
    const visitor: Visitor = new Visitor(socket, this.#options, {
      welcomed: () => {
        this.#strangers.delete(visitor);
        this.#welcomed.add(visitor);
        this.#makeRoom(this.#welcomed, WELCOMED_AT_ONCE);
      },
      over: () => {
        this.#strangers.delete(visitor);
        this.#welcomed.delete(visitor);
      },
    });
    this.#strangers.add(visitor);
    socket.data = visitor;
    this.#makeRoom(this.#strangers, STRANGERS_AT_ONCE);
  }

  sweep(now: number): void {
    for (const visitor of [...this.#strangers, ...this.#welcomed]) visitor.sweep(now);
  }

  woke(now: number): void {
    for (const visitor of [...this.#strangers, ...this.#welcomed]) visitor.woke(now);
  }

  close(): void {
    for (const visitor of [...this.#strangers, ...this.#welcomed]) visitor.hangUp();
  }

  /** The oldest go: whoever has a key shows it with the first bytes. */
  #makeRoom(visitors: Set<Visitor>, most: number): void {
    for (const oldest of visitors) {
      if (visitors.size <= most) return;
      oldest.giveWay();
    }
  }
}

type VisitorEvents = { welcomed(): void; over(): void };

/** One connection, until it is known whose it is. */
class Visitor implements ConnectionHandler {
  readonly #options: EntranceOptions;
  readonly #events: VisitorEvents;
  readonly #host: string;
  #socket: Wire;
  #since = performance.now();
  #read: Uint8Array = new Uint8Array(0);
  /** What it has been answered; null before that. */
  #answered: { caller: Caller; begun: Uint8Array; nonce: Uint8Array } | null = null;

  constructor(socket: Wire, options: EntranceOptions, events: VisitorEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    this.#host = socket.remoteAddress;
  }

  opened(socket: Wire): void {
    // The encrypted one, which stands in the place of that on which the key was shown.
    this.#socket = socket;
  }

  drain(): void {}

  data(bytes: Uint8Array): void {
    const wanted = this.#answered === null ? OPENING_BYTES : PROOF_BYTES;
    const missing = wanted - this.#read.length;
    this.#read = Buffer.concat([this.#read, bytes.subarray(0, missing)]);
    if (this.#read.length < wanted) return;
    const read = this.#read;
    this.#read = new Uint8Array(0);
    const rest = bytes.slice(missing);
    if (this.#answered === null) this.#hearOpening(read, rest);
    else this.#hearProof(read, rest);
  }

  secured(socket: Wire, proved: boolean): void {
    const instance = proved ? provenInstance(socket) : null;
    const secret = this.#answered?.caller.key.secret;
    if (instance === null || secret === undefined) {
      this.#refuse("showed no certificate");
      return;
    }
    this.#events.over();
    socket.data = IGNORING;
    if (secret.kind === "ring") this.#options.enter(socket, instance, secret);
    else this.#options.closure.errand(socket, secret, instance);
  }

  closed(): void {
    this.#events.over();
  }

  sweep(now: number): void {
    if (now - this.#since > OPENING_DEADLINE_MS) this.#refuse("showed no key in time");
  }

  woke(now: number): void {
    this.#since = now;
  }

  /** There are too many. */
  giveWay(): void {
    this.#refuse("too many connections");
  }

  hangUp(): void {
    this.#events.over();
    drop(this.#socket);
  }

  #hearOpening(read: Uint8Array, rest: Uint8Array): void {
    const opening = readOpening(read);
    const { closure, own } = this.#options;
    const caller = opening === null ? null : closure.keyring.callerOf(opening, own(this.#socket));
    // One who waits for the answer, as everybody does, has said nothing more yet.
    if (opening === null || caller === null || rest.length > 0) {
      this.#refuse("has no key");
      return;
    }
    const { key, standing } = caller;
    const { bytes, nonce } = makeAnswer(key.secret, opening, standing);
    this.#socket.write(bytes);
    if (standing !== null) {
      this.#options.refused(`has a key that is ${standing}`, this.#host);
      this.#events.over();
      finish(this.#socket);
      return;
    }
    this.#answered = { caller, begun: opening.nonce, nonce };
    this.#events.welcomed();
    if (key.credentials !== null)
      encrypt(this.#socket, key.credentials, true, this.#options.handlers, this);
  }

  #hearProof(read: Uint8Array, rest: Uint8Array): void {
    const answered = this.#answered;
    if (answered === null) return;
    const { caller, begun, nonce } = answered;
    if (!isProof(read, caller.key.secret, begun, nonce)) {
      this.#refuse("has no key");
      return;
    }
    this.#events.over();
    this.#options.enter(this.#socket, null, caller.key.secret);
    if (rest.length > 0) this.#socket.data.data(rest);
  }

  #refuse(reason: string): void {
    this.#options.refused(reason, this.#host);
    this.hangUp();
  }
}
