/** One peer of a ring whose other members are played by the test: what it is told, and what it sends. */
import type { RingConfig } from "../../src/protocol/model/config.ts";
import type { PeerEvent } from "../../src/protocol/model/events.ts";
import { type FileRecord, heldVersion } from "../../src/protocol/model/files.ts";
import type { Body, Command, Effect, Input, StartInput } from "../../src/protocol/model/io.ts";
import { type Address, type Member, makeMember } from "../../src/protocol/model/member.ts";
import type {
  Ask,
  Channel,
  Inquire,
  Inquired,
  Message,
  Origin,
  Replicated,
  Routed,
} from "../../src/protocol/model/messages.ts";
import { View } from "../../src/protocol/model/view.ts";
import { nextDeadline, startPeer, step } from "../../src/protocol/peer.ts";
import type { Peer } from "../../src/protocol/state.ts";

type Sent<T extends Message["tag"]> = Omit<Extract<Effect, { type: "send" }>, "message"> & {
  readonly message: Extract<Message, { readonly tag: T }>;
};
type Unsent<T> = T extends Input ? Omit<T, "at"> : never;
/** How a message came, where it is not as most do. */
type Came = { heldMs?: number | null; body?: Body | null; channel?: Channel };

export const IDS = [2, 8, 9, 14, 20];
/** Whom a key that 8 owns concerns besides itself, with three copies: two replicas, and one more. */
export const OTHERS = [9, 14, 20];

export function member(id: number): Member {
  const hex = id.toString(16).padStart(8, "0");
  const address = `127.0.0.1:${12_000 + id}`;
  return makeMember({ id, incarnation: 1, instance: hex + hex, state: "alive", address });
}

export function idAt(address: string): number {
  return Number(address.split(":")[1]) - 12_000;
}

export function originOf(id: number): Origin {
  const { address, instance } = member(id);
  return { id, address, instance };
}

export class OnePeer {
  readonly peer: Peer;
  now = 1_000;
  /** What the last input brought. */
  effects: readonly Effect[] = [];

  constructor(
    readonly id: number,
    readonly ids: readonly number[] = IDS,
    files: readonly FileRecord[] = [],
    config: Partial<RingConfig> = {},
    /** Where it is not one of a ring that stands: how it begins. Its first effects are there then, and no more. */
    more: Partial<StartInput> = {},
  ) {
    const { address, instance } = member(id);
    const ring = { ring: 70_000, bits: 48, strategy: "direct", replicationFactor: 3 } as const;
    const start: StartInput = {
      ...{ type: "start", id, address, instance, seed: 5, files },
      config: { ...ring, pingIntervalMs: 3_600_000, ...config },
      start: { kind: "formed", view: View.of(ids.map(member)) },
      ...{ incarnation: 1, restored: [], ...more },
    };
    const { peer, effects } = startPeer(start, this.now);
    this.peer = peer;
    this.effects = effects;
    if (more.start === undefined) this.persisted();
  }

  /** The incarnation that it has asked for is durable. */
  persisted(): readonly Effect[] {
    return this.give({ type: "persisted", incarnation: this.peer.membership.incarnationAsked });
  }

  give(input: Unsent<Input>): readonly Effect[] {
    this.effects = step(this.peer, { ...input, at: this.now } as Input);
    return this.effects;
  }

  /** A message from a member. `heldMs`: for how long it was under way. */
  hear(
    from: number | Member,
    message: Message,
    { heldMs = 0, body = null, channel = "stream" }: Came = {},
  ): readonly Effect[] {
    const sender = typeof from === "number" ? member(from) : from;
    return this.give({ type: "message", from: sender, channel, message, body, heldMs });
  }

  command(command: number, what: Command): readonly Effect[] {
    return this.give({ type: "command", command, what });
  }

  /** Lets time pass, in which the others answer pings, but for `silent`. @returns all that was done meanwhile */
  pass(ms: number, silent: readonly Address[] = []): readonly Effect[] {
    const end = this.now + ms;
    const all: Effect[] = [];
    for (let at = nextDeadline(this.peer); at <= end; at = nextDeadline(this.peer)) {
      this.now = Math.max(this.now, at);
      const done = this.give({ type: "tick" });
      all.push(...done);
      for (const effect of done) {
        if (effect.type !== "send" || effect.message.tag !== "ping") continue;
        const { to, message } = effect;
        if (silent.includes(to)) continue;
        const from = this.peer.membership.view.at(to) ?? member(idAt(to));
        all.push(...this.hear(from, { ...message, tag: "pong" }));
      }
    }
    this.now = end;
    this.effects = all;
    return all;
  }

  /** What was sent with the last input, of one kind. */
  sent<T extends Message["tag"]>(tag: T): Sent<T>[] {
    return this.effects.flatMap((e) =>
      e.type === "send" && e.message.tag === tag ? [e as Sent<T>] : [],
    );
  }

  /** To whom something of a kind was sent, by id. */
  to(tag: Message["tag"]): number[] {
    return this.sent(tag).map(({ to }) => idAt(to));
  }

