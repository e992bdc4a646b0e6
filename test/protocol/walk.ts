/**
 * Follows what one input brings about, from peer to peer until all is still, and writes down what each peer
 * is given, what it does, and by which files of the protocol: those on the stack when it does it.
 */
import { begin } from "../../src/protocol/lifecycle/starting.ts";
import { GOSSIP_SPACING_MS } from "../../src/protocol/model/config.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import type { Command, Effect, Input, Start, StartInput } from "../../src/protocol/model/io.ts";
import type { Message } from "../../src/protocol/model/messages.ts";
import { listOf } from "../../src/protocol/model/sentences.ts";
import { View } from "../../src/protocol/model/view.ts";
import { step } from "../../src/protocol/peer.ts";
import { finishStep } from "../../src/protocol/reporting.ts";
import { createPeer, type Peer } from "../../src/protocol/state.ts";
import { BODY, CONTENT, idAt, member, recordOf, STORE } from "./one-peer.ts";

/** Where each step begins, and by what each effect is noted. */
const EVERYWHERE = ["peer.ts", "state.ts"];
/** What is told to others besides, and not followed: each would be a walk of its own. */
const ASIDE: readonly Message["tag"][] = ["gossip", "lease", "compare"];
const DEPTH = 64;
/** When the ring begins. All of a walk takes no time: it is late enough for news to be pushed, and nothing is due. */
const BEGINNING = 1_000;
const AT = BEGINNING + GOSSIP_SPACING_MS;

/** An effect, and the files that led to it, the outermost first. */
type Traced = { readonly effect: Effect; readonly path: readonly string[] };
type Given = { readonly to: number; readonly what: string; act(): void };
/** What one peer was given, or several in the same way, and what each of them did. */
type Paragraph = { readonly ids: number[]; readonly what: string; readonly did: string };

export class Walk {
  /** The files that were passed, each "A > B" for a call from one into another; peer.ts calls the first. */
  readonly calls = new Set<string>();
  readonly #peers = new Map<number, Peer>();
  readonly #traced: Traced[] = [];
  readonly #given: Given[] = [];
  readonly #paragraphs: Paragraph[] = [];

  /** A ring in calm that keeps three copies; `held` has what its members hold of it. */
  constructor(ids: readonly number[], held: readonly (readonly [number, FileRecord])[] = []) {
    const start: Start = { kind: "formed", view: View.of(ids.map(member)) };
    for (const id of ids) {
      const files = held.flatMap(([replica, record]) => (replica === id ? record : []));
      this.#start(id, start, files, BEGINNING);
      this.#give(id, { type: "persisted", at: BEGINNING, incarnation: 1 });
    }
    this.#traced.length = 0;
  }

