/**
 * A port forward, as of a router or a container: what comes to one address, by stream or datagram, goes on to another,
 * and what comes back takes the way back. Who is behind it sees all come from the forward itself.
 */
import type { Socket, udp } from "bun";

type Ends = { other: Socket<Ends> | null; waiting: Uint8Array[] };

export type Forward = { readonly address: string; close(): void };

export async function forward(
  host: string,
  port: number,
  to: string,
  toPort: number,
): Promise<Forward> {
  const give = (socket: Socket<Ends>, bytes: Uint8Array): void => {
    const { other, waiting } = socket.data;
    // A test's few bytes always fit what the system takes at once.
    if (other === null) waiting.push(bytes.slice());
    else other.write(bytes);
  };
  const end = (socket: Socket<Ends>): void => void socket.data.other?.terminate();
  const onward = { binaryType: "uint8array", data: give, close: end, end, error: end } as const;
  const streams = Bun.listen<Ends>({
    hostname: host,
    port,
    data: { other: null, waiting: [] },
    socket: {
      ...onward,
      open(socket) {
        const own: Ends = { other: null, waiting: [] };
        socket.data = own;
        Bun.connect<Ends>({
          hostname: to,
          port: toPort,
          data: { other: socket, waiting: [] },
          socket: onward,
        }).then(
          (other) => {
            own.other = other;
            for (const bytes of own.waiting.splice(0)) other.write(bytes);
          },
          () => socket.terminate(),
        );
      },
    },
  });
  const callers = new Map<string, udp.ConnectedSocket<"uint8array">>();
  const datagrams = await Bun.udpSocket({
    hostname: host,
    port,
    binaryType: "uint8array",
    socket: {
      data(front, bytes, fromPort, from) {
        const caller = `${from}:${fromPort}`;
        const known = callers.get(caller);
        if (known !== undefined) known.send(bytes);
        else
          void Bun.udpSocket({
            connect: { hostname: to, port: toPort },
            binaryType: "uint8array",
            socket: { data: (_, answer) => void front.send(answer, fromPort, from), error() {} },
          }).then((own) => {
            callers.set(caller, own);
            own.send(bytes);
          });
      },
      error() {},
    },
  });
  return {
    address: `${host}:${port}`,
    close() {
      streams.stop(true);
      datagrams.close();
      for (const each of callers.values()) each.close();
    },
  };
}
