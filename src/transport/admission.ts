/** Which messages are let in: what is well-formed and of this ring, and what two rings have to say to each other. */
import type { Address, Member } from "../protocol/model/member.ts";
import { decode } from "../wire/message.ts";
import type { WireMessage } from "../wire/table.ts";
import type { Introductions } from "./introductions.ts";

/** A message let in, or why it was not. */
export type Admitted =
  | { readonly from: Member; readonly message: WireMessage; readonly body: Uint8Array | null }
  /** `later`: it is of a later version, and skipped. */
  | { readonly error: Unfit; readonly later?: true };

/** Why a message is not let in. */
export type Unfit =
  | "malformed"
  | "in another's name"
  | "of another ring"
  | "not asked for"
  | "cut off by the lab";

export type AdmissionOptions = {
  /** This peer's; 0 while it knows none. */
  ring(): number;
  /** The bits of its ring's positions; undefined while it knows of none. */
  bits(): number | undefined;
  isCut(address: Address): boolean;
  readonly introductions: Introductions;
  /** Something well-formed has come from there. */
  reached(address: Address): void;
};

export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * @param host from where it came
   * @param bodies whether a content may stand behind it
   * @param instance of whom it was proved to be; null where it was not
   */
  admit(bytes: Uint8Array, host: string, bodies: boolean, instance: string | null): Admitted {
    const { introductions, isCut, reached } = this.#options;
    const decoded = decode(bytes, host, bodies, this.#options.bits());
    if ("error" in decoded)
      return { error: "malformed", ...(decoded.later === true ? { later: true } : {}) };
    const { ring, from, message } = decoded;
    if (instance !== null && from.instance !== instance) return { error: "in another's name" };
    // A stream that was being opened when the cut was made.
    if (isCut(from.address)) return { error: "cut off by the lab" };
    reached(from.address);
    const own = this.#options.ring();
    switch (message.tag) {
      // A peer that knows no ring yet says hello before it asks which one this is.
      case "hello":
      case "introduce":
        return decoded;
      case "introduction":
        if (introductions.awaits(message.request)) {
          introductions.answer(ring, from, message);
          return { from, message: { tag: "hello", beat: 0 }, body: null };
        }
        // A joiner whose proposed id was taken meanwhile has asked for another one.
        return ring === own ? decoded : { error: "not asked for" };
      case "content":
      case "content-end":
      case "content-refused":
        return { error: "not asked for" };
      default:
        return ring === own && own !== 0 ? decoded : { error: "of another ring" };
    }
  }
}