  /** What a person has asked of a peer. */
  command(id: number, what: Command): this {
    const input: Input = { type: "command", at: AT, command: 1, what };
    return this.#follow({
      to: id,
      what: `command ${what.kind}`,
      act: () => this.#give(id, input),
    });
  }

  /** A new peer begins, which knows one member. */
  join(id: number, contact: number): this {
    const { address } = member(contact);
    const start: Start = {
      ...{ kind: "join", contact: address, contactName: `Peer ${contact}`, proposed: false },
    };
    const what = `start, to join through ${contact}`;
    return this.#follow({ to: id, what, act: () => this.#start(id, start, [], AT) });
  }

  /** @returns a paragraph for each step, in the order of time */
  text(): string {
    const paragraphs = this.#paragraphs.map(({ ids, what, did }) => {
      return `${listOf(ids)}: ${what}\n${did === "" ? "  nothing\n" : did}`;
    });
    return paragraphs.join("\n");
  }

  #follow(first: Given): this {
    this.#given.push(first);
    for (let given = this.#given.shift(); given !== undefined; given = this.#given.shift()) {
      given.act();
      this.#note(given);
    }
    return this;
  }

  #start(id: number, start: Start, files: readonly FileRecord[], at: number): void {
    const { address, instance } = member(id);
    const ring = { ring: 70_000, bits: 48, strategy: "direct", replicationFactor: 3 } as const;
    const input: StartInput = {
      ...{ type: "start", id, address, instance, seed: 5, files, start },
      config: { ...ring, pingIntervalMs: 3_600_000 },
      ...{ incarnation: 0, restored: [] },
    };
    const peer = createPeer(input, at);
    this.#peers.set(id, peer);
    this.#trace(peer);
    // As startPeer does.
    this.#deep(() => begin(peer));
    this.#deep(() => finishStep(peer));
  }

  #give(id: number, input: Input): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#deep(() => step(peer, input));
  }

  /** With the whole stack kept, not its last few calls. */
  #deep(act: () => void): void {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = DEPTH;
    act();
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** Has each effect noted, when the protocol adds it to the peer's list, with the files that led to it. */
  #trace(peer: Peer): void {
    const traced = this.#traced;
    class Effects extends Array<Effect> {
      override push(...effects: Effect[]): number {
        for (const effect of effects)
          traced.push({ effect, path: filesOf(new Error().stack ?? "") });
        return super.push(...effects);
      }
    }
    let effects = new Effects();
    Object.defineProperty(peer, "effects", {
      get: () => effects,
      set: () => {
        effects = new Effects();
      },
    });
  }

  /** Writes down what came of an input, and what follows from that. */
  #note({ to, what }: Given): void {
    const did: [path: string, deeds: string[]][] = [];
    for (const { effect, path } of this.#traced.splice(0)) {
      this.#given.push(...this.#answers(to, effect));
      const deed = deedOf(effect);
      if (deed === null) continue;
      path.forEach((file, at) => {
        this.calls.add(`${path[at - 1] ?? "peer.ts"} > ${file}`);
      });
      const [last, by] = [did.at(-1), path.join(" > ")];
      if (last?.[0] === by) last[1].push(deed);
      else did.push([by, [deed]]);
    }
    const text = did.map(([path, deeds]) => `  ${path}\n${together(deeds)}`).join("");
    const before = this.#paragraphs.at(-1);
    if (before?.what === what && before.did === text) before.ids.push(to);
    else this.#paragraphs.push({ ids: [to], what, did: text });
  }

  /** What an effect has others, or this peer's own driver, give to whom. */
  #answers(id: number, effect: Effect): Given[] {
    const give = (to: number, what: string, input: Input) => {
      return { to, what, act: () => this.#give(to, input) };
    };
    if (effect.type === "send" && !ASIDE.includes(effect.message.tag)) {
      const { message, channel } = effect;
      const from = this.#peers.get(id)?.self ?? member(id);
      const body = effect.body === null ? null : BODY;
      const input: Input = { type: "message", at: AT, from, channel, message, body, heldMs: 0 };
      return [give(idAt(effect.to), `${message.tag} from ${id}`, input)];
    }
    if (effect.type === "fetch") {
      const result = { ok: true, ...CONTENT } as const;
      const what = "the driver has the content";
      return [give(id, what, { type: "fetched", at: AT, job: effect.job, result })];
    }
    if (effect.type === "greet") {
      const { address } = effect;
      const there = this.#peers.get(idAt(address))?.self ?? member(idAt(address));
      const what = `the driver has heard who listens where ${there.id} should`;
      return [give(id, what, { type: "greeted", at: AT, ...there, address })];
    }
    if (effect.type === "persist") {
      const { incarnation } = effect;
      const what = "the driver has that on its disk";
      return [give(id, what, { type: "persisted", at: AT, incarnation })];
    }
    return [];
  }
}

/** The files of the protocol on a stack, the outermost first, each once. */
function filesOf(stack: string): string[] {
  const files = [...stack.matchAll(/\/src\/protocol\/([\w/-]+\.ts)/g)].map(
    ([, file]) => file ?? "",
  );
  return [...new Set(files.reverse())].filter((file) => !EVERYWHERE.includes(file));
}

/** What others or a person notice of an effect; null for what a driver keeps up for the peer. */
function deedOf(effect: Effect): string | null {
  if (effect.type === "send") {
    const { message, body, to } = effect;
    // Whom it goes to is left to chance.
    if (message.tag === "gossip") return "sends gossip to some";
    return `sends ${message.tag}${body === null ? "" : ", with the content,"} to ${idAt(to)}`;
  }
  if (effect.type === "fetch") {
    const { source, into, peer } = effect;
    return `has its driver get the ${source.kind} of ${peer}, to ${into.kind} it`;
  }
  if (effect.type === "persist") {
    return `has its driver write down the incarnation ${effect.incarnation}`;
  }
  if (effect.type === "greet") return `has its driver greet ${idAt(effect.address)}`;
  if (effect.type === "serve") return "has its driver serve the content to whoever asks for it";
  if (effect.type !== "event") return null;
  const { event } = effect;
  if (event.event === "line") return `prints "${event.text}"`;
  if (event.event === "member") return `knows that ${event.id} is ${event.state}: ${event.why}`;
  if (event.event === "joined") return "is in the ring";
  return event.event === "outcome" ? `ends the command: ${event.outcome.kind}` : null;
}

/** One line for each deed; one message that goes to several is one. */
function together(deeds: readonly string[]): string {
  const to = new Map<string, string[]>();
  for (const deed of new Set(deeds)) {
    const [, what = deed, whom] = /^(sends .*) to (\d+)$/.exec(deed) ?? [];
    to.set(what, [...(to.get(what) ?? []), ...(whom === undefined ? [] : [whom])]);
  }
  const lines = [...to].map(([what, whom]) => {
    return whom.length === 0 ? what : `${what} to ${listOf(whom)}`;
  });
  return lines.map((line) => `    ${line}\n`).join("");
}

const RING = [2, 8, 9, 14, 20];

/** The walks of which there are documents, as peers go them. */
export const WALKS = {
  store: () => new Walk(RING).command(2, STORE),
  request: () => {
    const held = [8, 9, 14].map((id) => [id, recordOf(8, 3, 1)] as const);
    return new Walk(RING, held).command(2, { kind: "request", name: "plan", key: 5 });
  },
  join: () => new Walk(RING).join(12, 2),
} as const;
