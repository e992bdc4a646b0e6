/**
 * What listens to one TCP socket. All sockets share one table of callbacks, which pass to the ear that
 * the socket carries; so a socket changes hands by changing its ear.
 */
import type { Socket, SocketHandler } from "bun";

export type Ear = {
  opened(socket: Wire): void;
  data(bytes: Uint8Array): void;
  /** The socket takes bytes again. */
  drain(): void;
  /** The other side has ended or the connection broke. Called once. */
  closed(): void;
};

export type Wire = Socket<Ear>;

/** Hears nothing: of a socket that is of no interest any more. */
export const DEAF: Ear = { opened() {}, data() {}, drain() {}, closed() {} };

/** Callbacks that never throw: what an ear throws is a fault, and costs that one connection. */
export function callbacks(fault: (error: unknown) => void): SocketHandler<Ear> {
  const guard = (socket: Wire, call: (ear: Ear) => void): void => {
    try {
      call(socket.data);
    } catch (error) {
      fault(error);
      drop(socket);
    }
  };
  return {
    binaryType: "uint8array",
    open: (socket) => guard(socket, (ear) => ear.opened(socket)),
    data: (socket, bytes) => guard(socket, (ear) => ear.data(bytes)),
    drain: (socket) => guard(socket, (ear) => ear.drain()),
    // The end of the other side's bytes comes a little before the close, and says as much.
    end: (socket) => guard(socket, () => hangUp(socket)),
    close: (socket) => guard(socket, () => hangUp(socket)),
    error: (socket) => guard(socket, () => hangUp(socket)),
  };
}

/** Closes a socket at once; its ear hears no more. */
export function drop(socket: Wire): void {
  socket.data = DEAF;
  socket.terminate();
}

/** Closes a socket after what was written to it; its ear hears no more. */
export function finish(socket: Wire): void {
  socket.data = DEAF;
  socket.end();
}

/** Closes a socket at once, and its ear hears that. */
export function hangUp(socket: Wire): void {
  const ear = socket.data;
  drop(socket);
  ear.closed();
}
