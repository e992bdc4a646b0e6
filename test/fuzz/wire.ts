/**
 * Messages of every kind, valid and not, to peers in the midst of their lives. What must hold: nothing
 * throws in decoding; what is let in is written again as the very bytes that came; the peer does not
 * throw, its invariants hold, and all that it does can be written down, to the wire too.
 */
import { Invariants } from "../../src/checks/invariants.ts";
import type { Effect, Input } from "../../src/protocol/model/io.ts";
import type { Member } from "../../src/protocol/model/member.ts";
import { nextDeadline, step } from "../../src/protocol/peer.ts";
import { copyPeer, type Peer } from "../../src/protocol/state.ts";
import { effectBytes } from "../../src/sim/effect-bytes.ts";
import type { Overheard } from "../../src/sim/overheard.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { PREFIX_BYTES } from "../../src/wire/age.ts";
import { decode, encode, encodeFrame, type Sender, VERSION } from "../../src/wire/message.ts";
import { damaged, joined } from "./bytes.ts";
import { type Gathered, gather, type Kept } from "./peers.ts";
import { cutDown, type Found, type Target, tally } from "./target.ts";

type Heard = {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly stream: boolean;
  readonly heldMs: number | null;
  readonly afterMs: number;
};
/** What is given to a peer, one after the other; what depends on its state is found when it is given. */
export type Given =
  | Heard
  /** Its next deadlines, one after the other. */
  | { readonly kind: "tick"; readonly times: number }
  /** What it has begun ends: whether it went well. */
  | { readonly kind: "done"; readonly ok: boolean }
  | { readonly kind: "woke"; readonly sleptMs: number }
  | { readonly kind: "quit" };

const GIVEN = 32;
const RINGS = 2;
/** The ticks of a peer that goes on by itself. */
const TICKS = 20;

/** @param open failures that are known, by the first line of what they say: they are counted and passed over */
export function openWire(open: ReadonlySet<string>, gathered: Gathered = gather(RINGS)): Target {
  const did: Record<string, number> = {};
  const { peers, overheard } = gathered;
  return {
    did,
    run(seed) {
      const generator = new RandomGenerator(seed);
      for (let i = 0; i < 20; i++) generator.bits();
      const kept = generator.pick(peers);
      const givens = Array.from({ length: GIVEN }, () => drawGiven(generator, kept, overheard));
      const why = play(kept, givens, did);
      if (why === null) return null;
      const kind = firstLine(why);
      if (open.has(kind)) {
        tally(did, "failures that are known");
        return null;
      }
      const fails = (part: readonly Given[]) => firstLine(play(kept, part, {}) ?? "") === kind;
      return told(why, kept, cutDown(givens, fails));
    },
    replay(text) {
      const { given }: { given: readonly Written[] } = JSON.parse(text);
      const givens = given.map(read);
      for (const kept of peers) {
        const why = play(kept, givens, {});
        if (why !== null) return `${kept.where}: ${why}`;
      }
      return null;
    },
  };
}

/** As it stands in JSON. */
type Written = Exclude<Given, Heard> | (Omit<Heard, "bytes"> & { readonly bytes: string });

function read(given: Written): Given {
  return given.kind === "bytes" ? { ...given, bytes: Uint8Array.fromHex(given.bytes) } : given;
}

function told(why: string, { where }: Kept, givens: readonly Given[]): Found {
  const given = givens.map((one) =>
    one.kind === "bytes" ? { ...one, bytes: one.bytes.toHex() } : one,
  );
  const lines = given.map((one) => JSON.stringify(one));
  return { why, reproduction: [`to ${where}`, ...lines], kept: { peer: where, given } };
}

function firstLine(why: string): string {
  return why.split("\n")[0] ?? "";
}

