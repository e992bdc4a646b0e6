/** The last word of a taker, as the server hears it: what the content came to. */
import { FrameReader } from "../wire/frame.ts";
import { decode } from "../wire/message.ts";

export class Verdict {
  readonly #ring: number;
  readonly #reader = new FrameReader();
  /** 64 hexadecimal digits; null until it is there. */
  sha256: string | null = null;

  constructor(ring: number) {
    this.#ring = ring;
  }

  /** Takes what came. @returns false where it is something else */
  hear(bytes: Uint8Array): boolean {
    this.#reader.push(bytes);
    const frame = this.#reader.next();
    if (frame.kind === "more") return true;
    const decoded = frame.kind === "message" ? decode(frame.bytes, "peer") : null;
    if (decoded === null || "error" in decoded || decoded.ring !== this.#ring) return false;
    const { message } = decoded;
    if (message.tag !== "content-end" || this.#reader.buffered > 0) return false;
    if (message.sha256 === null || this.sha256 !== null) return false;
    this.sha256 = message.sha256;
    return true;
  }
}
