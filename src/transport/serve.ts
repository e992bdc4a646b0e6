/**
 * Serving one content: its bytes as fast as the taker reads them and no faster, through one buffer.
 */
import type { Message } from "../protocol/messages.ts";
import { drop, type Ear, finish, type Wire } from "./ear.ts";
import { inlineHash } from "./hash.ts";
import { CONTENT_CHUNK_BYTES, STALL_MS } from "./limits.ts";
import type { ContentSource } from "./types.ts";

export type ServeOptions = {
  readonly source: ContentSource;
  readonly offset: number;
  frame(message: Message): Uint8Array;
  fault(error: unknown): void;
};

/** Sends the content and closes the connection, whatever happens. Never rejects. */
export async function serveContent(socket: Wire, options: ServeOptions): Promise<void> {
  const { source, fault } = options;
  const outlet = new Outlet(socket);
  let ok = false;
  try {
    ok = await sendAll(outlet, options);
  } catch (error) {
    fault(error);
  }
  outlet.end(ok);
  try {
    source.done(ok, outlet.contentBytes);
  } catch (error) {
    fault(error);
  }
}

async function sendAll(outlet: Outlet, options: ServeOptions): Promise<boolean> {
  const { source, offset, frame } = options;
  if (!(await outlet.write(frame({ tag: "content", size: source.size })))) return false;
  const buffer = new Uint8Array(Math.min(CONTENT_CHUNK_BYTES, Math.max(1, source.size - offset)));
  const hash = offset === 0 ? inlineHash() : null;
  for (let at = offset; at < source.size; ) {
    const most = Math.min(buffer.length, source.size - at);
    const reading = source.read(buffer.subarray(0, most), at);
    const count = typeof reading === "number" ? reading : await reading;
    // The file has become shorter: the taker sees the connection end before its bytes do.
    if (!(count > 0 && count <= most)) return false;
    const chunk = buffer.subarray(0, count);
    await hash?.update(chunk);
    if (!(await outlet.write(chunk))) return false;
    outlet.contentBytes += count;
    at += count;
    // A fast taker would otherwise keep every timer of this peer waiting until the end.
    await yieldToTimers();
  }
  const sha256 = hash === null ? null : await hash.digest();
  return outlet.write(frame({ tag: "content-end", sha256 }));
}

/** Writes that wait for the other side to read. */
class Outlet implements Ear {
  readonly #socket: Wire;
  #open = true;
  #wake: (() => void) | null = null;
  /** Bytes of the content itself that the system has taken. */
  contentBytes = 0;

  constructor(socket: Wire) {
    this.#socket = socket;
    socket.data = this;
  }

  /** @returns false where the other side is gone, or read nothing for too long */
  async write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; this.#open; ) {
      const taken = this.#socket.write(bytes, at, bytes.length - at);
      if (taken < 0) break;
      at += taken;
      if (at === bytes.length) return true;
      if (!(await this.#drained())) break;
    }
    return false;
  }

  end(whole: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    // A connection that is cut says that the content is not whole; an orderly end could, too.
    if (whole) finish(this.#socket);
    else drop(this.#socket);
  }

  opened(): void {}

  /** Nothing is to come after the fetch. */
  data(): void {
    drop(this.#socket);
    this.closed();
  }

  drain(): void {
    this.#wake?.();
  }

  closed(): void {
    this.#open = false;
    this.#wake?.();
  }

  #drained(): Promise<boolean> {
    return new Promise((resolve) => {
      const stalled = setTimeout(() => settle(false), STALL_MS);
      const settle = (moved: boolean): void => {
        clearTimeout(stalled);
        this.#wake = null;
        resolve(moved);
      };
      this.#wake = () => settle(this.#open);
    });
  }
}

function yieldToTimers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
