/**
 * One who is no member and speaks the peers' own TCP: it sends its requests to their owner, and checks
 * the hash of every content that comes back.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Status } from "../src/control/types.ts";
import { BODY_BYTES } from "../src/protocol/model/config.ts";
import type { Address, Member } from "../src/protocol/model/member.ts";
import type { Answer, Ask, Confirm, Message } from "../src/protocol/model/messages.ts";
import { openTransport } from "../src/transport/transport.ts";
import type { ContentSource, Transport } from "../src/transport/types.ts";
import { formatAddress } from "../src/wire/address.ts";
import type { Sender } from "../src/wire/message.ts";
import { OPERATION_MS, RETRY_MS, SWEEP_MS } from "./limits.ts";

const HOST = "127.0.0.1";

/** A content that is stored: its bytes and what they hash to. */
export type Given = { readonly bytes: Uint8Array; readonly sha256: string };

/** Called once, with what went wrong, or null. */
export type Done = (trouble: string | null) => void;

type FileAsk = Extract<Ask, { readonly kind: "store" | "request" }>;

type Waiting = {
  readonly ask: FileAsk;
  readonly to: Address;
  readonly given: Given | null;
  readonly wanted: string;
  readonly copies: number;
  readonly since: number;
  sentAt: number;
  /** Its content moves on a connection of its own. */
  moving: boolean;
  readonly done: Done;
};

export class BenchClient {
  readonly #id = randomBytes(6).readUIntBE(0, 6);
  readonly #instance = randomBytes(8).toString("hex");
  readonly #waiting = new Map<number, Waiting>();
  readonly #ring: number;
  readonly #bits: number;
  readonly #owners: readonly { readonly id: number; readonly address: Address }[];
  /** Stores that a majority of the copies was enough for, since the others were late. */
  short = 0;
  #transport: Transport | null = null;
  #sender: Sender;
  #address: Address = "";
  #next = 1;
  #sweeper: Timer | null = null;

