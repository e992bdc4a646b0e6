/**
 * Texts of eight bytes or less that come again and again, as instance ids and addresses do: the same bytes give
 * the same text, which is made once. So it takes no memory in each record that has it, and is compared
 * and looked up without a look at its characters.
 */
import { RECENT_TEXTS } from "./limits.ts";

type Known = { readonly high: number; readonly low: number; readonly text: string };

/** The last RECENT_TEXTS texts at most; `make` makes one that is not among them. */
export class Recent {
  /** Each has its place by its bytes: another of that place takes it. */
  readonly #known: (Known | undefined)[] = new Array(RECENT_TEXTS);

  constructor(private readonly make: (high: number, low: number) => string) {}

  /** The text of these numbers of 32 bits. */
  of(high: number, low: number): string {
    const place = ((high ^ low) >>> 0) % RECENT_TEXTS;
    const known = this.#known[place];
    if (known !== undefined && known.high === high && known.low === low) return known.text;
    const text = this.make(high, low);
    this.#known[place] = { high, low, text };
    return text;
  }
}
