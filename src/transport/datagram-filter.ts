/**
 * Which datagrams are worth decoding. Whatever can be told by a few bytes and the address is told before
 * anything else: a flood costs little, and word of members does not drown in what strangers send.
 */
import type { Address } from "../protocol/model/member.ts";
import { readHead } from "../wire/message.ts";
import { DATAGRAMS_PER_TURN, STRANGERS_PER_TURN } from "./limits.ts";

/** Why a datagram is dropped unread. */
export type Refusal =
  | "malformed"
  | "not taken by datagram"
  | "of another ring"
  | "too many at once";

export class DatagramFilter {
  #all = 0;
  #strangers = 0;
  readonly #nextTurn = (): void => {
    this.#all = 0;
    this.#strangers = 0;
  };

  /**
   * @param ring this peer's; 0 while it knows none
   * @param later calls back when timers and streams have had their turn
   */
  constructor(
    private readonly ring: () => number,
    private readonly isMember: (address: Address) => boolean,
    private readonly later: (call: () => void) => void = setImmediate,
  ) {}

  /** @returns null where the datagram is to be decoded */
  refuse(bytes: Uint8Array, from: Address): Refusal | null {
    const head = readHead(bytes);
    if (head === null) return "malformed";
    if (!head.byDatagram) return "not taken by datagram";
    const own = this.ring();
    // A hello means nothing, and harms nobody: it shows that there is a way.
    if (!head.isHello && (own === 0 || head.ring !== own)) return "of another ring";
    return this.#hasTurn(from) ? null : "too many at once";
  }

  /** The runtime reads until nothing is left before it looks at anything else. */
  #hasTurn(from: Address): boolean {
    if (this.#all === 0) this.later(this.#nextTurn);
    if (this.#all >= DATAGRAMS_PER_TURN) return false;
    if (!this.isMember(from)) {
      if (this.#strangers >= STRANGERS_PER_TURN) return false;
      this.#strangers += 1;
    }
    this.#all += 1;
    return true;
  }
}
