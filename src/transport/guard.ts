/** What stands between a closed ring's sockets and the rest: who has no key hears nothing and is not heard. */
import type { Address } from "../protocol/model/member.ts";
import { Sealing } from "../seal/sealing.ts";
import type { Secret } from "../seal/secret.ts";
import { formatAddress } from "../wire/address.ts";
import { type Called, callWith } from "./calling.ts";
import { type Callbacks, hangUp, type Wire } from "./connection.ts";
import type { Cancel } from "./dial.ts";
import { Entrance } from "./entrance.ts";
import type { Closure } from "./types.ts";

export type GuardOptions = {
  readonly closure: Closure;
  readonly handlers: Callbacks;
  /** Where this peer listens; the wildcard where that is everywhere. */
  readonly host: string;
  port(): number;
  /** Takes over a stream of one who is in; and the instance that is behind it, where that was proved. */
  enter(socket: Wire, instance: string | null): void;
  /** Hears a datagram of one who is in, and the run that it is from. */
  heard(bytes: Uint8Array, host: string, port: number, run: string): void;
  /** Sends a datagram as it is. */
  send(bytes: Uint8Array, host: string, port: number): string | null;
  refused(reason: string, host: string): void;
  /** A datagram was none of the ring's. */
  unsealed(host: string, port: number): void;
};

export class Guard {
  readonly #options: GuardOptions;
  readonly #entrance: Entrance;
  readonly #sealing: Sealing;
  /** The streams that stand, and by which secret. */
  readonly #under = new Map<Wire, string>();

  constructor(options: GuardOptions) {
    this.#options = options;
    const { closure, handlers, refused, send, heard } = options;
    this.#entrance = new Entrance({
      ...{ closure, handlers, refused },
      enter: (socket, instance, secret) => {
        this.#under.set(socket, secret.name);
        options.enter(socket, instance);
      },
      own: (socket) => [...this.#own(), formatAddress(socket.localAddress, options.port())],
    });
    this.#sealing = new Sealing({
      ...{ keyring: closure.keyring, run: closure.run, send, heard },
      own: () => this.#own(),
      refused: options.unsealed,
      now: () => performance.now(),
      later: setImmediate,
    });
  }

  /** A stream has come. */
  accept(socket: Wire): void {
    this.#entrance.accept(socket);
  }

  /** Shows the key on a stream that has opened. */
  call(socket: Wire, to: Address, done: (called: Called) => void): Cancel {
    const { closure, handlers } = this.#options;
    const key = closure.keyring.current;
    return callWith(key, socket, to, handlers, (called) => {
      if ("socket" in called) this.#under.set(called.socket, key.secret.name);
      done(called);
    });
  }

  /** Ends all streams that were begun under a secret. */
  endUnder(secret: Secret): void {
    for (const [socket, name] of [...this.#under]) if (name === secret.name) hangUp(socket);
  }

  lockedOut(address: Address, why: Parameters<Closure["lockedOut"]>[1]): void {
    this.#options.closure.lockedOut(address, why);
  }

  /**
   * Sends a datagram sealed.
   * @param called the address by which the peer there is known
   * @returns the error's code where the system refused, else null
   */
  send(bytes: Uint8Array, host: string, port: number, called: Address): string | null {
    return this.#sealing.send(bytes, host, port, called);
  }

  /** A datagram has come. */
  take(bytes: Uint8Array, host: string, port: number): void {
    this.#sealing.take(bytes, host, port);
  }

  sweep(now: number): void {
    for (const socket of [...this.#under.keys()])
      if (socket.readyState <= 0) this.#under.delete(socket);
    this.#entrance.sweep(now);
  }

  woke(now: number): void {
    this.#entrance.woke(now);
  }

  close(): void {
    this.#entrance.close();
  }

  #own(): Address[] {
    const { host, port, closure } = this.#options;
    return [formatAddress(host, port()), ...closure.alsoKnownAs()];
  }
}
