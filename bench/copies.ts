/**
 * The baselines of contents: a file from disk to disk over loopback between two processes, with no
 * protocol and no hash; the same in Python with `sendfile`; and `cp`.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { cpuMicros, killChild, reaped } from "./children.ts";
import { firstLine } from "./echo.ts";
import { PIECE_BYTES, WRITER_BYTES } from "./limits.ts";

export type RawCopy = {
  /** Milliseconds from the connection to the last byte written. */
  readonly ms: number;
  /** Processor time of both processes, the sender's start included. */
  readonly cpuMicros: number | null;
};

/** @param role the command line of the sender, but for the file */
export async function rawCopy(role: readonly string[], from: string, to: string): Promise<RawCopy> {
  const before = cpuMicros([process.pid]);
  const child = reaped(
    Bun.spawn([...role, from], { stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  try {
    const port = Number(await firstLine(child.stdout));
    const ms = await receive(port, to, Bun.file(from).size);
    const after = cpuMicros([process.pid, child.pid]);
    return { ms, cpuMicros: before === null || after === null ? null : after - before };
  } finally {
    await killChild(child);
  }
}

/** The other process: prints its port, and sends the file to the first that connects. */
export function sendRaw(path: string): void {
  const fd = openSync(path, "r");
  const { size } = fstatSync(fd);
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, Math.max(1, size)));
  let at = 0;
  let filled = 0;
  let written = 0;
  const pump = (socket: Bun.Socket<undefined>): void => {
    for (;;) {
      if (written === filled) {
        filled = readSync(fd, buffer, 0, buffer.length, at);
        written = 0;
        at += filled;
        if (filled === 0) {
          closeSync(fd);
          socket.end();
          return;
        }
      }
      const taken = socket.write(buffer, written, filled - written);
      if (taken < 0) return;
      written += taken;
      if (written < filled) return;
    }
  };
  const listener = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: pump, drain: pump, data() {} },
  });
  console.log(String(listener.port));
}

/** @returns milliseconds; null where there is no `cp` */
export async function systemCopy(from: string, to: string): Promise<number | null> {
  return timed(["cp", from, to]);
}

/** @returns milliseconds; null where there is no Python 3 with `socket.sendfile` */
export async function sendfileCopy(from: string, to: string): Promise<number | null> {
  const ms = await timed(["python3", "-c", PYTHON, from, to], true);
  return ms;
}

async function timed(command: readonly string[], printed = false): Promise<number | null> {
  if (Bun.which(command[0] ?? "") === null) return null;
  const start = performance.now();
  const child = reaped(
    Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" }),
  );
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) return null;
  return printed ? Number(text) : performance.now() - start;
}

function receive(port: number, to: string, size: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const writer = Bun.file(to).writer({ highWaterMark: WRITER_BYTES });
  const start = performance.now();
  let got = 0;
  const whole = async (): Promise<void> => {
    await writer.end();
    if (got === size) resolve(performance.now() - start);
    else reject(new Error(`the raw copy brought ${got} of ${size} bytes`));
  };
  let over = false;
  const end = (): void => {
    if (!over) void whole();
    over = true;
  };
  Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        got += bytes.length;
        writer.write(bytes);
      },
      end,
      close: end,
      error: end,
    },
  }).catch(reject);
  return promise;
}

/** Two processes as well; it prints the milliseconds from the connection to the last byte written. */
const PYTHON = `
import os, socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
if os.fork() == 0:
    connection, _ = listener.accept()
    with open(sys.argv[1], "rb") as content:
        connection.sendfile(content)
    connection.close()
    os._exit(0)
listener.close()
start = time.perf_counter()
buffer = bytearray(1 << 20)
view = memoryview(buffer)
with socket.create_connection(("127.0.0.1", port)) as connection, open(sys.argv[2], "wb", 0) as out:
    while True:
        count = connection.recv_into(buffer)
        if count == 0:
            break
        out.write(view[:count])
print((time.perf_counter() - start) * 1000)
os.wait()
`;
