/**
 * Nothing is without a limit: the whole state of peers is gone through, and each table in it has to be one that the
 * simulator looks at after every step, by a row of TABLES in src/checks/tables.ts.
 */
import { expect, test } from "bun:test";
import { limitOf, TABLES, type Table } from "../../src/checks/tables.ts";
import type { Peer } from "../../src/protocol/state.ts";
import { member, OnePeer } from "../protocol/one-peer.ts";

/** The few without a row, each for its reason. */
const EXEMPT: ReadonlyMap<string, string> = new Map([
  ["start", "what the driver has given it for good: nothing is added"],
  [
    "membership.view",
    "the members that there are: whoever is in it has answered, here or to a member",
  ],
  ["replication.files", "what it holds: as much as its disk has room for, and takes"],
  ["reported.pair", "two numbers, whatever they are"],
  ["lifecycle.returning.instances", "those of `start`: nothing is added"],
  ["lifecycle.departing.kept", "the writes that it held when it went: nothing is added"],
]);

/** Peers in all their phases, so that no part of the state is missing. */
function peers(): Peer[] {
  const within = new OnePeer(8);
  const joining = new OnePeer(
    15,
    [],
    [],
    {},
    {
      start: { kind: "join", contact: member(8).address, contactName: "Peer 8", proposed: false },
    },
  );
  const { request = 0 } = joining.peer.lifecycle.joining ?? {};
  const standing = { awayMs: null, forgottenMs: null };
  const outcome = { kind: "accepted", incarnation: 3, standing, members: [member(8)] } as const;
  joining.hear(8, { tag: "join-answer", request, outcome });
  const restored = [8, 9, 14].map(member);
  const returning = new OnePeer(8, [], [], {}, { start: { kind: "found" }, left: true, restored });
  const leaving = new OnePeer(8);
  leaving.give({ type: "command", command: 1, what: { kind: "quit" } });
  return [within, joining, returning, leaving].map(({ peer }) => peer);
}

/** True of what is gone into: the parts of the state, and records. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** Where there are lists, maps, sets and tables of the project's own, by the path from the peer. */
function tablesOf(value: unknown, path = ""): string[] {
  if (EXEMPT.has(path) || typeof value === "function") return [];
  if (!isPlain(value)) return typeof value === "object" && value !== null ? [path] : [];
  return Object.entries(value).flatMap(([key, part]) =>
    tablesOf(part, path === "" ? key : `${path}.${key}`),
  );
}

/** A peer that notes what is read of it, but for what is only gone through. */
function noting<T extends object>(value: T, read: Set<string>, path = ""): T {
  return new Proxy(value, {
    get(target, key) {
      const part: unknown = Reflect.get(target, key);
      const there = path === "" ? String(key) : `${path}.${String(key)}`;
      if (isPlain(part)) return noting(part, read, there);
      read.add(there);
      return part;
    },
  });
}

/** The tables that no row reads. */
function unlimited(all: readonly Peer[], rows: readonly Table[]): string[] {
  const found = new Set<string>();
  for (const peer of all) {
    const read = new Set<string>();
    for (const [, , size] of rows) size(noting(peer, read));
    for (const path of tablesOf(peer)) if (!read.has(path)) found.add(path);
  }
  return [...found].map(
    (path) =>
      `peer.${path} has no limit that is looked at: find out, or make, what bounds it, and give it a row of TABLES in src/checks/tables.ts`,
  );
}

test("the simulator looks at each table of a peer", () => {
  const all = peers();
  expect(all.map(({ phase }) => phase)).toEqual(["in", "joining", "joining", "leaving"]);
  expect(all[1]?.lifecycle.joining?.acceptance).not.toBeNull();
  expect(all[2]?.lifecycle.returning).not.toBeNull();
  expect(all[3]?.lifecycle.departing).not.toBeNull();
  expect(unlimited(all, TABLES)).toEqual([]);
});

test("all of them are within their limits, and no name stands for two", () => {
  for (const peer of peers()) {
    expect(TABLES.filter((table) => !limitOf(table)(peer)).map(([name]) => name)).toEqual([]);
  }
  expect(new Set(TABLES.map(([name]) => name)).size).toBe(TABLES.length);
});

test("there is something to each exemption", () => {
  const all = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    all.add(path);
    if (!isPlain(value)) return;
    for (const [key, part] of Object.entries(value))
      walk(part, path === "" ? key : `${path}.${key}`);
  };
  for (const peer of peers()) walk(peer, "");
  expect([...EXEMPT.keys()].filter((path) => !all.has(path))).toEqual([]);
});

test.each([
  ["a map", new Map()],
  ["a set", new Set()],
  ["a list", []],
  ["bytes", new Uint8Array(1)],
  [
    "a table of the project's own",
    new (class {
      size = 0;
    })(),
  ],
  [
    "one that does not tell its size",
    new (class {
      #entries = new Map();
      has(key: unknown) {
        return this.#entries.has(key);
      }
    })(),
  ],
  ["one further within", { within: { table: new Map() } }],
])("a newcomer's table is seen: %s", (_, table) => {
  const { peer } = new OnePeer(8);
  Object.assign(peer.requests, { added: table });
  const path = isPlain(table) ? "peer.requests.added.within.table" : "peer.requests.added";
  expect(unlimited([peer], TABLES)).toEqual([expect.stringContaining(`${path} has no limit`)]);
});

/** Tables that two rows read, of which one finds what the other does not. */
const TWICE = [
  "promises",
  "writes told from others",
  "copies on their way",
  "contents on their way",
];

test.each(TABLES)("without its row it is missed: %s", (name) => {
  const others = TABLES.filter(([other]) => other !== name);
  expect(unlimited(peers(), others).length > 0).toBe(!TWICE.includes(name));
});
