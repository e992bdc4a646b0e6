/** Messages under way: datagrams that may be lost, streams that keep their order or say that they broke. */
import type { Effect, Input, Unreachable } from "../protocol/io.ts";
import type { Address, Member } from "../protocol/member.ts";
import type { Message } from "../protocol/messages.ts";
import { decode, encode } from "../wire/message.ts";
import type { SimContent } from "./bodies.ts";
import type { Chance } from "./chance.ts";
import type { Host } from "./host.ts";
import type { Network } from "./network.ts";
import type { EventQueue } from "./queue.ts";
import { bodyFor } from "./reading.ts";

type MessageInput = Extract<Input, { type: "message" }>;

/** What the post needs of the world. */
export type Roads = {
  readonly now: number;
  readonly hosts: ReadonlyMap<Address, Host>;
  readonly network: Network;
  readonly queue: EventQueue;
  readonly chance: Chance;
  /** Gives an input at once; its time is set there. */
  give(host: Host, input: Input): void;
};

/** A dial, or a frame on a dead link, is given up after so long. */
const DIAL_MS = 1_000;

export class Post {
  /** Messages sent so far; and of those written down as bytes, how many and how long in all. */
  sent = 0;
  sampled = 0;
  sampledBytes = 0;
  /** How often the link from one address to another was reset. */
  readonly #severed = new Map<string, number>();
  /** See every message as it is sent. */
  readonly observers: ((host: Host, message: Message) => void)[] = [];

  /** @param wirePerMille parts in a thousand of all messages that go through the real wire format */
  constructor(
    private readonly roads: Roads,
    private readonly ring: number,
    private readonly wirePerMille: number,
  ) {}

  send(host: Host, effect: Extract<Effect, { type: "send" }>): void {
    const from = host.peer?.self;
    if (from === undefined) return;
    const { to, channel } = effect;
    this.sent += 1;
    for (const observe of this.observers) observe(host, effect.message);
    const input = this.#overTheWire({
      type: "message",
      at: 0,
      from,
      channel,
      message: effect.message,
      body: null,
      heldMs: channel === "stream" ? 0 : null,
    });
    if (channel === "datagram") this.#sendDatagram(host, to, input);
    else this.#sendOnStream(host, to, input, bodyFor(this.roads, host, effect.body));
  }

  /** The stream to an address is wanted: if nobody listens there, that is noticed. */
  watch(host: Host, addresses: readonly Address[]): void {
    host.watched = new Set(addresses);
    for (const address of addresses) if (!this.listens(address)) this.refuse(host, address);
  }

  /** Links to a process that has ended break, and dialling it again is refused. */
  breakLinksTo(address: Address): void {
    for (const other of this.roads.hosts.values()) {
      if (other.watched.has(address)) this.refuse(other, address);
    }
  }

  /** Tries whether anybody listens at an address. */
  dial(host: Host, address: Address): void {
    if (!this.listens(address)) this.refuse(host, address);
  }

  /** Resets the links between two: what is still under way on them is lost. */
  sever(host: Host, address: Address): void {
    for (const name of [nameOf(host.address, address), nameOf(address, host.address)]) {
      this.#severed.set(name, this.#severings(name) + 1);
    }
  }

  listens(address: Address): boolean {
    return (this.roads.hosts.get(address)?.peer ?? null) !== null;
  }

  /** Tells a peer, a way's delay later, that an address refuses, if it still does. */
  refuse(host: Host, address: Address): void {
    const { network, queue, now } = this.roads;
    const { run } = host;
    const cut = network.link(host.address, address).kind !== "open";
    queue.plan(now + (cut ? DIAL_MS : network.delay()), () => {
      if (host.run !== run || this.listens(address)) return;
      const open = network.link(host.address, address).kind === "open";
      this.#tell(host, address, open ? "refused" : "timeout");
    });
  }

  #sendDatagram(host: Host, to: Address, input: MessageInput): void {
    const { network, queue, now } = this.roads;
    for (const delay of network.datagramDelays(host.address, to)) {
      queue.plan(now + delay, () => this.#arrive(to, input, null));
    }
  }

  #sendOnStream(host: Host, to: Address, input: MessageInput, content: SimContent | null): void {
    const { network, queue, now } = this.roads;
    const link = network.link(host.address, to);
    if (link.kind === "half-open") return;
    const { run } = host;
    const name = nameOf(host.address, to);
    const severed = this.#severings(name);
    if (link.kind === "cut") {
      // What is sent again and again gets through when the link is mended in time.
      queue.plan(now + DIAL_MS, () => {
        if (host.run !== run || this.#severings(name) !== severed) return;
        if (network.link(host.address, to).kind === "open") {
          this.#sendOnStream(host, to, input, content);
        } else this.#tell(host, to, "timeout");
      });
      return;
    }
    queue.plan(network.streamArrival(now, host.address, to, link.extraMs), () => {
      if (this.#severings(name) !== severed) return;
      if (!this.#arrive(to, input, content) && host.run === run) this.refuse(host, to);
    });
  }

  #arrive(to: Address, input: MessageInput, content: SimContent | null): boolean {
    const target = this.roads.hosts.get(to);
    if (target === undefined || target.peer === null) return false;
    this.roads.give(
      target,
      content === null ? input : { ...input, body: target.bodies.take(content) },
    );
    return true;
  }

  #severings(name: string): number {
    return this.#severed.get(name) ?? 0;
  }

  #tell(host: Host, address: Address, how: Unreachable): void {
    // The streams that came from a process that has ended broke with it.
    const broke = how === "refused" && !this.listens(address);
    this.roads.give(host, { type: "unreachable", at: 0, address, how, broke });
  }

  /** A share of the messages is written down as bytes and read again, as on a real network. */
  #overTheWire(input: MessageInput): MessageInput {
    if (!this.roads.chance.perMille(this.wirePerMille)) return input;
    const { from } = input;
    const port = Number(from.address.slice(from.address.lastIndexOf(":") + 1));
    const host = from.address.slice(0, from.address.lastIndexOf(":"));
    const bytes = encode(input.message, { ...senderOf(from), ring: this.ring, port });
    this.sampled += 1;
    this.sampledBytes += bytes.length;
    const decoded = decode(bytes, host);
    if ("error" in decoded)
      throw new Error(`the wire refused its own ${input.message.tag}: ${decoded.error}`);
    const { message } = decoded;
    if (message.tag === "hello") throw new Error("a hello is no message of the protocol");
    return { ...input, from: decoded.from, message };
  }
}

function nameOf(from: Address, to: Address): string {
  return `${from} ${to}`;
}

function senderOf({ id, incarnation, birth, state }: Member) {
  return { id, incarnation, birth, state };
}
