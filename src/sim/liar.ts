/**
 * A host that is no peer and says what it likes to those that are. It knows what any member knows, and
 * twists it: members, incarnations, instances, versions and numbers near to the ring's own and at the ends
 * of their ranges, in its own name or in that of a member, from its own address. What a member could do
 * with valid words is left out, or no check could tell what a ring owes: its files have names of its own,
 * and it knows no nonce and no id of what was asked of others, so it is no replica that breaks its word.
 */
import { HIGHEST_INCARNATION } from "../protocol/model/bounds.ts";
import type { Member } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import { decode, HEADER_BYTES, type Sender } from "../wire/message.ts";
import { drawKey } from "./figure-ring.ts";
import { keyOf } from "./names.ts";
import { type Fields, Overheard, rewritten } from "./overheard.ts";
import { RandomGenerator } from "./random-generator.ts";
import type { World } from "./world.ts";

/** A number has fewer digits, the bytes of any message have more. */
const LEAST_DIGITS = 2 * HEADER_BYTES;
/** Where it listens to nobody: whoever answers is refused. */
export const HOST = "10.66.6.6";
const PORT = 12_256;
const INSTANCE = "6666666666666666";
/** Under which its files are stored, if anybody believes in them; no plan has such a name of its own. */
export const LIARS_NAMES: readonly string[] = ["6660", "6661", "6666"];
/** So far above what is known, most often not at all. A member in whose name the last one is said is lost. */
const RAISES = [0, 0, 0, 1, 2, 65_535, 65_536] as const;
/** A lie that the wire cannot hold, or that is none, is made up anew so often. */
const TRIES = 8;
const WARM_UP = 20;

export class Liar {
  readonly #overheard = new Overheard();

  constructor(private readonly world: World) {
    world.post.observers.push(({ peer }, message) => {
      if (peer !== null) this.#overheard.hear(message, peer.self);
    });
  }

  /** Does a lie in words: `lie 4711 to 8`, or its very bytes: `lie 7032... to 8 by stream`. */
  act([, lie = "", , to = "0", ...how]: readonly string[]): void {
    if (lie.length < LEAST_DIGITS) this.tell(Number(lie), Number(to));
    else this.#say(lie, Number(to), how.includes("datagram") ? "datagram" : "stream");
  }

  #say(digits: string, to: number, channel: "datagram" | "stream"): void {
    const { world } = this;
    const decoded = decode(Uint8Array.fromHex(digits), HOST, false, world.config.bits);
    const host = world.at(world.addressOf(to));
    if (host === undefined || "error" in decoded || decoded.message.tag === "hello") return;
    const { from, message } = decoded;
    const heldMs = channel === "datagram" ? null : 0;
    world.give(host, { type: "message", at: 0, from, message, channel, body: null, heldMs });
  }

  /** Tells the lie of a number to a peer, if that runs. */
  tell(number: number, to: number): void {
    const { world } = this;
    const host = world.at(world.addressOf(to));
    if (host === undefined || host.peer === null || this.#overheard.tags.length === 0) return;
    const generator = new RandomGenerator(number);
    for (let i = 0; i < WARM_UP; i++) generator.bits();
    for (let tries = 0; tries < TRIES; tries++) {
      const lie = this.#makeUp(generator);
      if (lie === null) continue;
      const channel = generator.pick(["datagram", "stream"] as const);
      const heldMs = channel === "datagram" ? null : generator.pick([0, 3, 5_000]);
      world.give(host, { type: "message", at: 0, ...lie, channel, body: null, heldMs });
      return;
    }
  }

  #makeUp(generator: RandomGenerator): { from: Member; message: Message } | null {
    const { config } = this.world;
    const sender = this.#sender(generator);
    const peoples = generator.below(4) === 0;
    const bytes = this.#overheard.twisted(generator, sender, (fields) => {
      const lie = this.#withoutSecrets(generator, fields);
      return peoples ? this.#peopled(generator, lie) : lie;
    });
    if (bytes === null) return null;
    const decoded = decode(bytes, HOST, false, config.bits);
    if ("error" in decoded || decoded.message.tag === "hello") return null;
    return { from: decoded.from, message: decoded.message };
  }

  /** Itself, or as a member would begin. */
  #sender(generator: RandomGenerator): Sender {
    const { config } = this.world;
    const own = { id: 2 ** config.bits - 2, incarnation: 1, instance: INSTANCE } as const;
    const known = this.world.living().flatMap(({ peer }) => (peer === null ? [] : [peer.self]));
    const as = generator.below(2) === 0 || known.length === 0 ? own : generator.pick(known);
    const raised = as.incarnation + generator.pick(RAISES);
    const instance = generator.below(4) === 0 ? INSTANCE : as.instance;
    const state = generator.pick(["alive", "alive", "alive", "leaving", "left"] as const);
    const incarnation = Math.min(raised, HIGHEST_INCARNATION);
    return { ring: config.ring, id: as.id, incarnation, instance, state, port: PORT };
  }

  /** With members that nobody ever was in the place of those that are spoken of, as if they had just come in. */
  #peopled(generator: RandomGenerator, message: Fields): Fields {
    const { bits } = this.world.config;
    return rewritten(message, (fields) => {
      if (typeof fields["joining"] === "boolean") return { ...fields, joining: true };
      if (!("instance" in fields && "id" in fields && "address" in fields)) return fields;
      const instance = generator.bits().toString(16).padStart(16, "9");
      const id = bits > 32 ? drawKey(generator) : generator.below(2 ** bits);
      return { ...fields, id, instance, address: `${HOST}:${generator.between(1, PORT)}` };
    });
  }

  /** Other names, and other answers than those that were asked for. */
  #withoutSecrets(generator: RandomGenerator, message: Fields): Fields {
    const { bits } = this.world.config;
    const name = generator.pick(LIARS_NAMES);
    return rewritten(message, (fields) => {
      const changed: Record<string, Fields[string]> = { ...fields };
      if (typeof fields["name"] === "string") changed["name"] = name;
      if (typeof fields["asked"] === "string") changed["asked"] = name;
      if (typeof fields["name"] === "string" && "key" in fields) changed["key"] = keyOf(name, bits);
      if (typeof fields["request"] === "number") changed["request"] = generator.bits();
      if (typeof fields["nonce"] === "number") changed["nonce"] = generator.bits();
      return changed;
    });
  }
}
