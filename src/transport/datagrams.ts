/** The UDP socket. */
import type { udp } from "bun";
import { DATAGRAM_RETRIES, DATAGRAMS_PER_TURN } from "./limits.ts";

export type Datagrams = {
  readonly port: number;
  /** @returns the error's code where the system refused to send, else null */
  send(bytes: Uint8Array, host: string, port: number): string | null;
  close(): void;
};

export type DatagramsOptions = {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Hears each datagram, synchronously; must not throw. */
  heard(bytes: Uint8Array, fromHost: string): void;
  /** A datagram was dropped unread, because too many came at once. */
  flooded(): void;
};

/** Binds. Throws the system's error, with its `code`. */
export async function openDatagrams(options: DatagramsOptions): Promise<Datagrams> {
  // Bun reads until nothing is left before it looks at anything else, so a flood that is worked on
  // would keep timers and streams waiting; dropped unread it is soon over.
  let thisTurn = 0;
  const nextTurn = (): void => {
    thisTurn = 0;
  };
  const socket: udp.Socket<"uint8array"> = await Bun.udpSocket({
    hostname: options.host,
    port: options.port,
    binaryType: "uint8array",
    socket: {
      data(_socket, bytes, _port, address) {
        if (thisTurn++ === 0) setImmediate(nextTurn);
        if (thisTurn > DATAGRAMS_PER_TURN) options.flooded();
        else options.heard(bytes, address);
      },
      // Without a handler the process would end when a neighbour's port refuses. Which neighbour it
      // was is not said; its link says it.
      error() {},
    },
  });
  return {
    port: socket.port,
    send(bytes, toHost, toPort) {
      // The refusal of an earlier datagram, to anyone, comes out here instead of this one going out.
      for (let attempt = 0; ; attempt++) {
        try {
          socket.send(bytes, toPort, toHost);
          return null;
        } catch (error) {
          const code = codeOf(error);
          if (code !== "ECONNREFUSED" || attempt === DATAGRAM_RETRIES) return code;
        }
      }
    },
    close: () => socket.close(),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