function drawGiven(generator: RandomGenerator, { peer }: Kept, overheard: Overheard): Given {
  const what = generator.below(40);
  if (what < 4) return { kind: "tick", times: generator.between(1, TICKS) };
  if (what < 7) return { kind: "done", ok: generator.below(4) > 0 };
  if (what === 7) return { kind: "woke", sleptMs: generator.pick([600, 5_000, 40_000, 3e6]) };
  if (what === 8 && generator.below(20) === 0) return { kind: "quit" };
  const from = memberFor(generator, peer);
  const bytes = drawBytes(generator, senderOf(generator, peer, from, overheard), overheard);
  return {
    kind: "bytes",
    bytes,
    host: generator.below(20) === 0 ? "10.9.9.9" : hostOf(from),
    stream: generator.below(2) === 0,
    heldMs: generator.pick([null, 0, 3, 700, 4_500, 60_000]),
    afterMs: generator.pick([0, 0, 0.25, 3, 80, 700]),
  };
}

/** Somebody it knows, or itself, or nobody. */
function memberFor(generator: RandomGenerator, { membership, self }: Peer): Member {
  const departed = membership.departed.members;
  return generator.pick([...membership.view.members, ...departed.slice(0, 8), self]);
}

function senderOf(
  generator: RandomGenerator,
  { config }: Peer,
  { id, incarnation, instance, state, address }: Member,
  overheard: Overheard,
): Sender {
  const port = Number(address.slice(address.lastIndexOf(":") + 1)) || 1;
  const sender: Sender = { ring: config.ring, id, incarnation, instance, state, port };
  switch (generator.below(12)) {
    case 0:
      return { ...sender, id: overheard.valueOf(generator, "id", id) };
    case 1:
      return {
        ...sender,
        incarnation: Math.max(0, incarnation + generator.pick([-1, 1, 2, 65_536, 2 ** 30])),
      };
    case 2:
      return { ...sender, instance: overheard.valueOf(generator, "instance", instance) };
    case 3:
      return { ...sender, state: generator.pick(["alive", "leaving", "left"]) };
    case 4:
      return { ...sender, port: generator.pick([1, port, 65_535]) };
    default:
      return sender;
  }
}

function drawBytes(generator: RandomGenerator, sender: Sender, overheard: Overheard): Uint8Array {
  const body = generator.below(12) === 0 ? bodyOf(generator) : null;
  for (let tries = 0; tries < 4; tries++) {
    const bytes = overheard.twisted(generator, sender, (m) => m, tries === 0 ? body : null);
    if (bytes === null) continue;
    if (generator.below(3) > 0) return bytes;
    const other = overheard.twisted(generator, sender) ?? bytes;
    return damaged(generator, bytes, generator.below(4) === 0 ? joined(other, bytes) : other);
  }
  return encode({ tag: "hello", beat: 0 }, sender);
}

function bodyOf(generator: RandomGenerator): Uint8Array {
  const size = generator.pick([1, 2, 300, 9_000, 65_536]);
  return new Uint8Array(size).fill(generator.below(256));
}

/** Gives all of it to a copy of the peer. @returns what did not hold; null if all did */
export function play(
  { peer: kept }: Kept,
  givens: readonly Given[],
  did: Record<string, number>,
): string | null {
  const driven = new Driven(copyPeer(kept), did);
  for (const given of givens) {
    try {
      const why = driven.give(given);
      if (why !== null) return why;
    } catch (error) {
      return `threw: ${error instanceof Error ? error.stack : error}`;
    }
    if (driven.peer.phase === "ended") {
      tally(did, "ends");
      return null;
    }
  }
  return null;
}

/** A peer with the least that a driver does. */
class Driven {
  readonly #invariants = new Invariants();
  /** What has begun and not ended. */
  readonly #begun: Input[] = [];
  #bodies = 0;

  constructor(
    readonly peer: Peer,
    private readonly did: Record<string, number>,
  ) {}

