/**
 * Calls of gRPC with one message there and one back, as cheap as they can be had: HTTP/2 whose headers are the
 * same bytes each time, and of whose answers only the frames are read.
 */
import type { Done } from "../client.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_BYTES = 9;
/** Before each message: a byte that says it is not compressed, and its length. */
const MESSAGE_PREFIX = 5;
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
/** A window far beyond what is under way; told once, and again whenever half of it is used. */
const WINDOW_BYTES = 0x10000000;
const DEFAULT_WINDOW = 65_535;

type Waiting = {
  data: Buffer | null;
  readonly good: (message: Buffer) => boolean;
  readonly done: Done;
};

/** One connection; any number of calls at a time, whose messages are far smaller together than a window of 64 KiB. */
export class GrpcConnection {
  readonly #waiting = new Map<number, Waiting>();
  readonly #heads = new Map<string, Uint8Array>();
  #came: Buffer = Buffer.alloc(0);
  #stream = 1;
  #used = 0;

  private constructor(
    private readonly socket: Bun.Socket<undefined>,
    private readonly authority: string,
  ) {}

  /** @throws Error if nobody listens there */
  static async open(port: number): Promise<GrpcConnection> {
    let made: GrpcConnection | null = null;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data: (_, bytes) => made?.take(bytes), close: () => made?.lost() },
    });
    made = new GrpcConnection(socket, `127.0.0.1:${port}`);
    const window = frame(WINDOW_UPDATE, 0, 0, u32(WINDOW_BYTES - DEFAULT_WINDOW));
    socket.write(
      Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, new Uint8Array()), window]),
    );
    return made;
  }

  /** @param good whether the answer's message is as it is to be */
  call(path: string, message: Uint8Array, good: Waiting["good"], done: Done): void {
    const stream = this.#stream;
    this.#stream += 2;
    this.#waiting.set(stream, { data: null, good, done });
    const head = this.#heads.get(path) ?? this.headersOf(path);
    this.#heads.set(path, head);
    const prefixed = Buffer.concat([Buffer.of(0), u32(message.length), message]);
    const data = frame(DATA, END_STREAM, stream, prefixed);
    this.socket.write(Buffer.concat([frame(HEADERS, END_HEADERS, stream, head), data]));
  }

  close(): void {
    this.socket.terminate();
  }

  private headersOf(path: string): Uint8Array {
    const headers = {
      ":method": "POST",
      ":scheme": "http",
      ":path": path,
      ":authority": this.authority,
      "content-type": "application/grpc",
      te: "trailers",
    };
    // Each a literal that enters no table, name and value with lengths of one byte.
    const literals = Object.entries(headers).map(([name, value]) =>
      Buffer.concat([
        Buffer.of(0, name.length),
        Buffer.from(name),
        Buffer.of(value.length),
        Buffer.from(value),
      ]),
    );
    return Buffer.concat(literals);
  }

  private take(bytes: Buffer): void {
    // What the runtime gives is its own again after this call.
    this.#came = Buffer.concat([this.#came, bytes]);
    let at = 0;
    while (this.#came.length - at >= FRAME_BYTES) {
      const end = at + FRAME_BYTES + this.#came.readUIntBE(at, 3);
      if (end > this.#came.length) break;
      const [kind = 0, flags = 0] = this.#came.subarray(at + 3, at + 5);
      const stream = this.#came.readUInt32BE(at + 5);
      this.frame(kind, flags, stream, this.#came.subarray(at + FRAME_BYTES, end));
      at = end;
    }
    this.#came = this.#came.subarray(at);
  }

  private frame(kind: number, flags: number, stream: number, payload: Buffer): void {
    if (kind === SETTINGS && (flags & ACK) === 0) {
      this.socket.write(frame(SETTINGS, ACK, 0, new Uint8Array()));
    } else if (kind === PING && (flags & ACK) === 0) {
      this.socket.write(frame(PING, ACK, 0, payload));
    } else if (kind === GOAWAY) this.lost();
    const waiting = this.#waiting.get(stream);
    if (waiting === undefined) return;
    if (kind === DATA) {
      this.#count(payload.length);
      waiting.data = waiting.data === null ? payload : Buffer.concat([waiting.data, payload]);
    }
    if ((kind === DATA || kind === HEADERS) && (flags & END_STREAM) !== 0) {
      this.#waiting.delete(stream);
      // A call that failed has trailers and no message.
      const { data, good, done } = waiting;
      const came = data !== null && good(data.subarray(MESSAGE_PREFIX));
      done(came ? null : "a call of gRPC was answered otherwise");
    }
  }

  #count(bytes: number): void {
    this.#used += bytes;
    if (this.#used < WINDOW_BYTES / 2) return;
    this.socket.write(frame(WINDOW_UPDATE, 0, 0, u32(this.#used)));
    this.#used = 0;
  }

  private lost(): void {
    for (const { done } of this.#waiting.values()) done("a connection of gRPC was closed");
    this.#waiting.clear();
  }
}

function frame(kind: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = kind;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_BYTES);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
