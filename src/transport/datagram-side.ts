/** What a peer says and hears by datagram: to whom it may send how much, what is worth reading, and whose it is. */
import type { Address, Member } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { SEAL_BYTES } from "../seal/sealing.ts";
import { formatAddress, ipFamily, parseAddress } from "../wire/address.ts";
import { encode, type Sender } from "../wire/message.ts";
import type { WireMessage } from "../wire/table.ts";
import type { Admission } from "./admission.ts";
import { Credit } from "./credit.ts";
import { DatagramFilter } from "./datagram-filter.ts";
import type { Drops } from "./drops.ts";
import { DATAGRAM_BYTES } from "./limits.ts";

export type DatagramSideOptions = {
  sender(): Sender;
  readonly admission: Admission;
  readonly drops: Drops;
  isMember(address: Address): boolean;
  /** A stream from there stands. */
  hasStreamFrom(address: Address): boolean;
  /** Sends bytes, sealed in a closed ring. @returns the error's code where the system refused, else null */
  send(bytes: Uint8Array, host: string, port: number): string | null;
  /** They are sealed: so many bytes more. */
  readonly isSealed: boolean;
  deliver(from: Member, message: WireMessage): void;
};

export class DatagramSide {
  readonly #options: DatagramSideOptions;
  readonly #credit = new Credit();
  readonly #filter: DatagramFilter;
  readonly #most: number;

  constructor(options: DatagramSideOptions) {
    this.#options = options;
    this.#most = DATAGRAM_BYTES - (options.isSealed ? SEAL_BYTES : 0);
    this.#filter = new DatagramFilter(() => options.sender().ring, options.isMember);
  }

  /** @returns false where the message is none for a datagram: too long, or to a host without address */
  send(to: Address, message: Message): boolean {
    const { sender, isMember, hasStreamFrom, drops } = this.#options;
    const target = parseAddress(to);
    if (target === null || ipFamily(target.host) === 0) return false;
    const bytes = encode(message, sender());
    if (bytes.length > this.#most) return false;
    // Members are proved, and those from which a stream stands.
    const proved = isMember(to) || hasStreamFrom(to);
    if (!proved && !this.#credit.pay(to, message, bytes.length, performance.now()))
      drops.count("datagram", "more than came from there", to);
    else this.#options.send(bytes, target.host, target.port);
    return true;
  }

  /** @param run of whom it is known to be; null where the ring is open to all */
  hear(bytes: Uint8Array, host: string, port: number, run: string | null): void {
    const { admission, drops, isMember, deliver } = this.#options;
    const address = formatAddress(host, port);
    const refusal = this.#filter.refuse(bytes, address);
    const admitted =
      refusal === null ? admission.admit(bytes, host, false, run) : { error: refusal };
    if ("error" in admitted) {
      drops.count("datagram", admitted.error, address);
      return;
    }
    const { from, message } = admitted;
    if (!isMember(address)) {
      this.#credit.earn(address, bytes.length, performance.now());
      if (message.tag === "pong") this.#credit.answered(address, message.nonce);
    }
    deliver(from, message);
  }

  /** A datagram that means nothing tells whether the system knows a way to a host. */
  hasRoute(host: string, port: number): boolean {
    const hello = encode({ tag: "hello", beat: 0 }, this.#options.sender());
    const code = this.#options.send(hello, host, port);
    return code === null || code === "ECONNREFUSED";
  }
}
