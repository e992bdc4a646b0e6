/**
 * What listens to one TCP socket. All sockets share one table of callbacks, which pass to the handler that
 * the socket carries; so a socket changes hands by changing that.
 */
import type { Socket } from "bun";
import type { Address } from "../protocol/model/member.ts";

export type ConnectionHandler = {
  /** The peer at the other end, where that is known. */
  readonly address?: Address | null;
  opened(socket: Wire): void;
  /** The socket is encrypted from here on; `proved` if the other end has shown a certificate of the ring. */
  secured?(socket: Wire, proved: boolean): void;
  data(bytes: Uint8Array): void;
  /** The socket takes bytes again. */
  drain(): void;
  /** The other side has ended or the connection broke. Called once. */
  closed(): void;
};

export type Wire = Socket<ConnectionHandler>;

/** Hears nothing: of a socket that is of no interest any more. */
export const IGNORING: ConnectionHandler = { opened() {}, data() {}, drain() {}, closed() {} };

/** What is called when something befalls a socket. */
export type Callbacks = {
  readonly binaryType: "uint8array";
  open(socket: Wire): void;
  handshake(socket: Wire, success: boolean): void;
  data(socket: Wire, bytes: Uint8Array): void;
  drain(socket: Wire): void;
  end(socket: Wire): void;
  close(socket: Wire): void;
  error(socket: Wire): void;
};

/** Callbacks that never throw: what a handler throws is a fault, and costs that one connection. */
export function callbacks(fault: (error: unknown) => void): Callbacks {
  const guard = (socket: Wire, call: (handler: ConnectionHandler) => void): void => {
    try {
      call(socket.data);
    } catch (error) {
      fault(error);
      drop(socket);
    }
  };
  return {
    binaryType: "uint8array",
    open: (socket) => guard(socket, (handler) => handler.opened(socket)),
    // One that was not refused may still not have shown what it should: that is said elsewhere.
    handshake: (socket, success) =>
      guard(socket, (handler) => handler.secured?.(socket, success && socket.authorized)),
    data: (socket, bytes) => guard(socket, (handler) => handler.data(bytes)),
    drain: (socket) => guard(socket, (handler) => handler.drain()),
    // The end of the other side's bytes comes a little before the close, and says as much.
    end: (socket) => guard(socket, () => hangUp(socket)),
    close: (socket) => guard(socket, () => hangUp(socket)),
    error: (socket) => guard(socket, () => hangUp(socket)),
  };
}

/** Closes a socket at once; its handler hears no more. */
export function drop(socket: Wire): void {
  socket.data = IGNORING;
  socket.terminate();
}

/** Closes a socket after what was written to it; its handler hears no more. */
export function finish(socket: Wire): void {
  socket.data = IGNORING;
  socket.end();
}

/** Closes a socket at once, and its handler hears that. */
export function hangUp(socket: Wire): void {
  const handler = socket.data;
  drop(socket);
  handler.closed();
}
