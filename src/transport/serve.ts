/**
 * Serving one content: its bytes as fast as the taker reads them and no faster, through one buffer. The
 * taker says in the end what they came to. So a stored copy, whose hash is known, is not hashed here:
 * it is read again where the taker has found it to be wrong.
 */
import type { Address } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { type ConnectionHandler, drop, finish, type Wire } from "./connection.ts";
import { CONTENT_CHUNK_BYTES, STALL_MS, TURN_MS } from "./limits.ts";
import type { Meter } from "./transfer-rates.ts";
import type { ContentSource } from "./types.ts";
import { type ContentHash, inlineHash } from "./types.ts";
import { Verdict } from "./verdict.ts";

export type ServeOptions = {
  readonly source: ContentSource;
  readonly offset: number;
  /** Where a part ends, whose taker has no last word; null for the whole. */
  readonly until: number | null;
  readonly ring: number;
  /** How fast it goes. */
  readonly meter: Meter;
  frame(message: Message): Uint8Array;
  fault(error: unknown): void;
};

/** Bytes of a content, from one to before another. */
type Span = { readonly from: number; readonly to: number };

/** How it went; the hash is of what was read here, null where nothing was hashed. */
type Served = { readonly ok: boolean; readonly sha256: string | null };

/** Sends the content and closes the connection, whatever happens. Never rejects. */
export async function serveContent(socket: Wire, options: ServeOptions): Promise<void> {
  const { source, fault } = options;
  const sender = new ContentSender(socket, options.ring, options.meter);
  let served: Served = { ok: false, sha256: null };
  try {
    served = await serveAll(sender, options);
  } catch (error) {
    fault(error);
  }
  sender.end(served.ok);
  try {
    source.done(served.ok, sender.contentBytes, served.sha256);
  } catch (error) {
    fault(error);
  }
}

async function serveAll(sender: ContentSender, options: ServeOptions): Promise<Served> {
  const { source, offset, until, frame } = options;
  const hash = source.sha256 === null && offset === 0 && until === null ? inlineHash() : null;
  const head = frame({ tag: "content", size: source.size });
  const span = { from: offset, to: Math.min(source.size, until ?? source.size) };
  const sent = (await sender.write(head)) && (await sendBytes(sender, source, span, hash));
  if (!sent) return { ok: false, sha256: null };
  if (until !== null) {
    const end = frame({ tag: "content-end", sha256: source.sha256 });
    return { ok: await sender.write(end), sha256: null };
  }
  const own = hash === null ? null : await hash.digest();
  const sha256 = source.sha256 ?? own;
  const verdict = await sender.ask(frame({ tag: "content-end", sha256 }));
  if (verdict === null) return { ok: false, sha256: own };
  if (sha256 === null || sha256 === verdict) return { ok: true, sha256: own };
  return { ok: false, sha256: own ?? (await hashAgain(source)) };
}

/** @returns false where the source or the connection came to an early end */
async function sendBytes(
  sender: ContentSender,
  source: ContentSource,
  span: Span,
  hash: ContentHash | null,
): Promise<boolean> {
  return readAll(source, span, async (chunk) => {
    await hash?.update(chunk);
    if (!(await sender.write(chunk))) return false;
    sender.contentBytes += chunk.length;
    return true;
  });
}

/** What the copy here really is. @returns null where it cannot be read to its end */
async function hashAgain(source: ContentSource): Promise<string | null> {
  const hash = inlineHash();
  const whole = await readAll(source, { from: 0, to: source.size }, async (chunk) => {
    await hash.update(chunk);
    return true;
  });
  return whole ? hash.digest() : null;
}

/** Reads a span to its end, through one buffer, as long as the taker of each piece says true. */
async function readAll(
  source: ContentSource,
  { from, to }: Span,
  take: (chunk: Uint8Array) => Promise<boolean>,
): Promise<boolean> {
  const buffer = new Uint8Array(Math.min(CONTENT_CHUNK_BYTES, Math.max(1, to - from)));
  const turns = new Turns();
  for (let at = from; at < to; ) {
    const most = Math.min(buffer.length, to - at);
    const reading = source.read(buffer.subarray(0, most), at);
    const count = typeof reading === "number" ? reading : await reading;
    // The file has become shorter: the taker sees the connection end before its bytes do.
    if (!(count > 0 && count <= most)) return false;
    if (!(await take(buffer.subarray(0, count)))) return false;
    at += count;
    await turns.give();
  }
  return true;
}

/** Writes that wait for the other side to read. */
class ContentSender implements ConnectionHandler {
  readonly #socket: Wire;
  readonly #verdict: Verdict;
  readonly #meter: Meter;
  #open = true;
  #asked = false;
  #wake: (() => void) | null = null;
  /** Bytes of the content itself that the system has taken. */
  contentBytes = 0;

  constructor(socket: Wire, ring: number, meter: Meter) {
    this.#socket = socket;
    this.#meter = meter;
    this.#verdict = new Verdict(ring);
    socket.data = this;
  }

  get address(): Address {
    return this.#meter.address;
  }

  /** @returns false where the other side is gone, or read nothing for too long */
  async write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; this.#open; ) {
      const taken = this.#socket.write(bytes, at, bytes.length - at);
      if (taken < 0) break;
      at += taken;
      this.#meter.moved(taken);
      if (at === bytes.length) return true;
      this.#meter.wait(performance.now());
      const moved = await this.#moved();
      this.#meter.work(performance.now());
      if (!moved) break;
    }
    return false;
  }

  /** Writes the last frame. @returns the hash that the taker came to, null where it does not say */
  async ask(end: Uint8Array): Promise<string | null> {
    this.#asked = true;
    if (!(await this.write(end))) return this.#verdict.sha256;
    this.#meter.wait(performance.now());
    while (this.#verdict.sha256 === null && (await this.#moved()));
    return this.#verdict.sha256;
  }

  end(whole: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    // A connection that is cut says that the content is not whole; an orderly end could, too.
    if (whole) finish(this.#socket);
    else drop(this.#socket);
  }

  opened(): void {}

  /** Nothing is to come after the fetch but the verdict, at the end. */
  data(bytes: Uint8Array): void {
    if (this.#asked && this.#verdict.hear(bytes)) {
      this.#wake?.();
      return;
    }
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

  /** Waits until the socket takes or brings something. @returns false where it is gone, or still */
  #moved(): Promise<boolean> {
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

export class Turns {
  #since = performance.now();

  /** Lets the others work, if it is time. */
  async give(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
