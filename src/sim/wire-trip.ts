/** Messages written down as bytes and read again, as on a real network: all of them, or a share. */
import type { Address, Member } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { decode, encode, type Sender } from "../wire/message.ts";
import type { RandomGenerator } from "./random-generator.ts";
import type { MessageInput } from "./services.ts";

/**
 * Parts in a thousand of all messages that go through the real wire format. Of the kinds that make up
 * most of a ring's talk it may be another share: they are short, and always the same.
 */
export type WireShare = { readonly perMille: number; readonly ofTalk: number };

/** What peers tell each other all the time, whatever happens. */
const TALK: ReadonlySet<Message["tag"]> = new Set(["ping", "pong", "gossip", "spread", "sync"]);

export class WireTrip {
  /** Messages written down so far, and how long they were in all. */
  sampled = 0;
  sampledBytes = 0;
  /** A peer is the same from one message to the next: its header need not be made anew. */
  readonly #senders = new WeakMap<Member, { readonly host: string; readonly sender: Sender }>();

  constructor(
    private readonly generator: RandomGenerator,
    private readonly ring: number,
    private readonly share: WireShare,
  ) {}

  /** The message as it is read at the other end. @throws Error if the wire refuses its own message */
  travel(input: MessageInput): MessageInput {
    const often = TALK.has(input.message.tag) ? this.share.ofTalk : this.share.perMille;
    if (often < 1_000 && !this.generator.perMille(often)) return input;
    const { host, sender } = this.#senderOf(input.from);
    const bytes = encode(input.message, sender);
    this.sampled += 1;
    this.sampledBytes += bytes.length;
    const decoded = decode(bytes, host);
    if ("error" in decoded)
      throw new Error(`the wire refused its own ${input.message.tag}: ${decoded.error}`);
    const { message } = decoded;
    if (message.tag === "hello") throw new Error("a hello is no message of the protocol");
    return { ...input, from: decoded.from, message };
  }

  #senderOf(from: Member): { readonly host: string; readonly sender: Sender } {
    const known = this.#senders.get(from);
    if (known !== undefined) return known;
    const { id, incarnation, instance, state } = from;
    const { host, port } = partsOf(from.address);
    const made = { host, sender: { id, incarnation, instance, state, ring: this.ring, port } };
    this.#senders.set(from, made);
    return made;
  }
}

function partsOf(address: Address): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
