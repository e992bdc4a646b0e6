/**
 * From which addresses streams are open here, and from which the last has just broken: beside a refusal,
 * that is the second sign that a process has ended.
 */
import type { Address } from "../protocol/model/member.ts";
import { BROKE_MS } from "./limits.ts";

type Streams = { open: number; brokeAt: number };

export class Broken {
  /** Those of which a stream is open, or was a moment ago. */
  readonly #streams = new Map<Address, Streams>();

  /** A stream is one of this address from here on. */
  moved(before: Address | null, now: Address): void {
    if (before !== null) this.#close(before);
    const known = this.#streams.get(now);
    if (known === undefined) this.#streams.set(now, { open: 1, brokeAt: Number.NEGATIVE_INFINITY });
    else known.open += 1;
  }

  /** One has ended. @param broke not by this peer */
  ended(address: Address, broke: boolean, at: number): void {
    const known = this.#close(address);
    if (broke && known !== undefined) known.brokeAt = at;
  }

  isOpen(address: Address): boolean {
    return (this.#streams.get(address)?.open ?? 0) > 0;
  }

  has(address: Address, now: number): boolean {
    const known = this.#streams.get(address);
    return known !== undefined && known.open === 0 && now - known.brokeAt <= BROKE_MS;
  }

  /** Forgets those of long ago. */
  sweep(now: number): void {
    for (const [address, { open, brokeAt }] of this.#streams) {
      if (open === 0 && now - brokeAt > BROKE_MS) this.#streams.delete(address);
    }
  }

  #close(address: Address): Streams | undefined {
    const known = this.#streams.get(address);
    if (known !== undefined) known.open -= 1;
    return known;
  }
}
