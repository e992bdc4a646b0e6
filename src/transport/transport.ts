/**
 * Bun's UDP and TCP sockets on one port number, as one thing that carries messages and contents. Every
 * wait has a deadline, every table and queue a limit; no callback throws, and nothing that a stranger
 * sends ends the peer.
 */
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Channel, Message } from "../protocol/model/messages.ts";
import { formatAddress, ipFamily, parseAddress } from "../wire/address.ts";
import { decode, encode, encodeFrame } from "../wire/message.ts";
import { BY_DATAGRAM, type WireMessage } from "../wire/table.ts";
import { type Bound, bindBoth, resolveHost } from "./bind.ts";
import { type ConnectionHandler, callbacks, finish, IGNORING } from "./connection.ts";
import { Contents } from "./contents.ts";
import { Credit } from "./credit.ts";
import { DatagramFilter } from "./datagram-filter.ts";
import { descriptorLimit, roomFor } from "./descriptors.ts";
import { Dialer } from "./dial.ts";
import { Drops } from "./drops.ts";
import { Frames } from "./frames.ts";
import { type Admitted, Inbound } from "./inbound.ts";
import { Introductions } from "./introductions.ts";
import { ASLEEP_MS, DATAGRAM_BYTES, SWEEP_MS } from "./limits.ts";
import type { Heard } from "./link-faults.ts";
import { Pool } from "./pool.ts";
import type { Introduced, Transport, TransportOptions } from "./types.ts";

/**
 * Binds one port number for datagrams and streams.
 * @throws Failure that names the port when it is taken, or the host when it cannot be bound
 */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const host = await resolveHost(options.host);
  const sockets = new Sockets(host, options);
  await sockets.open();
  return sockets;
}

class Sockets implements Transport {
  readonly host: string;
  readonly drops = new Drops();
  readonly fetch: Transport["fetch"];
  readonly greet: Transport["greet"] = (address) => this.#pool.greet(address);
  readonly #options: TransportOptions;
  readonly #dialer: Dialer;
  readonly #pool: Pool;
  readonly #inbound: Inbound;
  readonly #contents: Contents;
  readonly #introductions = new Introductions();
  readonly #frames = new Frames();
  readonly #credit = new Credit();
  readonly #filter: DatagramFilter;
  readonly #handlers;
  #bound: Bound | null = null;
  #sweeper: Timer | null = null;
  #closed = false;

