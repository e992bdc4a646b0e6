/** Contents in the simulator, and the small ones that a host keeps for messages, under its own numbers. */
import { boundTable } from "../protocol/model/bounded.ts";
import { BODY_BYTES } from "../protocol/model/config.ts";
import type { Body } from "../protocol/model/io.ts";

/** A content is known by its size and hash; its bytes are never made. */
export type SimContent = { readonly size: number; readonly sha256: string };

export class Bodies {
  readonly #kept = new Map<number, SimContent>();
  #next = 1;

  /** @param most as many are kept; of an older one nothing is left */
  constructor(private readonly most: number) {}

  /** Keeps a small content. */
  take({ size, sha256 }: SimContent): Body {
    const number = this.#next++;
    this.#kept.set(number, { size, sha256 });
    boundTable(this.#kept, this.most);
    return { number, size, sha256 };
  }

  get(number: number): SimContent | null {
    return this.#kept.get(number) ?? null;
  }
}

/** True of a content that may travel with a message. */
export function isSmall({ size }: SimContent): boolean {
  return size >= 1 && size <= BODY_BYTES;
}
