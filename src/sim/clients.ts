/**
 * Clients of a ring: each does one operation after the other, and what one peer refuses, or does not
 * answer in time, it tries again at another. All that they see goes into a history.
 */
import type { Operation, Outcome as Seen, Value } from "../checks/history.ts";
import type { Outcome } from "../protocol/model/events.ts";
import type { FileRecord } from "../protocol/model/files.ts";
import type { Command } from "../protocol/model/io.ts";
import type { Host } from "./host.ts";
import { contentOf, keyOf, nameOf, passesControl } from "./names.ts";
import type { World } from "./world.ts";

/** An operation as a scenario orders it. */
type Order = {
  readonly client: number;
  readonly kind: Operation["kind"];
  readonly name: string;
  /** Of a store: each further try is one byte longer, and so another content. */
  readonly size: number;
  readonly via: readonly number[];
};

/** An operation while it goes on. */
type Written = { -readonly [K in keyof Operation]: Operation[K] };

/** A try that a peer works on. */
type Open = { readonly operation: Written; readonly host: Host; readonly run: number };

/** A client at work: what it tries now, and what it has to do after that. */
type Client = { readonly orders: Order[]; tries: number; command: number | null };

/** A client without an answer for so long tries elsewhere; the peer goes on meanwhile. */
export const PATIENCE_MS = 4_000;

export class Clients {
  readonly operations: Operation[] = [];
  /** What the acknowledgements of stores and removals named. */
  readonly acknowledgements = new Map<Operation, FileRecord>();
  /** Operations that were tried again at another peer. */
  triedAgain = 0;
  /** Answers to reads so far, and those that came while links were cut or peers frozen. */
  reads = 0;
  readsInTrouble = 0;
  readonly #clients = new Map<number, Client>();
  readonly #open = new Map<number, Open>();

  constructor(private readonly world: World) {
    world.readers.push((_, event) => {
      if (event.event === "outcome") this.#answered(event.command, event.outcome);
    });
    world.endings.push((host) => this.#ended(host));
  }

  /** True if every client has done all that it was told. */
  get idle(): boolean {
    return [...this.#clients.values()].every((client) => client.orders.length === 0);
  }

  /** `client 2 store 0007 8120 via 14 33`, `client 2 request 0007 via 14`; also `remove` and `where`. */
  act(words: readonly string[]): void {
    const [, number = "0", kind = "", name = "", size = "0"] = words;
    if (kind !== "store" && kind !== "remove" && kind !== "request" && kind !== "where") {
      throw new Error(`no client can ${kind}`);
    }
    const via = words.slice(words.indexOf("via") + 1).map(Number);
    const order: Order = {
      client: Number(number),
      kind,
      name: nameOf(name),
      size: kind === "store" ? Number(size) : 0,
      via,
    };
    const client = this.#clients.get(order.client) ?? { orders: [], tries: 0, command: null };
    this.#clients.set(order.client, client);
    client.orders.push(order);
    if (client.orders.length === 1) this.#try(client);
  }

  /** Goes on with the next peer that runs, or with the next order. */
  #try(client: Client): void {
    for (let order = client.orders[0]; order !== undefined; order = client.orders[0]) {
      while (client.tries < order.via.length) {
        if (this.#tryAt(client, order, client.tries++)) return;
      }
      client.orders.shift();
      client.tries = 0;
    }
  }

  /** @returns false where nobody runs, or the control socket refuses the name */
  #tryAt(client: Client, order: Order, index: number): boolean {
    const { world } = this;
    const peer = order.via[index] ?? 0;
    const host = world.places.byId(peer);
    if (host === undefined || host.peer === null || world.places.isTwice(peer)) return false;
    if (!passesControl(order.name, world.config.bits, order.kind === "store")) return false;
    if (index > 0) this.triedAgain += 1;
    const { kind, name } = order;
    const content = kind === "store" ? contentOf(name, order.size + index) : null;
    const operation: Written = {
      client: order.client,
      peer,
      kind,
      name,
      content: content?.sha256 ?? null,
      start: world.now,
      end: null,
      outcome: { kind: "unknown" },
    };
    this.operations.push(operation);
    const key = keyOf(name, world.config.bits);
    const what: Command =
      kind === "store"
        ? {
            kind,
            name,
            key,
            size: content?.size ?? 0,
            sha256: content?.sha256 ?? null,
            body: null,
            require: 0,
          }
        : kind === "remove"
          ? { kind, name, key, require: 0 }
          : { kind, name, key };
    const command = world.nextCommand;
    client.command = command;
    this.#open.set(command, { operation, host, run: host.run });
    world.command(peer, what, content);
    world.queue.plan(world.now + PATIENCE_MS, () => this.#leave(client, command));
    return true;
  }

  #answered(command: number, outcome: Outcome): void {
    const open = this.#open.get(command);
    if (open === undefined) return;
    const { operation } = open;
    const seen = seenOf(outcome);
    if (outcome.kind === "stored") this.acknowledgements.set(operation, outcome.record);
    const read = operation.kind === "request" && seen.kind === "done";
    if (read) this.reads += 1;
    if (read && this.#trouble()) this.readsInTrouble += 1;
    this.#close(command, open, seen);
  }

  #trouble(): boolean {
    return !this.world.network.calm || [...this.world.hosts.values()].some((h) => h.frozen);
  }

  /** With its process every connection to a peer breaks. */
  #ended(host: Host): void {
    for (const [command, open] of [...this.#open]) {
      if (open.host === host) this.#close(command, open, { kind: "unknown" });
    }
  }

  #close(command: number, { operation }: Open, outcome: Seen): void {
    this.#open.delete(command);
    operation.end = this.world.now;
    operation.outcome = outcome;
    const client = this.#clients.get(operation.client);
    if (client?.command !== command) return;
    if (outcome.kind === "done") client.tries = Number.POSITIVE_INFINITY;
    this.#leave(client, command);
  }

  /** A moment later, since a peer may be amid its step. */
  #leave(client: Client, command: number): void {
    if (client.command !== command) return;
    client.command = null;
    this.world.queue.plan(this.world.now, () => this.#try(client));
  }
}

/** What a client sees of an outcome. */
function seenOf(outcome: Outcome): Seen {
  switch (outcome.kind) {
    case "stored":
      return { kind: "done", replicas: outcome.replicas };
    case "received":
      return { kind: "done", value: outcome.sha256 };
    case "missing":
      return { kind: "done", value: null };
    case "where":
      return { kind: "done", value: contentIn(outcome.record) };
    case "failed":
      return { kind: outcome.maybe ? "unknown" : "refused" };
    default:
      return { kind: "unknown" };
  }
}

function contentIn(record: Extract<Outcome, { kind: "where" }>["record"]): Value {
  return record === null || record.removed ? null : record.sha256;
}
