/**
 * The baseline of a large store: one raw sender and three raw receivers, each a process, which hash what comes
 * and sync it to the disk. No protocol.
 */
import { closeSync, fdatasync, fstatSync, openSync, readSync } from "node:fs";
import { promisify } from "node:util";
import { cpuMicros, killChild, reaped } from "./children.ts";
import type { RawCopy } from "./copies.ts";
import { lines } from "./echo.ts";
import { PIECE_BYTES, SYNC_BYTES, WRITER_BYTES } from "./limits.ts";

/** @param role the command line of a receiver, but for the file */
export async function rawFanout(
  role: readonly string[],
  from: string,
  to: readonly string[],
  sha256: string,
): Promise<RawCopy> {
  const children = to.map((path) =>
    reaped(Bun.spawn([...role, path], { stdin: "ignore", stdout: "pipe", stderr: "inherit" })),
  );
  const said = children.map(({ stdout }) => lines(stdout));
  try {
    const ports = await Promise.all(said.map(async (each) => Number((await each.next()).value)));
    const pids = [process.pid, ...children.map(({ pid }) => pid)];
    const before = cpuMicros(pids);
    const start = performance.now();
    await sendToAll(from, ports);
    const hashes = await Promise.all(said.map(async (each) => (await each.next()).value));
    const ms = performance.now() - start;
    const after = cpuMicros(pids);
    if (hashes.some((hash) => hash !== sha256)) throw new Error("a raw receiver has another hash");
    return { ms, cpuMicros: before === null || after === null ? null : after - before };
  } finally {
    await Promise.all(children.map(killChild));
  }
}

type Receiver = { readonly socket: Bun.Socket<undefined>; taken: number };

/** Each piece is read once, and goes to all before the next. */
async function sendToAll(path: string, ports: readonly number[]): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const fd = openSync(path, "r");
  const { size } = fstatSync(fd);
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, Math.max(1, size)));
  const receivers: Receiver[] = [];
  let at = 0;
  let filled = 0;
  const pump = (): void => {
    for (;;) {
      for (const receiver of receivers) {
        if (receiver.taken === filled) continue;
        const { socket, taken } = receiver;
        receiver.taken += Math.max(0, socket.write(buffer, taken, filled - taken));
      }
      // Whoever has not taken all says when it has room.
      if (receivers.some(({ taken }) => taken < filled)) return;
      filled = readSync(fd, buffer, 0, buffer.length, at);
      at += filled;
      for (const receiver of receivers) receiver.taken = 0;
      if (filled === 0) break;
    }
    for (const { socket } of receivers) socket.end();
    ended.resolve();
  };
  const error = (_: unknown, why: Error): void => ended.reject(why);
  for (const port of ports) {
    const socket = { drain: pump, error, data() {} };
    const connected = await Bun.connect({ hostname: "127.0.0.1", port, socket });
    receivers.push({ socket: connected, taken: 0 });
  }
  pump();
  await ended.promise;
  closeSync(fd);
}

/** A receiver: prints its port, and then the hash of what came, once that is on the disk. */
export function receiveRaw(path: string): void {
  const hasher = new Bun.CryptoHasher("sha256");
  const writer = Bun.file(path).writer({ highWaterMark: WRITER_BYTES });
  const fd = openSync(path, "a");
  const sync = promisify(fdatasync);
  let syncing: Promise<void> | null = null;
  let unsynced = 0;
  let over = false;
  const data = (_: unknown, bytes: Uint8Array): void => {
    hasher.update(bytes);
    writer.write(bytes);
    unsynced += bytes.length;
    if (unsynced < SYNC_BYTES || syncing !== null) return;
    // On the way, as the peers do it: so little is left for the end.
    unsynced = 0;
    syncing = sync(fd).finally(() => {
      syncing = null;
    });
  };
  const end = async (): Promise<void> => {
    if (over) return;
    over = true;
    await writer.end();
    await syncing;
    await sync(fd);
    console.log(hasher.digest("hex"));
  };
  const close = (): void => void end();
  const socket = { data, end: close, close };
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
  console.log(String(listener.port));
}
