/**
 * Faults that a lab puts between this peer and others: what comes from an address is held back, lost, late,
 * doubled or out of order. Everything is done to what comes in, so both ends of a cut are told of it; of
 * dials, which take both ways, each end is told by itself. A stream carries on as a real one does in a cut:
 * its bytes are there when it is mended, but for those that its sender has reset meanwhile. A peer that no
 * lab has started has no such object, and its sockets' callbacks do not know of this file.
 */
import type { Address } from "../protocol/model/member.ts";
import { formatAddress } from "../wire/address.ts";
import type { Callbacks, Wire } from "./connection.ts";
import { FAULT_DATAGRAMS, FAULT_STREAM_BYTES, REORDER_MS } from "./limits.ts";

/**
 * `cut`: nothing comes from there, and dials there are not answered. `unanswered`: the latter alone, as at
 * the one end of a way that carries to it only. The others: a share of the datagrams, or a delay of all.
 */
export const LINK_FAULT_KINDS = [
  "cut",
  "unanswered",
  "loss",
  "duplicate",
  "reorder",
  "delay",
] as const;

export type LinkFault = {
  readonly kind: (typeof LINK_FAULT_KINDS)[number];
  readonly from: readonly Address[];
  /** A share in (0, 1], or milliseconds of a delay; of a cut 0. */
  readonly amount: number;
};

/** Hears a datagram. */
export type Heard = (bytes: Uint8Array, host: string, port: number) => void;

/** What has come on a stream and is not delivered: bytes, or its end, and since when. */
type Held = { readonly bytes: Uint8Array | null; readonly at: number };

type Stream = { readonly held: Held[]; bytes: number; paused: boolean; timer: Timer | null };

export class LinkFaults {
  #faults: readonly LinkFault[] = [];
  readonly #byAddress = new Map<Address, Map<LinkFault["kind"], number>>();
  readonly #open = new Set<Wire>();
  readonly #streams = new Map<Wire, Stream>();
  #datagrams = 0;
  /** The sockets' own way to go on. */
  #deliver: Callbacks | null = null;

  constructor(private readonly random: () => number = Math.random) {}

  /** What is on now. */
  get faults(): readonly LinkFault[] {
    return this.#faults;
  }