  give(given: Given): string | null {
    const { peer } = this;
    switch (given.kind) {
      case "bytes":
        return this.#hear(given);
      case "tick":
        for (let i = 0; i < given.times; i++) {
          const at = nextDeadline(peer);
          if (at === Number.POSITIVE_INFINITY) return null;
          const why = this.#step({ type: "tick", at });
          if (why !== null) return why;
        }
        return null;
      case "done":
        for (const input of this.#begun.splice(0)) {
          const why = this.#step(given.ok ? { ...input, at: peer.now } : failed(input, peer.now));
          if (why !== null) return why;
        }
        return null;
      case "woke":
        return this.#step({ type: "woke", sleptMs: given.sleptMs, at: peer.now + given.sleptMs });
      case "quit":
        return this.#step({ type: "command", command: 1e9, what: { kind: "quit" }, at: peer.now });
    }
  }

  #hear({ bytes, host, stream, heldMs, afterMs }: Heard) {
    const { peer, did } = this;
    const decoded = decode(bytes, host, stream, peer.config.bits);
    tally(did, "messages");
    if ("error" in decoded) return null;
    tally(did, "let in");
    const { ring, from, message, body } = decoded;
    if (bytes[2] === VERSION) {
      const port = Number(from.address.slice(from.address.lastIndexOf(":") + 1));
      const again = encodeFrame(message, { ...from, ring, port }, body).subarray(PREFIX_BYTES);
      if (Buffer.compare(again, bytes) !== 0) return `another encoding: ${again.toHex()}`;
    }
    if (message.tag === "hello" || ring !== peer.config.ring) return null;
    const channel = stream ? ("stream" as const) : ("datagram" as const);
    const small =
      body === null ? null : { number: ++this.#bodies, size: body.length, sha256: "ab".repeat(32) };
    const at = peer.now + afterMs;
    tally(did, message.tag);
    return this.#step({ type: "message", at, from, channel, message, body: small, heldMs });
  }

  #step(input: Input): string | null {
    const { peer } = this;
    const effects = step(peer, input);
    tally(this.did, "steps");
    effectBytes(effects);
    for (const effect of effects) {
      this.#begin(effect);
      if (effect.type === "send") encodeFrame(effect.message, headerOf(peer));
    }
    const broken = this.#invariants.broken(peer);
    return broken === null ? null : `invariant: it is not so that ${broken}`;
  }

  #begin(effect: Effect): void {
    const at = this.peer.now;
    if (effect.type === "persist") {
      this.#begun.push({ type: "persisted", at, incarnation: effect.incarnation });
    } else if (effect.type === "fetch") {
      const { size, into } = effect;
      const sha256 = into.sha256 ?? "cd".repeat(32);
      this.#begun.push({
        type: "fetched",
        at,
        job: effect.job,
        result: { ok: true, size, sha256 },
      });
    } else if (effect.type === "merge") {
      const { size, sha256 } = effect.record;
      const result = { ok: true, size, sha256 } as const;
      this.#begun.push({ type: "fetched", at, job: effect.job, result });
    } else if (effect.type === "look") {
      this.#begun.push({ type: "looked", at, request: effect.request, size: 5 });
    } else if (effect.type === "serve") {
      this.#begun.push({ type: "served", at, request: effect.request, ok: true });
    } else if (effect.type === "dial") {
      const { address } = effect;
      this.#begun.push({ type: "unreachable", at, address, how: "timeout", broke: false });
    } else if (effect.type === "greet") {
      const { address } = effect;
      for (const [instance, greeting] of this.peer.membership.greetings)
        if (greeting.address === address)
          this.#begun.push({ type: "greeted", at, address, id: greeting.id, instance });
    }
  }
}

function failed(input: Input, at: number): Input {
  if (input.type === "fetched") {
    return { ...input, at, result: { ok: false, why: "lost", here: input.job % 2 === 0 } };
  }
  if (input.type === "looked") return { ...input, at, size: null };
  if (input.type === "served") return { ...input, at, ok: false };
  if (input.type === "greeted")
    return { type: "unreachable", at, address: input.address, how: "timeout", broke: false };
  if (input.type === "unreachable") return { ...input, at, how: "refused", broke: true };
  return { ...input, at };
}

function headerOf({ self, config }: Peer): Sender {
  return { ...self, ring: config.ring, port: 1 };
}

function hostOf({ address }: Member): string {
  return address.slice(0, address.lastIndexOf(":"));
}