  private constructor(status: Status) {
    this.#ring = Number(status.ring);
    this.#bits = status.bits;
    const members = status.members.map(({ id, host, port }) => ({
      id,
      address: formatAddress(host, port),
    }));
    this.#owners = members.sort((a, b) => a.id - b.id);
    this.#sender = {
      ring: this.#ring,
      id: this.#id,
      incarnation: 0,
      instance: this.#instance,
      state: "alive",
      port: 1,
    };
  }

  /** @param status what any peer of the ring says of itself and the others */
  static async open(status: Status): Promise<BenchClient> {
    const client = new BenchClient(status);
    const transport = await openTransport({
      host: HOST,
      port: 0,
      sender: () => client.#sender,
      message: (from, message, _, body) => client.#message(from, message, body),
      isMember: () => true,
      unreachable: (address, how) => client.#unreachable(address, how),
      greeted() {},
      open: (source) => client.#open(source),
      unsent: (tag, why) => {
        throw new Error(`${tag}: ${why}`);
      },
      fault: (error) => {
        throw error;
      },
    });
    client.#transport = transport;
    client.#address = formatAddress(HOST, transport.port);
    client.#sender = { ...client.#sender, port: transport.port };
    client.#sweeper = setInterval(() => client.#sweep(), SWEEP_MS);
    return client;
  }

  /** Where a name lies on the circle. */
  keyOf(name: string): number {
    const hash = createHash("sha256").update(name).digest();
    return Math.floor(hash.readUIntBE(0, 6) / 2 ** (48 - this.#bits));
  }

  /** Stores a content in as many copies, all of them durable. */
  store(name: string, key: number, given: Given, copies: number, done: Done): void {
    const content = { size: given.bytes.length, sha256: given.sha256 };
    const write = { number: this.#next, after: 0, require: 0 };
    const ask = { kind: "store", name, key, content, write } as const;
    this.#begin(ask, given, given.sha256, copies, done);
  }

  /** Requests a name, whose content must have this hash. */
  request(name: string, key: number, sha256: string, done: Done): void {
    this.#begin({ kind: "request", name, key }, null, sha256, 0, done);
  }

  close(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#transport?.close();
  }

  #begin(ask: FileAsk, given: Given | null, wanted: string, copies: number, done: Done): void {
    const now = performance.now();
    const owner = this.#owners.find(({ id }) => id >= ask.key) ?? this.#owners[0];
    const to = owner?.address ?? "";
    const waiting = {
      ask,
      to,
      given,
      wanted,
      copies,
      since: now,
      sentAt: now,
      moving: false,
      done,
    };
    const request = this.#next++;
    this.#waiting.set(request, waiting);
    this.#send(request, waiting);
  }

  #send(request: number, { ask, to, given }: Waiting): void {
    const origin = { id: this.#id, address: this.#address, instance: this.#instance };
    const message: Message = {
      ...{ tag: "routed", request, origin, route: [this.#id], ask },
      ...{ leftMs: RETRY_MS, counter: 0, avoid: [], back: false, lost: false },
    };
    const small = given !== null && given.bytes.length <= BODY_BYTES;
    this.#transport?.send(to, "stream", message, small ? given.bytes : null);
  }

  #message(from: Member, message: Message, body: Uint8Array | null): void {
    if (message.tag === "confirm") this.#confirm(from, message);
    if (message.tag !== "answer") return;
    const waiting = this.#waiting.get(message.request);
    if (waiting !== undefined) this.#answered(from, message, waiting, body);
  }

  /** The first message on a new stream cannot be told to be young. */
  #confirm(from: Member, { request, nonce, onward }: Confirm): void {
    const leftMs = this.#waiting.has(request) ? RETRY_MS : 0;
    const rest = { leftMs, onward: onward.slice(2) };
    const message: Message = { tag: "confirmed", request, nonce, ...rest };
    this.#transport?.send(from.address, "stream", message);
  }

  #answered(from: Member, answer: Answer, waiting: Waiting, body: Uint8Array | null): void {
    const { outcome, request } = answer;
    // Too few answered in time: it is asked again, as an origin does.
    if (outcome.kind === "unavailable") return;
    if (outcome.kind === "placed") waiting.moving = true;
    else if (outcome.kind === "stored") {
      const { sha256 } = outcome.record;
      if (outcome.replicas.length < waiting.copies) this.short++;
      this.#end(request, sha256 === waiting.wanted ? null : `stored with the hash ${sha256}`);
    } else if (outcome.kind !== "found") this.#end(request, JSON.stringify(outcome));
    else if (body !== null) this.#check(request, Bun.SHA256.hash(body, "hex"), waiting.wanted);
    else if (!waiting.moving) {
      waiting.moving = true;
      void this.#fetch(from.address, request, waiting);
    }
  }

  async #fetch(from: Address, request: number, waiting: Waiting): Promise<void> {
    const sink = { open: () => {}, write: () => {} };
    try {
      const fetched = await this.#transport?.fetch(from, { kind: "ticket", request }, sink);
      this.#check(request, fetched?.sha256 ?? "", waiting.wanted);
    } catch (error) {
      this.#end(request, String(error));
    }
  }

  #check(request: number, came: string, wanted: string): void {
    this.#end(request, came === wanted ? null : `a content with the hash ${came}`);
  }

  #end(request: number, trouble: string | null): void {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined) return;
    this.#waiting.delete(request);
    const { ask } = waiting;
    waiting.done(trouble === null ? null : `${ask.kind} ${ask.name}: ${trouble}`);
  }

  /** A peer fetches what was given. */
  #open(source: {
    readonly kind: string;
    readonly request?: number;
  }): ContentSource | { refused: string } {
    const given = this.#waiting.get(source.request ?? 0)?.given ?? null;
    if (given === null) return { refused: "It is not served here." };
    const { bytes, sha256 } = given;
    return {
      size: bytes.length,
      sha256,
      read: (into, at) => {
        const piece = bytes.subarray(at, at + into.length);
        into.set(piece);
        return piece.length;
      },
      done: () => {},
    };
  }

  #unreachable(address: Address, how: string): void {
    for (const [request, { to }] of [...this.#waiting]) {
      if (to === address) this.#end(request, `${address} cannot be reached (${how})`);
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const [request, waiting] of [...this.#waiting]) {
      if (now - waiting.since > OPERATION_MS) this.#end(request, "no answer in time");
      else if (!waiting.moving && now - waiting.sentAt > RETRY_MS) {
        waiting.sentAt = now;
        this.#send(request, waiting);
      }
    }
  }
}
