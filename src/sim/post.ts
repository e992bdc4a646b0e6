/** Messages under way: datagrams that may be lost, streams that keep their order and what they were given. */
import type { Effect, Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Channel, Message } from "../protocol/model/messages.ts";
import type { Host } from "./host.ts";
import { bodyFor } from "./reading.ts";
import type { MessageInput, SimServices } from "./services.ts";
import { DIAL_MS, type Frame, Streams } from "./streams.ts";
import { type WireShare, WireTrip } from "./wire-trip.ts";

/** The first message of a connection comes without a time so often, as a clock's two ends have not met yet. */
const UNTIMED_PER_MILLE = 250;
/** A message under way for longer is late: whoever waited for its answer has asked others. */
const LATE_MS = 2_000;
/** What a receiver measures of a message's way is this much too long, by chance, and by clocks that drift. */
const TIMING_MS = 3;
const TIMING_RATE = 1.001;

export class Post {
  /** Messages sent so far. */
  sent = 0;
  /** See every message as it is sent. */
  readonly observers: ((host: Host, message: Message, to: Address, channel: Channel) => void)[] =
    [];
  /** See every message that came late or twice, as it arrives. */
  readonly late: ((host: Host, again: boolean) => void)[] = [];
  readonly streams: Streams;
  readonly wire: WireTrip;

  constructor(
    private readonly services: SimServices,
    ring: number,
    share: WireShare,
  ) {
    this.wire = new WireTrip(services.generator, ring, share);
    this.streams = new Streams(services, {
      deliver: (target, frame) => this.#deliver(target, frame),
      refused: (host, to) => this.refuse(host, to),
      timedOut: (host, to) => this.tell(host, to, "timeout"),
    });
  }

  send(host: Host, effect: Extract<Effect, { type: "send" }>): void {
    const self = host.peer?.self;
    if (self === undefined) return;
    const { to, channel, message } = effect;
    this.sent += 1;
    for (const observe of this.observers) observe(host, message, to, channel);
    const source = this.services.sourceOf(host, to);
    const from: Member = self.address === source ? self : { ...self, address: source };
    const given: MessageInput = {
      type: "message",
      at: 0,
      from,
      channel,
      message,
      body: null,
      heldMs: null,
    };
    const input = this.wire.travel(given);
    if (channel === "datagram") this.#sendDatagram(host, to, input);
    else this.streams.send(host, to, input, bodyFor(this.services, host, effect.body));
  }

  /** The stream to an address is wanted: if nobody listens there, that is noticed. */
  watch(host: Host, addresses: readonly Address[]): void {
    host.watched = new Set(addresses);
    for (const address of addresses) if (!this.listens(address)) this.refuse(host, address);
  }

  /**
   * Links to a process that has ended break, and dialling it again is refused. Behind a cut nobody
   * hears of it, and what is sent then is lost.
   */
  breakLinksTo({ address, places }: Host): void {
    for (const other of this.services.hosts.values()) {
      if (!this.services.network.carries(address, other.address)) continue;
      for (const place of places) {
        this.streams.broken(other, place);
        if (other.watched.has(place)) this.refuse(other, place);
      }
    }
  }

  /** Tries a connection to an address: what is cut off, or has left it, does not answer at all. */
  dial(host: Host, address: Address): void {
    const { run } = host;
    if (!this.#answers(host, address)) {
      this.services.queue.plan(this.services.now + DIAL_MS, () => {
        if (host.run === run && !this.#answers(host, address)) this.tell(host, address, "timeout");
      });
    } else if (!this.listens(address)) this.refuse(host, address);
  }

  /**
   * Has whoever listens at an address say who it is, there and back. Greeting what is silent shows nothing, until the
   * dial or the stream is given up: by then the peer has given up too.
   */
  greet(host: Host, address: Address): void {
    const { network, queue, now } = this.services;
    const { run } = host;
    if (!this.#answers(host, address)) this.dial(host, address);
    else if (!this.listens(address)) this.refuse(host, address);
    else {
      queue.plan(now + network.delay() + network.delay(), () => {
        const there = this.services.at(address);
        const self = there?.peer?.self;
        if (there === undefined || self === undefined || there.frozen || host.run !== run) return;
        if (!this.#answers(host, address) || !this.#answers(there, host.address)) return;
        const { id, instance } = self;
        this.services.give(host, { type: "greeted", at: 0, address, id, instance });
      });
    }
  }

  /**
   * A peer resets the streams to an address, and those from there: what is under way on them never
   * arrives, also where the other side cannot hear of it.
   */
  sever(host: Host, address: Address): void {
    this.streams.sever(host, address);
    const other = this.services.at(address);
    if (other === undefined) return;
    for (const place of host.places) this.streams.sever(other, place);
  }

  listens(address: Address): boolean {
    return (this.services.at(address)?.peer ?? null) !== null;
  }

  /** Tells a peer, a way's delay later, that an address refuses, if it still does. */
  refuse(host: Host, address: Address): void {
    const { network, queue, now } = this.services;
    const { run } = host;
    queue.plan(now + (this.#reaches(host, address) ? network.delay() : DIAL_MS), () => {
      if (host.run !== run || this.listens(address)) return;
      this.tell(host, address, this.#reaches(host, address) ? "refused" : "timeout");
    });
  }

  /** True if a dial reaches the machine that has an address. */
  #reaches(host: Host, address: Address): boolean {
    const { network } = this.services;
    if (this.services.isLeft(address)) return false;
    return network.carries(host.address, this.services.at(address)?.address ?? address);
  }

  /** True if a dial is answered, be it by a refusal; one that hangs half-open seems to be. */
  #answers(host: Host, address: Address): boolean {
    const { network } = this.services;
    if (this.services.isLeft(address)) return false;
    const there = this.services.at(address)?.address ?? address;
    const { kind } = network.streamLink(host.address, there);
    return kind !== "cut" && kind !== "unheard";
  }

  #sendDatagram(host: Host, to: Address, input: MessageInput): void {
    const { network, queue, now } = this.services;
    const target = this.services.at(to);
    if (target === undefined) return;
    for (const delay of network.datagramDelays(host.address, target.address)) {
      queue.plan(now + delay, () => {
        const there = this.services.at(to);
        if (there !== undefined) this.services.give(there, input);
      });
    }
  }

  /** Gives a stream's message with the time that it was under way: never too short, or none at all. */
  #deliver(target: Host, { input, content, sentAt, first, again }: Frame): void {
    const { generator, now } = this.services;
    const took = now - sentAt;
    if (again || took > LATE_MS) for (const see of this.late) see(target, again);
    const untimed = first && generator.perMille(UNTIMED_PER_MILLE);
    const heldMs = untimed ? null : took * TIMING_RATE + generator.below(TIMING_MS);
    const body = content === null ? null : target.bodies.take(content);
    this.services.give(target, { ...input, body, heldMs });
  }

  /** Tells a peer how a try to reach an address has failed. */
  tell(host: Host, address: Address, how: Unreachable): void {
    // The streams that came from a process that has ended broke with it.
    const broke = how === "refused" && !this.listens(address);
    this.services.give(host, { type: "unreachable", at: 0, address, how, broke });
  }
}
