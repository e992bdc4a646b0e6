/**
 * Bun's UDP and TCP sockets on one port number, as one thing that carries messages and contents. Every
 * wait has a deadline, every table and queue a limit; no callback throws, and nothing that a stranger
 * sends ends the peer.
 */
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Channel, Message } from "../protocol/model/messages.ts";
import type { Secret } from "../seal/secret.ts";
import { formatAddress, isEverywhere } from "../wire/address.ts";
import { encodeFrame } from "../wire/message.ts";
import { BY_DATAGRAM, type WireMessage } from "../wire/table.ts";
import { Admission } from "./admission.ts";
import { type Bound, bindBoth, resolveHost } from "./bind.ts";
import { type ConnectionHandler, callbacks, finish, IGNORING } from "./connection.ts";
import { Contents } from "./contents.ts";
import { DatagramSide } from "./datagram-side.ts";
import { descriptorLimit, roomFor } from "./descriptors.ts";
import { Dialer } from "./dial.ts";
import { Drops } from "./drops.ts";
import { Frames } from "./frames.ts";
import { Guard } from "./guard.ts";
import { Inbound } from "./inbound.ts";
import { Introductions } from "./introductions.ts";
import { ASLEEP_MS, SWEEP_MS } from "./limits.ts";
import type { Heard } from "./link-faults.ts";
import { Names } from "./names.ts";
import { Pool } from "./pool.ts";
import type { Closure, Introduced, Transport, TransportOptions } from "./types.ts";

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
  readonly #admission: Admission;
  readonly #frames = new Frames();
  readonly #names: Names;
  readonly #datagrams: DatagramSide;
  readonly #handlers;
  readonly #guard: Guard | null;
  #bound: Bound | null = null;
  #sweeper: Timer | null = null;
  #closed = false;

  constructor(host: string, options: TransportOptions) {
    this.host = host;
    this.#options = options;
    this.#names = new Names(host);
    this.#admission = new Admission({
      ring: () => options.sender().ring,
      bits: () => options.bits?.(),
      isCut: (address) => options.faults?.isCut(address) ?? false,
      introductions: this.#introductions,
      reached: (address) => this.#reached(address),
    });
    const room = roomFor(Math.floor(descriptorLimit() / (options.sharers ?? 1)));
    const frame = (message: WireMessage): Uint8Array => encodeFrame(message, options.sender());
    const hello = (beat: number): Uint8Array => frame({ tag: "hello", beat });
    const unreachable = this.#unreachable.bind(this);
    const plain = callbacks((error) => options.fault(error));
    const handlers = options.faults?.between(plain) ?? plain;
    this.#handlers = handlers;
    this.#datagrams = new DatagramSide({
      ...{ sender: options.sender, isMember: options.isMember, drops: this.drops },
      admission: this.#admission,
      hasStreamFrom: (address) => this.#inbound.hasFrom(address),
      send: (...out) => this.#sendDatagram(...out),
      names: this.#names,
      isSealed: Boolean(options.closure),
      deliver: (from, message) => this.#deliver(from, message, "datagram", null, null),
    });
    const guard = options.closure ? this.#guardOf(options.closure) : null;
    this.#guard = guard;
    this.#dialer = new Dialer({
      handlers,
      names: this.#names,
      localHost: isEverywhere(host) ? null : host,
      hasRoute: (to, port) => this.#datagrams.hasRoute(to, port),
      delayMs: (address) => options.faults?.dialDelayMs(address) ?? 0,
      call: guard === null ? null : (...call) => guard.call(...call),
      lockedOut: (address, why) => this.#callBack(() => guard?.lockedOut(address, why)),
      late: (address) => this.#reached(address),
    });
    this.#pool = new Pool({
      dialer: this.#dialer,
      links: room.links,
      hello,
      unreachable,
      greeted: (address, by) => this.#callBack(() => options.greeted(address, by)),
      dropped: (frames, to) =>
        this.drops.count("frame", "too much waits for a slow peer", to, frames),
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
      admit: (bytes, from, instance) => this.#admission.admit(bytes, from, true, instance),
      message: (from, message, ...more) => this.#deliver(from, message, "stream", ...more),
      hello,
      fetch: (socket, from, fetch) => this.#contents.serve(socket, from, fetch),
      isMember: (address) => options.isMember(address),
      refused: (reason, from) => this.drops.count("frame", reason, from),
      crowded: (from) => this.drops.count("connection", "too many connections", from),
    });
  }

  #guardOf(closure: Closure): Guard {
    return new Guard({
      ...{ closure, handlers: this.#handlers, host: this.host, port: () => this.port },
      enter: (socket, instance) => this.#inbound.accept(socket, instance),
      heard: (...datagram) => this.#datagrams.hear(...datagram),
      send: (...datagram) => this.#bound?.datagrams.send(...datagram) ?? null,
      refused: (reason, from) => this.drops.count("connection", reason, from),
      unsealed: (...from) => this.drops.count("datagram", "not sealed", formatAddress(...from)),
    });
  }

  #sendDatagram(bytes: Uint8Array, host: string, port: number, called: Address): string | null {
    if (this.#guard !== null) return this.#guard.send(bytes, host, port, called);
    return this.#bound?.datagrams.send(bytes, host, port) ?? null;
  }

  get port(): number {
    return this.#bound?.listener.port ?? this.#options.port;
  }

  async open(): Promise<void> {
    const acceptor: ConnectionHandler = {
      ...IGNORING,
      opened: (socket) => (this.#guard ?? this.#inbound).accept(socket),
    };
    const heard: Heard = (...datagram) => {
      if (this.#closed) return;
      if (this.#guard === null) this.#datagrams.hear(...datagram, null);
      else this.#guard.take(...datagram);
    };
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
      for (const all of [this.#pool, this.#inbound, this.#contents, this.#guard]) {
        if (slept) all?.woke(now);
        all?.sweep(now);
      }
    }, SWEEP_MS);
  }

  send(to: Address, channel: Channel, message: Message, body: Uint8Array | null = null): void {
    if (this.#closed) return;
    try {
      const datagram = channel === "datagram" && body === null && BY_DATAGRAM.has(message.tag);
      if (datagram && this.#datagrams.send(to, message)) return;
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

  moveOver(): void {
    this.#pool.moveOver();
  }

  endUnder(secret: Secret): void {
    this.#guard?.endUnder(secret);
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
    for (const each of [this.#introductions, this.#inbound, this.#contents, this.#guard])
      each?.close();
    this.#bound?.listener.stop(true);
    this.#bound?.datagrams.close();
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

  #callBack(call: () => void): void {
    if (this.#closed) return;
    try {
      call();
    } catch (error) {
      this.#options.fault(error);
    }
  }
}
