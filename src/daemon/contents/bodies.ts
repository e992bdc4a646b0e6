/** Small contents in memory: those that came with messages and commands, and those that were sent of late. */
import { BoundedBytes } from "../../protocol/model/bounded.ts";
import { isSameWrite, type WriteId } from "../../protocol/model/files.ts";
import type { Body } from "../../protocol/model/io.ts";
import { BODIES_BYTES, BODIES_KEPT, BODIES_LOOKS, SENT_BYTES, SENT_KEPT } from "../limits.ts";

export type KeptBody = { readonly bytes: Uint8Array; readonly sha256: string };

/** What came: each is kept under a number, for a while. */
export class Bodies {
  readonly #kept = new BoundedBytes<number, KeptBody>(
    BODIES_BYTES,
    BODIES_KEPT,
    (b) => b.bytes.length,
  );
  readonly #ages = new Ages();
  #next = 1;

  /** Keeps a content of 1 to BODY_BYTES bytes, which nobody may change any more. */
  keep(bytes: Uint8Array): Body {
    const sha256 = Bun.SHA256.hash(bytes, "hex");
    const number = this.#next++;
    this.#kept.set(number, { bytes, sha256 });
    return { number, size: bytes.length, sha256 };
  }

  /** @returns null if it has had to make room for newer ones */
  get(number: number): KeptBody | null {
    return this.#kept.get(number) ?? null;
  }

  /** Lets go of those that were there when this was called BODIES_LOOKS times ago. */
  forgetOld(): void {
    const old = this.#ages.look(this.#next);
    this.#kept.forgetWhile((_, number) => number < old);
  }
}

type Sent = { readonly write: WriteId; readonly bytes: Uint8Array; readonly number: number };

/**
 * What was sent: a write has one content for ever, so it may be sent from here as long as the store
 * has that write.
 */
export class SentBodies {
  /** By name: of each the write that was sent last. */
  readonly #sent = new BoundedBytes<string, Sent>(
    SENT_BYTES,
    SENT_KEPT,
    ({ bytes }) => bytes.length,
  );

  readonly #ages = new Ages();
  #next = 1;

  /** @param read reads the write from the store, and gives null where it cannot */
  get(write: WriteId, read: () => Uint8Array | null): Uint8Array | null {
    const { name } = write;
    const sent = this.#sent.get(name);
    if (sent !== undefined && isSameWrite(sent.write, write)) return sent.bytes;
    const bytes = read();
    if (bytes !== null) this.#sent.set(name, { write, bytes, number: this.#next++ });
    return bytes;
  }

  /** Lets go of those that were there when this was called BODIES_LOOKS times ago. */
  forgetOld(): void {
    const old = this.#ages.look(this.#next);
    this.#sent.forgetWhile(({ number }) => number < old);
  }
}

/** Which numbers are old: those below the one that was next some looks ago. */
class Ages {
  readonly #looks: number[] = [];

  /** @param next the number that is to be given next */
  look(next: number): number {
    this.#looks.push(next);
    return this.#looks.length > BODIES_LOOKS ? (this.#looks.shift() ?? 0) : 0;
  }
}
