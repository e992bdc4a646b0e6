/** What a peer says and hears by datagram: to whom it may send how much, what is worth reading, and whose it is. */
import { boundTable } from "../protocol/model/bounded.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { SEAL_BYTES } from "../seal/sealing.ts";
import { formatAddress, parseAddress } from "../wire/address.ts";
import { encode, type Sender } from "../wire/message.ts";
import type { WireMessage } from "../wire/table.ts";
import type { Admission } from "./admission.ts";
import { Credit } from "./credit.ts";
import { DatagramFilter } from "./datagram-filter.ts";
import type { Drops } from "./drops.ts";
import { DATAGRAM_BYTES, SOURCES_KEPT } from "./limits.ts";
import type { Names } from "./names.ts";

export type DatagramSideOptions = {
  sender(): Sender;
  readonly admission: Admission;
  readonly drops: Drops;
  isMember(address: Address): boolean;
  /** A stream from there stands. */
  hasStreamFrom(address: Address): boolean;
  /**
   * Sends bytes, sealed in a closed ring.
   * @param called the address by which the peer there is known
   * @returns the error's code where the system refused, else null
   */
  send(bytes: Uint8Array, host: string, port: number, called: Address): string | null;
  /** Where those are that are known by a name. */
  readonly names: Names;
  /** They are sealed: so many bytes more. */
  readonly isSealed: boolean;
  deliver(from: Member, message: WireMessage): void;
};

export class DatagramSide {
  readonly #options: DatagramSideOptions;
  readonly #credit = new Credit();
  readonly #filter: DatagramFilter;
  readonly #most: number;
  /** Members that call from another address than the one at which they are called: by whence they call. */
  readonly #calledAt = new Map<Address, Address>();

  constructor(options: DatagramSideOptions) {
    this.#options = options;
    this.#most = DATAGRAM_BYTES - (options.isSealed ? SEAL_BYTES : 0);
    this.#filter = new DatagramFilter(() => options.sender().ring, options.isMember);
  }

  /** @returns false where the message is none for a datagram: too long, or to a name that no stream has led to yet */
  send(to: Address, message: Message): boolean {
    const { sender, isMember, hasStreamFrom, drops, names } = this.#options;
    const target = parseAddress(to);
    const host = target === null ? null : names.known(target.host);
    if (target === null || host === null) return false;
    const bytes = encode(message, sender());
    if (bytes.length > this.#most) return false;
    // Members are proved, and those from which a stream stands.
    const proved = isMember(to) || hasStreamFrom(to);
    if (!proved && !this.#credit.pay(to, message, bytes.length, performance.now()))
      drops.count("datagram", "more than came from there", to);
    else this.#options.send(bytes, host, target.port, to);
    return true;
  }

  /** @param run of whom it is known to be; null where the ring is open to all */
  hear(bytes: Uint8Array, host: string, port: number, run: string | null): void {
    const { admission, drops, isMember, deliver } = this.#options;
    const source = formatAddress(host, port);
    const address = this.#calledAt.get(source) ?? source;
    const refusal = this.#filter.refuse(bytes, address);
    const admitted =
      refusal === null ? admission.admit(bytes, host, false, run) : { error: refusal };
    if ("error" in admitted) {
      drops.count("datagram", admitted.error, address);
      return;
    }
    const { from, message } = admitted;
    if (from.address !== address && isMember(from.address)) this.#learn(source, from.address);
    if (!isMember(address)) {
      this.#credit.earn(source, bytes.length, performance.now());
      // What was sent where it is called has come there, whence ever the answer comes.
      if (message.tag === "pong") this.#credit.answered(from.address, message.nonce);
    }
    deliver(from, message);
  }

  #learn(source: Address, called: Address): void {
    this.#calledAt.delete(source);
    if (source === called) return;
    this.#calledAt.set(source, called);
    boundTable(this.#calledAt, SOURCES_KEPT);
  }

  /** A datagram that means nothing tells whether the system knows a way to a host. */
  hasRoute(host: string, port: number): boolean {
    const hello = encode({ tag: "hello", beat: 0 }, this.#options.sender());
    const code = this.#options.send(hello, host, port, formatAddress(host, port));
    return code === null || code === "ECONNREFUSED";
  }
}
