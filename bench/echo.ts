/** The baseline of messages: a round trip over a raw TCP connection between two processes. */
import { killChild, reaped } from "./children.ts";
import { KIB } from "./limits.ts";
import { type Ran, run } from "./rates.ts";

export type Echo = {
  /** Sends 1 KiB and gets it back, so many times, one after the other. */
  roundTrips(count: number): Promise<Ran>;
  close(): Promise<void>;
};

/** Starts the other process and connects to it. @param role the command line of the echo's server */
export async function openEcho(role: readonly string[]): Promise<Echo> {
  const child = reaped(
    Bun.spawn([...role], { stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  const port = Number(await firstLine(child.stdout));
  const message = new Uint8Array(KIB).fill(1);
  let back: (() => void) | null = null;
  let left = 0;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        left -= bytes.length;
        if (left === 0) back?.();
      },
    },
  });
  return {
    roundTrips: (count) =>
      run(count, 1, (_, done) => {
        left = KIB;
        back = () => done(null);
        socket.write(message);
      }),
    close: async () => {
      socket.terminate();
      await killChild(child);
    },
  };
}

/** The other process: prints its port, and sends back whatever comes. */
export function serveEcho(): void {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, bytes) {
        socket.write(bytes);
      },
    },
  });
  console.log(String(listener.port));
}

/** The lines that a process prints, as they come. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    const [last = "", ...whole] = (text + decoder.decode(piece, { stream: true }))
      .split("\n")
      .reverse();
    text = last;
    yield* whole.reverse();
  }
}

/** The first of them. */
export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  return (await lines(stream).next()).value ?? "";
}