  /** One that is only spoken of says who it is, where the last input had it greeted. */
  greeted({ address, id, instance }: Member): readonly Effect[] {
    if (!this.effects.some((e) => e.type === "greet" && e.address === address))
      throw new Error(`nobody has greeted ${id}`);
    return this.give({ type: "greeted", address, id, instance });
  }

  /** A member answers the ping that it was sent with the last input, and is one here from then on. */
  answerPing(id: number): readonly Effect[] {
    const ping = this.sent("ping").find(({ to }) => to === member(id).address);
    if (ping === undefined) throw new Error(`nobody has pinged ${id}`);
    return this.hear(id, { ...ping.message, tag: "pong" });
  }

  /** What it has told its readers with the last input, of one kind. */
  told<K extends PeerEvent["event"]>(kind: K): Extract<PeerEvent, { readonly event: K }>[] {
    type Told = Extract<PeerEvent, { readonly event: K }>;
    return this.effects.flatMap((e) =>
      e.type === "event" && e.event.event === kind ? [e.event as Told] : [],
    );
  }

  /** How the requests of others have ended that were answered with the last input. */
  outcomes(): string[] {
    return this.sent("answer").map(({ message }) => message.outcome.kind);
  }

  /** Gives the results of all that it has begun to make durable in the last step. */
  durable(): readonly Effect[] {
    const all: Effect[] = [];
    for (const effect of this.effects) {
      if (effect.type !== "merge" && effect.type !== "fetch") continue;
      const { size, sha256 } =
        effect.type === "merge" || effect.into.kind === "deliver"
          ? { size: 0, sha256: "" }
          : effect.into.record;
      const result = { ok: true, size, sha256 } as const;
      all.push(...this.give({ type: "fetched", job: effect.job, result }));
    }
    this.effects = all;
    return all;
  }

  /** Members say what they hold of a name that an inquiry is about. */
  tell(request: number, ids: readonly number[], records: readonly FileRecord[] = []): void {
    const all: Effect[] = [];
    for (const id of ids) all.push(...this.hear(id, inquired(request, records)));
    this.effects = all;
  }

  /** Members promise the lease that was asked for in the last step, and have what this owner has. */
  grant(ids: readonly number[]): void {
    const lease = this.sent("lease")[0]?.message;
    const catchUp = this.sent("catch-up")[0]?.message;
    if (lease === undefined) throw new Error("no lease was asked for");
    for (const id of ids) {
      const clean = catchUp === undefined;
      this.hear(id, { tag: "leased", nonce: lease.nonce, granted: true, clean });
      if (catchUp === undefined) continue;
      const { nonce, counter, ranges: same } = catchUp;
      this.hear(id, { tag: "caught-up", nonce, counter, same, differ: [] });
    }
  }
}

/** A request as it comes to its owner straight from its origin. */
export function routedFrom(
  id: number,
  request: number,
  ask: Ask,
  more: Partial<Routed> = {},
): Routed {
  return {
    ...{ tag: "routed", request, origin: originOf(id), route: [id], ask },
    ...{ leftMs: 1_500, counter: 0, avoid: [], back: false, lost: false },
    ...more,
  };
}

export const CONTENT = { size: 10, sha256: "ab".repeat(32) } as const;
export const BODY: Body = { number: 7, ...CONTENT };

export function storeAsk(number: number, more: Partial<Extract<Ask, { kind: "store" }>> = {}): Ask {
  const write = { number, after: 0, require: 0 };
  return { kind: "store", name: "plan", key: 5, content: CONTENT, write, ...more };
}

/** A person's command to store such a content. */
export const STORE = {
  kind: "store",
  name: "plan",
  key: 5,
  ...CONTENT,
  body: BODY,
  require: 0,
} as const;

export const READ: Ask = { kind: "request", name: "plan", key: 5 };

/** A write with the version that another owner would have given it. */
export function recordOf(
  owner: number,
  counter: number,
  number: number,
  more: Partial<FileRecord> = {},
): FileRecord {
  return {
    ...{ name: "plan", key: 5, ...CONTENT, removed: false, apart: false, ageMs: 0 },
    operation: { origin: member(2).instance, number },
    version: { counter, owner, instance: owner },
    ...{ also: [], versionVector: [], history: [], spared: [] },
    ...more,
  };
}

/** What an owner that knows all of them asks of a member. */
export function inquireOf(name: string, request = 1, asked: readonly number[] = IDS): Inquire {
  return { tag: "inquire", request, name, key: 7, asked };
}

/** What a member says of a name that an inquiry is about: what it holds of it. */
export function inquired(
  request: number,
  records: readonly FileRecord[],
  more: Partial<Inquired> = {},
): Inquired {
  const rest = { rejected: false, lost: [], room: 1_000_000, others: [] };
  return { tag: "inquired", request, records, ...rest, ...more };
}

/** A member's word that these are durable there. `taking`: it stays, and knows that whom it tells leaves. */
export function replicated(records: readonly FileRecord[], taking = false): Replicated {
  return { tag: "replicated", files: records.map(heldVersion), taking };
}

/** What a ping and its answer say of a peer that has neither been away nor forgotten anything. */
export const STANDING = { round: false, digest: 0, room: 1, awayMs: null, forgottenMs: null };
