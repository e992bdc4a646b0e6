/** What clients are to ask: drawn from chance, or written down in a file. */
import { readFileSync } from "node:fs";
import { EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { type Random, randomBelow } from "../protocol/model/random.ts";
import { quote } from "../terminal/words.ts";
import { CLIENT_PAUSE_MS, MAX_ORDER_BYTES, MAX_ORDERS } from "./limits.ts";
import { between, field, fieldsOf, Malformed, nullOr, type Reader, text, word } from "./readers.ts";

const KINDS = ["store", "remove", "request"] as const;

export type Order = {
  readonly kind: (typeof KINDS)[number];
  readonly name: string;
  /** Of a store, in bytes. */
  readonly size: number;
  /** Null for one that runs, whichever. */
  readonly peer: number | null;
  /** What the client waits before it, in milliseconds. */
  readonly pauseMs: number;
};

export type Orders = {
  readonly clients: readonly number[];
  /** Theirs alone. */
  readonly names: readonly string[];
  /** What that client asks next; there is always something. */
  next(client: number, random: Random): Order;
};

/** Of a hundred operations, so many are requests, and so many of the rest removals. */
const REQUESTS = 45;
const REMOVALS = 10;

/** @param count how many clients */
export function drawnOrders(names: readonly string[], count: number): Orders {
  return {
    clients: Array.from({ length: count }, (_, index) => index + 1),
    names,
    next: (_, random) => {
      const pauseMs = CLIENT_PAUSE_MS / 2 + randomBelow(random, CLIENT_PAUSE_MS);
      const name = names[randomBelow(random, names.length)] ?? "";
      const draw = randomBelow(random, 100);
      const kind = draw < REQUESTS ? "request" : draw < REQUESTS + REMOVALS ? "remove" : "store";
      return { kind, name, size: 0, peer: null, pauseMs };
    },
  };
}

/**
 * Those of a file, as JSON Lines: each client asks its own, one after the other, and then begins anew.
 * @throws Failure (2) if it cannot be read, or a line of it is not as it should be
 */
export function readOrders(path: string): Orders {
  let rows: readonly string[];
  try {
    rows = readFileSync(path, "utf8").split("\n");
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new Failure(`${quote(path)} cannot be read (${why}).`, EXIT_USAGE);
  }
  return ordersOf(path, rows);
}

/** @param path for the sentences. @throws Failure (2) */
export function ordersOf(path: string, rows: readonly string[]): Orders {
  const orders = new Map<number, Order[]>();
  for (const [index, row] of rows.entries()) {
    if (row.trim() === "") continue;
    const { client, order } = lineOf(path, index + 1, row);
    const own = orders.get(client);
    if (own === undefined) orders.set(client, [order]);
    else own.push(order);
  }
  const all = [...orders.values()].flat();
  if (all.length === 0) throw new Failure(`${quote(path)} has no operation.`, EXIT_USAGE);
  if (all.length > MAX_ORDERS) {
    throw new Failure(`${quote(path)} has more than ${MAX_ORDERS} operations.`, EXIT_USAGE);
  }
  const due = new Map<number, number>();
  return {
    clients: [...orders.keys()].sort((a, b) => a - b),
    names: [...new Set(all.map(({ name }) => name))].sort(),
    next: (client) => {
      const own = orders.get(client) ?? all;
      const place = due.get(client) ?? 0;
      due.set(client, (place + 1) % own.length);
      return own[place] ?? IDLE;
    },
  };
}

/** What one without orders asks: there is none. */
const IDLE: Order = { kind: "request", name: "", size: 0, peer: null, pauseMs: CLIENT_PAUSE_MS };

function lineOf(path: string, number: number, row: string): { client: number; order: Order } {
  try {
    return orderOf(row);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Failure(
      `${quote(path)} is no file of operations: line ${number}: ${error.message}.`,
      EXIT_USAGE,
    );
  }
}

function orderOf(row: string): { client: number; order: Order } {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch {
    throw new Malformed("is no JSON");
  }
  const fields = fieldsOf(value, "it");
  const wrong = Object.keys(fields).find((key) => !FIELDS.includes(key));
  if (wrong !== undefined) throw new Malformed(`${quote(wrong)} is none of ${FIELDS.join(", ")}`);
  const optional = <T>(key: string, read: Reader<T>): T | null =>
    fields[key] === undefined ? null : field(fields, key, nullOr(read));
  return {
    client: optional("client", between(1, MAX_CLIENT)) ?? 1,
    order: {
      kind: field(fields, "what", word(KINDS)),
      name: field(fields, "name", text),
      size: optional("size", between(0, MAX_ORDER_BYTES)) ?? 0,
      peer: optional("peer", between(0, Number.MAX_SAFE_INTEGER)),
      pauseMs: optional("pause", between(0, MAX_PAUSE_MS)) ?? CLIENT_PAUSE_MS,
    },
  };
}

const FIELDS: readonly string[] = ["what", "name", "size", "client", "peer", "pause"];
const MAX_CLIENT = 1_000;
const MAX_PAUSE_MS = 3_600_000;
