/** Where the machines of a world are: each has an address of its own, may have two, and may move. */
import { NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import type { Address } from "../protocol/model/member.ts";
import type { Host } from "./host.ts";

export class Places {
  /** Every host that is there, by its first address. */
  readonly hosts = new Map<Address, Host>();
  readonly #byId = new Map<number, Host>();
  /** Who has an address now. */
  readonly #byPlace = new Map<Address, Host>();
  /** Addresses of drawn ids that others name before there is a host. */
  readonly #reserved = new Map<number, Address>();
  /** Addresses given so far; each host has one of its own, also after it has gone. */
  #given = 0;
  #moves = 0;
  /** Addresses that a machine has left: nothing there answers, not even that nobody listens. */
  readonly #left = new Set<Address>();

  constructor(private readonly config: RingConfig) {}

  /** The first address of a peer: by its number, or one after the other for drawn ids. */
  addressOf(id: number): Address {
    const host = this.#byId.get(id);
    if (host !== undefined) return host.address;
    if (this.config.bits === NUMBERED_BITS) return `127.0.0.1:${12_000 + id}`;
    return this.#reserved.get(id) ?? numbered(this.#given);
  }

  /** The first address of a peer that may come later: it is its own from here on. */
  reserve(id: number): Address {
    const address = this.addressOf(id);
    const known = this.hosts.has(address) || this.#reserved.has(id);
    if (this.config.bits > NUMBERED_BITS && !known) {
      this.#reserved.set(id, address);
      this.#given += 1;
    }
    return address;
  }

  /** Where a second process listens under an id that may be taken. */
  twinAddress(id: number): Address {
    if (this.config.bits === NUMBERED_BITS) return `127.0.0.1:${22_000 + id}`;
    return `${hostOf(this.addressOf(id))}:22256`;
  }

  /** Where a peer can be reached now, as one who knows it well would say. */
  placeOf(id: number): Address {
    return this.#byId.get(id)?.places[0] ?? this.addressOf(id);
  }

  add(host: Host, twin: boolean): void {
    if (!twin) {
      if (!this.#reserved.delete(host.id)) this.#given += 1;
      this.#byId.set(host.id, host);
    }
    this.hosts.set(host.address, host);
    this.#byPlace.set(host.address, host);
  }

  remove(host: Host): void {
    this.hosts.delete(host.address);
    this.#byId.delete(host.id);
    for (const place of host.places) this.#byPlace.delete(place);
  }

  byId(id: number): Host | undefined {
    return this.#byId.get(id) ?? this.hosts.get(this.twinAddress(id));
  }

  /** True of an id under which two processes run: a history, which knows ids, cannot tell them apart. */
  isTwice(id: number): boolean {
    const twin = this.hosts.get(this.twinAddress(id));
    return Boolean(twin?.peer) && Boolean(this.#byId.get(id)?.peer);
  }

  at(address: Address): Host | undefined {
    return this.#byPlace.get(address);
  }

  /** True of an address that a machine has left. */
  isLeft(address: Address): boolean {
    return this.#left.has(address);
  }

  /** The address from which a host's packets come at whoever has another one. */
  sourceOf(host: Host, to: Address): Address {
    const [first = host.address] = host.places;
    if (host.sources.size === 0) return first;
    const source = host.sources.get(this.at(to)?.address ?? to);
    return source !== undefined && host.places.includes(source) ? source : first;
  }

  /** Gives a host another address in place of those it has. */
  move(host: Host): void {
    for (const place of host.places) {
      this.#byPlace.delete(place);
      this.#left.add(place);
    }
    host.sources.clear();
    host.places = [this.#newPlace(host)];
    for (const place of host.places) this.#byPlace.set(place, host);
  }

  /** Gives a host a second address, from which its packets come at some others. */
  addSecond(host: Host, others: readonly Host[]): void {
    const second = this.#newPlace(host);
    host.places = [...host.places, second];
    this.#byPlace.set(second, host);
    for (const other of others) host.sources.set(other.address, second);
  }

  #newPlace({ address }: Host): Address {
    this.#moves += 1;
    const port = address.slice(address.lastIndexOf(":") + 1);
    return `10.128.${this.#moves >> 8}.${this.#moves & 255}:${port}`;
  }
}

function numbered(place: number): Address {
  return `10.${(place >> 16) & 127}.${(place >> 8) & 255}.${place & 255}:12256`;
}

function hostOf(address: Address): string {
  return address.slice(0, address.lastIndexOf(":"));
}
