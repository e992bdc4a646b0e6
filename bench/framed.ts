/**
 * The baseline of the peers' own TCP: frames as theirs on one connection between two processes, a short one
 * there and 1 KiB back. Both sides write once for all that has come.
 */
import { PREFIX_BYTES } from "../src/wire/age.ts";
import { FrameReader } from "../src/wire/frame.ts";
import { killChild, reaped } from "./children.ts";
import type { Done } from "./client.ts";
import { firstLine } from "./echo.ts";
import { KIB } from "./limits.ts";
import type { System } from "./system.ts";

/** About what a request for a name takes. */
const QUESTION_BYTES = 100;

/** @param role the command line of the other process */
export async function openFramed(role: readonly string[]): Promise<System> {
  const child = reaped(
    Bun.spawn([...role], { stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  const port = Number(await firstLine(child.stdout));
  const waiting: Done[] = [];
  const question = frameOf(QUESTION_BYTES);
  const reader = new FrameReader();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        reader.push(bytes);
        for (let n = framesIn(reader, KIB); n > 0; n--) waiting.shift()?.(null);
      },
    },
  });
  const get: System["get"] = (_, __, ___, done) => {
    waiting.push(done);
    socket.write(question);
  };
  return {
    name: "framed echo",
    pids: [child.pid],
    retries: 0,
    put: get,
    get,
    close: async () => {
      socket.terminate();
      await killChild(child);
    },
  };
}

/** The other process: prints its port, and answers each frame. */
export function serveFramed(): void {
  const answer = frameOf(KIB);
  const readers = new WeakMap<object, FrameReader>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        readers.set(socket, new FrameReader());
      },
      data(socket, bytes) {
        const reader = readers.get(socket);
        reader?.push(bytes);
        for (let n = reader === undefined ? 0 : framesIn(reader, QUESTION_BYTES); n > 0; n--) {
          socket.write(answer);
        }
      },
    },
  });
  console.log(String(listener.port));
}

function frameOf(bytes: number): Uint8Array {
  const frame = new Uint8Array(PREFIX_BYTES + bytes).fill(1);
  new DataView(frame.buffer).setUint32(0, bytes);
  return frame;
}

/** @throws Error if one is not of the length that all have */
function framesIn(reader: FrameReader, bytes: number): number {
  for (let n = 0; ; n++) {
    const frame = reader.next();
    if (frame.kind === "more") return n;
    if (frame.kind === "broken" || frame.bytes.length !== bytes) throw new Error("a wrong frame");
  }
}