  /** Takes the place of all that was on before: what is not held back any more comes now, in order. */
  set(faults: readonly LinkFault[]): void {
    this.#faults = faults;
    this.#byAddress.clear();
    for (const { kind, from, amount } of faults) {
      for (const address of from) {
        const known = this.#byAddress.get(address) ?? new Map<LinkFault["kind"], number>();
        known.set(kind, Math.max(known.get(kind) ?? 0, amount));
        this.#byAddress.set(address, known);
      }
    }
    for (const [socket, stream] of [...this.#streams]) this.#pump(socket, stream);
  }

  /** Breaks all streams from and to these addresses at once, as a reset on the way does. */
  reset(addresses: readonly Address[]): void {
    for (const socket of [...this.#open]) {
      const address = socket.data.address ?? null;
      if (address === null || !addresses.includes(address)) continue;
      this.#forget(socket);
      socket.terminate();
      this.#deliver?.end(socket);
    }
  }

  isCut(address: Address): boolean {
    return this.#byAddress.get(address)?.has("cut") ?? false;
  }

  /** So much later a connection to this address is begun; infinite where it is not answered. */
  dialDelayMs(address: Address): number {
    const known = this.#byAddress.get(address);
    if (known === undefined) return 0;
    if (known.has("cut") || known.has("unanswered")) return Number.POSITIVE_INFINITY;
    return known.get("delay") ?? 0;
  }

  /** Stands between the sockets and what they call. */
  between(plain: Callbacks): Callbacks {
    this.#deliver = plain;
    const ends = (socket: Wire, abrupt: boolean): void => {
      if (!this.#takesEnd(socket, abrupt)) plain.end(socket);
    };
    return {
      ...plain,
      open: (socket) => {
        this.#open.add(socket);
        plain.open(socket);
      },
      data: (socket, bytes) => {
        if (!this.#takes(socket, bytes)) plain.data(socket, bytes);
      },
      end: (socket) => ends(socket, false),
      close: (socket) => ends(socket, true),
      error: (socket) => ends(socket, true),
    };
  }

  /** Stands between the datagrams and who hears them. */
  hearing(hear: Heard): Heard {
    return (bytes, host, port) => {
      if (this.#byAddress.size === 0) hear(bytes, host, port);
      else this.#datagram(bytes, formatAddress(host, port), (heard) => hear(heard, host, port));
    };
  }

  /** @returns whether the bytes come later */
  #takes(socket: Wire, bytes: Uint8Array): boolean {
    if (this.#byAddress.size === 0 && this.#streams.size === 0) return false;
    const known = this.#streams.get(socket);
    if (known === undefined && !this.#holds(socket)) return false;
    const stream = known ?? { held: [], bytes: 0, paused: false, timer: null };
    this.#streams.set(socket, stream);
    stream.held.push({ bytes, at: performance.now() });
    stream.bytes += bytes.length;
    if (stream.bytes > FAULT_STREAM_BYTES && !stream.paused) {
      stream.paused = true;
      socket.pause();
    }
    this.#pump(socket, stream);
    return true;
  }

  /**
   * @param abrupt the other end has reset it: in a cut its bytes would never come
   * @returns whether the end comes later
   */
  #takesEnd(socket: Wire, abrupt: boolean): boolean {
    this.#open.delete(socket);
    const cut = this.isCut(socket.data.address ?? "");
    const known = this.#streams.get(socket);
    if (known === undefined && !cut) return false;
    const stream = known ?? { held: [], bytes: 0, paused: false, timer: null };
    this.#streams.set(socket, stream);
    if (stream.held.at(-1)?.bytes === null) return true;
    if (abrupt && cut) stream.held.length = 0;
    stream.held.push({ bytes: null, at: performance.now() });
    this.#pump(socket, stream);
    return true;
  }

  /** Hears a datagram now, later, twice, or never. */
  #datagram(bytes: Uint8Array, from: Address, hear: (bytes: Uint8Array) => void): void {
    const known = this.#byAddress.get(from);
    if (known === undefined) {
      hear(bytes);
      return;
    }
    if (known.has("cut") || this.#hits(known.get("loss"))) return;
    const twice = this.#hits(known.get("duplicate"));
    for (let copy = 0; copy < (twice ? 2 : 1); copy++) {
      const late = this.#hits(known.get("reorder")) || copy > 0 ? this.random() * REORDER_MS : 0;
      const waitMs = (known.get("delay") ?? 0) + late;
      if (waitMs === 0) hear(bytes);
      else this.#hearLater(bytes.slice(), from, waitMs, hear);
    }
  }

  /** Nothing is delivered any more. */
  close(): void {
    for (const { timer } of this.#streams.values()) if (timer !== null) clearTimeout(timer);
    this.#streams.clear();
    this.#deliver = null;
  }

  #hits(share: number | undefined): boolean {
    return share !== undefined && this.random() < share;
  }

  #hearLater(
    bytes: Uint8Array,
    from: Address,
    ms: number,
    hear: (bytes: Uint8Array) => void,
  ): void {
    if (this.#datagrams >= FAULT_DATAGRAMS) return;
    this.#datagrams += 1;
    setTimeout(() => {
      this.#datagrams -= 1;
      // What is on its way when a cut is made does not come through it.
      if (this.#deliver !== null && !this.isCut(from)) hear(bytes);
    }, ms);
  }

  #holds(socket: Wire): boolean {
    const known = this.#byAddress.get(socket.data.address ?? "");
    return known !== undefined && (known.has("cut") || known.has("delay"));
  }

  /** Delivers what is due. */
  #pump(socket: Wire, stream: Stream): void {
    if (stream.timer !== null) clearTimeout(stream.timer);
    stream.timer = null;
    for (let next = stream.held[0]; next !== undefined; next = stream.held[0]) {
      const waitMs = this.#waitMs(socket, next);
      if (waitMs > 0) {
        if (waitMs < Number.POSITIVE_INFINITY)
          stream.timer = setTimeout(() => this.#pump(socket, stream), waitMs);
        return;
      }
      stream.held.shift();
      stream.bytes -= next.bytes?.length ?? 0;
      if (next.bytes === null) this.#forget(socket);
      if (next.bytes === null) this.#deliver?.end(socket);
      else this.#deliver?.data(socket, next.bytes);
      // What was delivered may have had this stream reset.
      if (this.#streams.get(socket) !== stream) return;
    }
    this.#forget(socket);
  }

  #waitMs(socket: Wire, { at }: Held): number {
    const known = this.#byAddress.get(socket.data.address ?? "");
    if (known === undefined) return 0;
    if (known.has("cut")) return Number.POSITIVE_INFINITY;
    return Math.max(0, at + (known.get("delay") ?? 0) - performance.now());
  }

  #forget(socket: Wire): void {
    const stream = this.#streams.get(socket);
    if (stream === undefined) return;
    if (stream.timer !== null) clearTimeout(stream.timer);
    this.#streams.delete(socket);
    if (stream.paused) socket.resume();
  }
}
