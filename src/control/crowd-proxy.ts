/**
 * Stands before a control socket's server in a crowd: it takes few connections at a time, closes the oldest on which
 * nothing was asked for a new one, and passes on those on which something was.
 */
import type { UnixSocketListener } from "bun";
import {
  type ConnectionHandler,
  callbacks,
  drop,
  finish,
  IGNORING,
  type Wire,
} from "../transport/connection.ts";
import { MAX_HEAD_BYTES } from "./limits.ts";

const HEAD_ENDS = "\r\n\r\n";

export class CrowdProxy {
  readonly #listener: UnixSocketListener<ConnectionHandler>;
  readonly #handlers = callbacks(() => {});
  /** Oldest first; those on which nothing was asked yet, and the others. */
  readonly #idle = new Set<Caller>();
  readonly #served = new Set<Caller>();
  #turnedAwayAt = performance.now();

  /**
   * @param path where it listens
   * @param server the socket to which it passes on
   * @param most connections at a time
   * @throws the system's error
   */
  constructor(path: string, server: string, most: number) {
    const acceptor: ConnectionHandler = {
      ...IGNORING,
      opened: (socket) => this.#accept(socket, server, most),
    };
    const socket = this.#handlers;
    this.#listener = Bun.listen<ConnectionHandler>({ unix: path, socket, data: acceptor });
  }

  /** When a connection was last closed for another, or not taken; by `performance.now()`. */
  get turnedAwayAt(): number {
    return this.#turnedAwayAt;
  }

  /** Takes no more; what was asked is still answered. */
  close(): void {
    this.#listener.stop(false);
    for (const caller of [...this.#idle]) caller.hangUp();
  }

  #accept(socket: Wire, server: string, most: number): void {
    if (this.#idle.size + this.#served.size >= most) {
      this.#turnedAwayAt = performance.now();
      const [oldest] = this.#idle;
      if (oldest === undefined) {
        drop(socket);
        return;
      }
      oldest.hangUp();
    }
    const caller: Caller = new Caller(socket, {
      asked: () => {
        this.#idle.delete(caller);
        this.#served.add(caller);
        return Bun.connect<ConnectionHandler>({
          unix: server,
          socket: this.#handlers,
          data: IGNORING,
        });
      },
      ended: () => {
        this.#idle.delete(caller);
        this.#served.delete(caller);
      },
    });
    this.#idle.add(caller);
    socket.data = caller;
  }
}

type CallerEvents = {
  /** A whole head has come. @returns a connection to the server */
  asked(): Promise<Wire>;
  ended(): void;
};

/** One connection, and once something was asked on it another to the server. */
class Caller implements ConnectionHandler {
  readonly #socket: Wire;
  readonly #events: CallerEvents;
  /** What came before there was a server. */
  #head = Buffer.alloc(0);
  #asked = false;
  #toServer: Flow | null = null;
  #toClient: Flow | null = null;

  constructor(socket: Wire, events: CallerEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  opened(): void {}

  data(bytes: Uint8Array): void {
    if (this.#toServer !== null) {
      this.#toServer.push(bytes);
      return;
    }
    this.#head = Buffer.concat([this.#head, bytes]);
    if (this.#asked) return;
    if (this.#head.includes(HEAD_ENDS)) this.#ask();
    else if (this.#head.length > MAX_HEAD_BYTES) this.hangUp();
  }

  drain(): void {
    this.#toClient?.drain();
  }

  /** The client has gone. */
  closed(): void {
    this.#toServer?.cut();
    this.#events.ended();
  }

  hangUp(): void {
    drop(this.#socket);
    this.closed();
  }

  #ask(): void {
    this.#asked = true;
    // What comes before there is a server waits in the system.
    this.#socket.pause();
    this.#events.asked().then(
      (server) => this.#pass(server),
      () => this.hangUp(),
    );
  }

  #pass(server: Wire): void {
    // It has gone meanwhile.
    if (this.#socket.data !== this) {
      drop(server);
      return;
    }
    const toServer = new Flow(this.#socket, server);
    const toClient = new Flow(server, this.#socket);
    server.data = {
      opened: () => {},
      data: (bytes) => toClient.push(bytes),
      drain: () => toServer.drain(),
      closed: () => {
        this.#events.ended();
        toClient.end();
      },
    };
    this.#toServer = toServer;
    this.#toClient = toClient;
    toServer.push(this.#head);
    this.#head = Buffer.alloc(0);
    if (!toServer.isFull) this.#socket.resume();
  }
}

/** Bytes one way: no more are read than are written. */
class Flow {
  readonly #from: Wire;
  readonly #to: Wire;
  #rest: Uint8Array = new Uint8Array();
  #ending = false;

  constructor(from: Wire, to: Wire) {
    this.#from = from;
    this.#to = to;
  }

  get isFull(): boolean {
    return this.#rest.length > 0;
  }

  push(bytes: Uint8Array): void {
    const before = this.#rest.length;
    this.#rest = before === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (before === 0) this.drain();
    if (this.isFull) this.#from.pause();
  }

  /** Writes what is left. */
  drain(): void {
    const wasFull = this.isFull;
    const taken = this.#to.write(this.#rest);
    // Closed: its handler hears that.
    if (taken < 0) return;
    this.#rest = this.#rest.subarray(taken);
    if (this.isFull) return;
    if (this.#ending) finish(this.#to);
    else if (wasFull) this.#from.resume();
  }

  /** Nothing more comes: what is left still goes out. */
  end(): void {
    this.#ending = true;
    if (!this.isFull) finish(this.#to);
  }

  cut(): void {
    drop(this.#to);
  }
}
