/**
 * However much comes at once, and whatever somebody makes up, the tables of a peer hold no more than they may. Each
 * flood fills one of them, and would overfill it if nothing limited it.
 */
import { expect, test } from "bun:test";
import { limitOf, TABLES } from "../../src/checks/tables.ts";
import { TREE_FROM } from "../../src/protocol/membership/large.ts";
import { noteArrival } from "../../src/protocol/membership/records.ts";
import {
  AWAY_MS,
  FORMER_ASKED,
  REQUESTS_IN_FLIGHT,
  SYNC_MEMBERS,
} from "../../src/protocol/model/config.ts";
import {
  ARRIVALS_KNOWN,
  BATCHED_MEMBERS,
  FOREIGN_WRITES,
  NEWS_WAITING,
  RELAYS_WAITING,
  WITHHELD,
} from "../../src/protocol/model/limits.ts";
import { type Member, makeMember } from "../../src/protocol/model/member.ts";
import {
  BODY,
  IDS,
  inquireOf,
  member,
  OnePeer,
  recordOf,
  routedFrom,
  STANDING,
} from "../protocol/one-peer.ts";
import { read } from "../protocol/situations.ts";

/** A read that 9 answers. */
const AT_9 = { kind: "request", name: "plan", key: 9 } as const;
const LEASE = { tag: "lease", nonce: 5, from: 2, to: 8, asked: IDS } as const;

/** So many members that nobody has seen. */
function madeUp(count: number, make: (i: number) => Partial<Member>): Member[] {
  return Array.from({ length: count }, (_, i) => makeMember({ ...member(1_000 + i), ...make(i) }));
}

function sizeOf(one: OnePeer, table: string): number {
  const [, , size] = TABLES.find(([name]) => name === table) ?? [];
  if (size === undefined) throw new Error(`no table holds ${table}`);
  return size(one.peer);
}

/** 9, which has promised 8 to say nothing for a while of what others give. */
function promised(): OnePeer {
  const replica = new OnePeer(9);
  replica.hear(8, LEASE);
  return replica;
}

function give(one: OnePeer, from: number, number: number): void {
  const record = recordOf(14, number, number, { name: `n${number}` });
  one.hear(from, { tag: "replicate", records: [record], origin: null }, { body: BODY });
  one.durable();
}

const FLOODS: readonly [table: string, holds: number, flood: () => OnePeer][] = [
  [
    "news that waits",
    NEWS_WAITING,
    () => {
      const one = new OnePeer(8);
      const dead = madeUp(NEWS_WAITING + 10, () => ({ state: "dead" }));
      one.hear(9, { tag: "gossip", joining: false, members: dead.slice(0, 1) });
      one.hear(9, { tag: "gossip", joining: false, members: dead });
      return one;
    },
  ],
  [
    "members that came lately",
    ARRIVALS_KNOWN,
    () => {
      const one = new OnePeer(8);
      const runs = madeUp(ARRIVALS_KNOWN + 10, (i) => ({ id: 1_000, incarnation: 1 + i }));
      for (const run of runs) noteArrival(one.peer, run, true);
      return one;
    },
  ],
  ["relays that wait", RELAYS_WAITING, () => relaying(RELAYS_WAITING + 1_000)],
  [
    "relays that were sent",
    1,
    () => {
      const one = relaying(RELAYS_WAITING);
      one.pass(200);
      return one;
    },
  ],
  [
    "late ones that answered",
    SYNC_MEMBERS,
    () => {
      const one = new OnePeer(8);
      const pong = { tag: "pong", ...STANDING, nonce: 1, awayMs: AWAY_MS } as const;
      for (const from of madeUp(SYNC_MEMBERS + 10, () => ({}))) one.hear(from, pong);
      return one;
    },
  ],
  [
    "members that promised",
    1,
    () => {
      const owner = new OnePeer(8);
      read(owner, 1);
      const nonce = owner.sent("lease")[0]?.message.nonce ?? 0;
      owner.hear(9, { tag: "leased", nonce, granted: true, clean: false });
      for (const from of madeUp(20, () => ({})))
        owner.hear(from, { tag: "leased", nonce, granted: true, clean: false });
      return owner;
    },
  ],
  [
    "members that agree",
    1,
    () => {
      const owner = new OnePeer(8);
      read(owner, 1);
      const [asked] = owner.sent("catch-up").map(({ message }) => message);
      if (asked === undefined) throw new Error("it asks what it lacks");
      const { nonce, counter, ranges } = asked;
      for (const from of [member(9), ...madeUp(20, () => ({}))])
        owner.hear(from, { tag: "caught-up", nonce, counter, same: ranges, differ: [] });
      return owner;
    },
  ],
  [
    "words that are withheld",
    WITHHELD,
    () => {
      const replica = promised();
      give(replica, 14, 7);
      for (let i = 0; i < WITHHELD + 10; i++) replica.hear(14, inquireOf("n7", i));
      return replica;
    },
  ],
  [
    "writes told from others",
    FOREIGN_WRITES,
    () => {
      const replica = promised();
      for (let i = 1; i <= FOREIGN_WRITES + 10; i++) give(replica, 14, i);
      return replica;
    },
  ],
  [
    "members to be told of copies",
    1,
    () => {
      const ids = Array.from({ length: BATCHED_MEMBERS + 10 }, (_, i) => 8 + i);
      const one = new OnePeer(8, ids, [], { replicationFactor: ids.length });
      give(one, 14, 1);
      return one;
    },
  ],
  [
    "hops to acknowledge",
    REQUESTS_IN_FLIGHT,
    () => {
      const one = new OnePeer(8);
      for (let i = 1; i <= REQUESTS_IN_FLIGHT + 10; i++) {
        one.hear(2, routedFrom(2, i, AT_9));
        // Those that wait no longer are acknowledged at once.
        const isLate = i > REQUESTS_IN_FLIGHT;
        expect(one.to("ack")).toEqual(isLate ? [2] : []);
      }
      return one;
    },
  ],
  [
    "restarted ones",
    FORMER_ASKED,
    () => {
      const restored = [8, 9, 14].map(member);
      const start = { kind: "init", successors: [] } as const;
      const one = new OnePeer(8, [], [], {}, { start, left: true, restored });
      const pong = { tag: "pong", ...STANDING, nonce: 1 } as const;
      for (const from of madeUp(FORMER_ASKED + 10, () => ({}))) one.hear(from, pong);
      return one;
    },
  ],
];

/** The last of a large ring, which is to pass on so much before it may, to more and more of those before it. */
function relaying(count: number): OnePeer {
  const ids = Array.from({ length: TREE_FROM + 6 }, (_, i) => (i + 1) * 2 ** 40);
  const self = ids.at(-1) ?? 0;
  const one = new OnePeer(self, ids);
  const members = ids.slice(0, -1).map(member);
  for (let i = 1; i * members.length < count; i++)
    one.hear(2 ** 40, { tag: "spread", joining: false, upTo: self - i * 2 ** 37, members });
  return one;
}

test.each(FLOODS)(
  "no more than may be: %s",
  (table, holds, flood) => {
    const one = flood();
    expect(sizeOf(one, table)).toBeGreaterThanOrEqual(holds);
    const over = TABLES.filter((each) => !limitOf(each)(one.peer));
    expect(over.map(([name]) => name)).toEqual([]);
  },
  60_000,
);
