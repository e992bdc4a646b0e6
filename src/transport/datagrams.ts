/** The UDP socket. */
import type { udp } from "bun";
import { DATAGRAM_RETRIES } from "./limits.ts";

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
  heard(bytes: Uint8Array, fromHost: string, fromPort: number): void;
};

/** Binds. Throws the system's error, with its `code`. */
export async function openDatagrams(options: DatagramsOptions): Promise<Datagrams> {
  const socket: udp.Socket<"uint8array"> = await Bun.udpSocket({
    hostname: options.host,
    port: options.port,
    binaryType: "uint8array",
    socket: {
      data: (_socket, bytes, port, address) => options.heard(bytes, address, port),
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
