/** A stream into a closed ring from its caller's side: it shows that it has the key, and sees that the called has it. */
import type { Address } from "../protocol/model/member.ts";
import type { Key } from "../seal/keyring.ts";
import { ANSWER_BYTES, makeOpening, makeProof, readAnswer } from "../seal/opening.ts";
import { type Callbacks, type ConnectionHandler, drop, IGNORING, type Wire } from "./connection.ts";
import { encrypt } from "./securing.ts";
import type { LockedOut } from "./types.ts";

/** In: the socket to go on with. Else why not; null where the connection broke. */
export type Called = { readonly socket: Wire } | { readonly lockedOut: LockedOut | null };

/**
 * Shows a key on a connection that has just opened; calls back once.
 * @returns gives it up, as if the connection had broken
 */
export function callWith(
  key: Key,
  socket: Wire,
  to: Address,
  handlers: Callbacks,
  done: (called: Called) => void,
): () => void {
  const call = new Call(key, to, handlers, done);
  socket.data = call;
  call.begin(socket);
  return () => call.giveUp();
}

class Call implements ConnectionHandler {
  readonly address: Address;
  readonly #key: Key;
  readonly #handlers: Callbacks;
  readonly #done: (called: Called) => void;
  #socket: Wire | null = null;
  #begun: Uint8Array = new Uint8Array(0);
  #read: Uint8Array = new Uint8Array(0);
  #answered = false;
  #over = false;

  constructor(key: Key, to: Address, handlers: Callbacks, done: (called: Called) => void) {
    this.#key = key;
    this.address = to;
    this.#handlers = handlers;
    this.#done = done;
  }

  begin(socket: Wire): void {
    this.#socket = socket;
    const { bytes, nonce } = makeOpening(this.#key.secret, this.address);
    this.#begun = nonce;
    socket.write(bytes);
  }

  opened(socket: Wire): void {
    this.#socket = socket;
  }

  drain(): void {}

  data(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#read = Buffer.concat([this.#read, bytes]);
    if (this.#read.length < ANSWER_BYTES) return;
    const answer = readAnswer(this.#read, this.#key.secret, this.#begun);
    if (answer === null) this.#fail("stranger");
    else if (answer.standing !== null) this.#fail(answer.standing);
    else this.#enter(answer.nonce);
  }

  secured(socket: Wire, proved: boolean): void {
    if (proved) this.#finish({ socket });
    else this.#fail("stranger");
  }

  giveUp(): void {
    this.#fail(null);
  }

  /** Whoever does not know the key closes without a word; so does one that just dies. */
  closed(): void {
    this.#socket = null;
    this.#fail(this.#answered ? null : "stranger");
  }

  #enter(answered: Uint8Array): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#answered = true;
    const { secret, credentials } = this.#key;
    if (credentials !== null) encrypt(socket, credentials, false, this.#handlers, this);
    else {
      socket.write(makeProof(secret, this.#begun, answered));
      this.#finish({ socket });
    }
  }

  #fail(lockedOut: LockedOut | null): void {
    if (this.#socket !== null) drop(this.#socket);
    this.#finish({ lockedOut });
  }

  #finish(called: Called): void {
    if (this.#over) return;
    this.#over = true;
    if ("socket" in called) called.socket.data = IGNORING;
    this.#done(called);
  }
}