  constructor(host: string, options: TransportOptions) {
    this.host = host;
    this.#options = options;
    this.#filter = new DatagramFilter(
      () => options.sender().ring,
      (address) => options.isMember(address),
    );
    const room = roomFor(Math.floor(descriptorLimit() / (options.sharers ?? 1)));
    const frame = (message: WireMessage): Uint8Array => encodeFrame(message, options.sender());
    const hello = (beat: number): Uint8Array => frame({ tag: "hello", beat });
    const unreachable = this.#unreachable.bind(this);
    const handlers = callbacks((error) => options.fault(error));
    this.#handlers = options.faults?.between(handlers) ?? handlers;
    this.#dialer = new Dialer({
      handlers: this.#handlers,
      localHost: host === "0.0.0.0" || host === "::" ? null : host,
      hasRoute: (to, port) => this.#hasRoute(to, port),
      delayMs: (address) => options.faults?.dialDelayMs(address) ?? 0,
      late: (address) => this.#reached(address),
    });
    this.#pool = new Pool({
      dialer: this.#dialer,
      links: room.links,
      hello,
      unreachable,
      greeted: (address, by) => this.#callBack(() => options.greeted(address, by)),
      dropped: (frames, to) => {
        this.drops.count("frame", "too much waits for a slow peer", to, frames);
      },
    });
    this.#contents = new Contents({
      dialer: this.#dialer,
      ring: () => options.sender().ring,
      frame,
      unreachable,
      isMember: (address) => options.isMember(address),
      turnedAway: (reason, from) => this.drops.count("content", reason, from),
      open: (source, offset, peer) => options.open(source, offset, peer),
      fault: (error) => options.fault(error),
    });
    this.fetch = (...fetch) => this.#contents.fetch(...fetch);
    this.#inbound = new Inbound({
      most: room.inbound,
      admit: (bytes, from) => this.#admit(bytes, from, true),
      message: (from, message, body, heldMs) =>
        this.#deliver(from, message, "stream", body, heldMs),
      hello,
      fetch: (socket, from, fetch) => this.#contents.serve(socket, from, fetch),
      isMember: (address) => options.isMember(address),
      refused: (reason, from) => this.drops.count("frame", reason, from),
      crowded: (from) => this.drops.count("connection", "too many connections", from),
    });
  }

  get port(): number {
    return this.#bound?.listener.port ?? this.#options.port;
  }

  async open(): Promise<void> {
    const acceptor: ConnectionHandler = {
      ...IGNORING,
      opened: (socket) => this.#inbound.accept(socket),
    };
    const heard: Heard = (...datagram) => this.#heard(...datagram);
    this.#bound = await bindBoth({
      host: this.host,
      port: this.#options.port,
      handlers: this.#handlers,
      acceptor,
      heard: this.#options.faults?.hearing(heard) ?? heard,
    });
    let sweptAt = performance.now();
    this.#sweeper = setInterval(() => {
      const now = performance.now();
      const slept = now - sweptAt > SWEEP_MS + ASLEEP_MS;
      sweptAt = now;
      for (const all of [this.#pool, this.#inbound, this.#contents]) {
        if (slept) all.woke(now);
        all.sweep(now);
      }
    }, SWEEP_MS);
  }

  send(to: Address, channel: Channel, message: Message, body: Uint8Array | null = null): void {
    if (this.#closed) return;
    try {
      const datagram = channel === "datagram" && body === null && BY_DATAGRAM.has(message.tag);
      if (datagram && this.#sendDatagram(to, message)) return;
      this.#pool.send(to, this.#frames.of(message, this.#options.sender(), body));
    } catch (error) {
      // The wire cannot hold the message: a mistake of this program, and no reason to die of.
      this.drops.count("frame", "does not fit the wire", to);
      this.#options.unsent(message.tag, error instanceof Error ? error.message : String(error));
    }
  }

  watch(addresses: readonly Address[]): void {
    this.#pool.watch(addresses);
  }

  dial(address: Address): void {
    if (this.#closed) return;
    this.#dialer.dial(address, IGNORING, (result) => {
      if (typeof result === "string") this.#unreachable(address, result);
      else finish(result);
    });
  }

  sever(address: Address): void {
    this.#pool.sever(address);
    this.#inbound.sever(address);
  }

  severDialled(): void {
    this.#pool.severAll();
  }

  async introduce(host: string, port: number, deadlineMs: number): Promise<Introduced> {
    const address = formatAddress(await resolveHost(host, this.host), port);
    return this.#introductions.ask(address, deadlineMs, (request) =>
      this.send(address, "stream", { tag: "introduce", request }),
    );
  }

  close(atOnce = false): void {
    if (this.#closed) return;
    if (atOnce) this.#pool.cut();
    this.#pool.close();
    this.#closed = true;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#options.faults?.close();
    for (const each of [this.#introductions, this.#inbound, this.#contents]) each.close();
    this.#bound?.listener.stop(true);
    this.#bound?.datagrams.close();
  }

  /** @returns false where the message is none for a datagram: too long, or to a host without address */
  #sendDatagram(to: Address, message: Message): boolean {
    const target = parseAddress(to);
    if (target === null || ipFamily(target.host) === 0) return false;
    const bytes = encode(message, this.#options.sender());
    if (bytes.length > DATAGRAM_BYTES) return false;
    // Members are proved, and those from which a stream stands.
    const proved = this.#options.isMember(to) || this.#inbound.hasFrom(to);
    if (!proved && !this.#credit.pay(to, message, bytes.length, performance.now())) {
      this.drops.count("datagram", "more than came from there", to);
      return true;
    }
    this.#bound?.datagrams.send(bytes, target.host, target.port);
    return true;
  }

  #heard(bytes: Uint8Array, host: string, port: number): void {
    if (this.#closed) return;
    const address = formatAddress(host, port);
    const refusal = this.#filter.refuse(bytes, address);
    const admitted = refusal === null ? this.#admit(bytes, host, false) : { error: refusal };
    if ("error" in admitted) {
      this.drops.count("datagram", admitted.error, address);
      return;
    }
    const { from, message } = admitted;
    if (!this.#options.isMember(address)) {
      this.#credit.earn(address, bytes.length, performance.now());
      if (message.tag === "pong") this.#credit.answered(address, message.nonce);
    }
    this.#deliver(from, message, "datagram", null, null);
  }

  /** Lets in what is well-formed and of this ring, and what two rings have to say to each other. */
  #admit(bytes: Uint8Array, host: string, bodies: boolean): Admitted {
    const decoded = decode(bytes, host, bodies, this.#options.bits?.());
    if ("error" in decoded)
      return { error: "malformed", ...(decoded.later === true ? { later: true } : {}) };
    const { ring, from, message } = decoded;
    // A stream that was being opened when the cut was made.
    if (this.#options.faults?.isCut(from.address)) return { error: "cut off by the lab" };
    this.#reached(from.address);
    switch (message.tag) {
      // A peer that knows no ring yet says hello before it asks which one this is.
      case "hello":
      case "introduce":
        return decoded;
      case "introduction":
        if (this.#introductions.awaits(message.request)) {
          this.#introductions.answer(ring, from, message);
          return { from, message: { tag: "hello", beat: 0 }, body: null };
        }
        // A joiner whose proposed id was taken meanwhile has asked for another one.
        if (ring === this.#options.sender().ring) return decoded;
        return { error: "not asked for" };
      case "content":
      case "content-end":
      case "content-refused":
        return { error: "not asked for" };
      default: {
        const own = this.#options.sender().ring;
        return ring === own && own !== 0 ? decoded : { error: "of another ring" };
      }
    }
  }

  #deliver(
    from: Member,
    message: WireMessage,
    channel: Channel,
    body: Uint8Array | null,
    heldMs: number | null,
  ): void {
    if (message.tag === "hello" || this.#closed) return;
    this.#callBack(() => this.#options.message(from, message, channel, body, heldMs));
  }

  /** There is a way to this address: what waits for it need not wait. */
  #reached(address: Address): void {
    const now = performance.now();
    this.#dialer.heard(address, now);
    this.#pool.heard(address, now);
  }

  #unreachable(address: Address, how: Unreachable): void {
    this.#introductions.unreachable(address, how);
    const broke = this.#inbound.broke(address);
    this.#callBack(() => this.#options.unreachable(address, how, broke));
  }

  /** A datagram that means nothing tells whether the system knows a way to a host. */
  #hasRoute(host: string, port: number): boolean {
    const hello = encode({ tag: "hello", beat: 0 }, this.#options.sender());
    const code = this.#bound?.datagrams.send(hello, host, port) ?? null;
    return code === null || code === "ECONNREFUSED";
  }

  #callBack(call: () => void): void {
    if (this.#closed) return;
    try {
      call();
    } catch (error) {
      this.#options.fault(error);
    }
  }
}
