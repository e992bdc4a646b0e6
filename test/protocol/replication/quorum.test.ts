/** Who is asked for a name, and how many of them have to give their word. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import {
  INQUIRE_MS,
  LOST_TRY_FOR_MS,
  MOURNING_MS,
  NEW_MS,
} from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { Ask } from "../../../src/protocol/model/messages.ts";
import { quorumFor } from "../../../src/protocol/replication/quorum.ts";
import { IDS, inquired, member, OnePeer, OTHERS, READ, recordOf, routedFrom } from "../one-peer.ts";
import { read } from "../situations.ts";

const FOUND = recordOf(14, 3, 7);

test("those that have just come are asked besides those that were there before", () => {
  const owner = new OnePeer(8);
  for (const id of [10, 11, 12]) learn(owner.peer, member(id), "joined");
  read(owner, 1);
  expect(owner.to("inquire").sort((a, b) => a - b)).toEqual([9, 10, 11, 12, 14, 20]);
  owner.tell(1, [9, 10, 11, 12]);
  expect(owner.outcomes()).toEqual([]);
  owner.tell(1, [14]);
  expect(owner.outcomes()).toEqual(["missing"]);
});

test("one that has come from elsewhere is asked wherever it is, and one that is in its first ring where it holds", () => {
  const ids = [...IDS, 30, 40, 50];
  const members = (owner: OnePeer) => quorumFor(owner.peer, 5, 0).members.map((m) => m.id);
  const near = [8, 9, 14, 20];
  const owner = new OnePeer(8, ids);
  expect(members(owner)).toEqual(near);
  learn(owner.peer, member(60), "joined");
  expect(members(owner)).toEqual(near);
  learn(owner.peer, member(70), "returned");
  expect(members(owner)).toEqual([...near, 70]);
  expect(quorumFor(owner.peer, 5, 0).fresh.map((m) => m.id)).toEqual([70]);
  // It may have been in a part of the ring before it was heard of.
  owner.hear(80, { tag: "ack", request: 1 });
  owner.answerPing(80);
  expect(members(owner)).toEqual([...near, 70, 80]);
  owner.now += NEW_MS + 1;
  owner.give({ type: "tick" });
  expect(members(owner)).toEqual(near);
});

test("of those that have just come all have to give their word: each may hold what it alone acknowledged", () => {
  const owner = new OnePeer(8);
  learn(owner.peer, member(10), "returned");
  read(owner, 1);
  owner.tell(1, [9, 14, 20]);
  expect(owner.outcomes()).toEqual([]);
  owner.pass(INQUIRE_MS);
  const unavailable = { kind: "unavailable", answered: 4, needed: 5 };
  expect(owner.sent("answer").map(({ message }) => message.outcome)).toMatchObject([unavailable]);
  owner.tell(1, [10], [FOUND]);
  expect(owner.outcomes()).not.toContain("missing");
  owner.pass(NEW_MS + 1);
  read(owner, 2);
  owner.tell(2, [9, 14, 20]);
  expect(owner.outcomes()).toEqual(["missing"]);
});

test("after a start of a whole ring each of those that come back is asked, wherever on the circle", () => {
  const ids = [8, ...Array.from({ length: 12 }, (_, i) => 20 + i)];
  const owner = new OnePeer(8, ids);
  for (const id of ids) {
    if (id !== 8)
      owner.peer.membership.awaited.set(id, { since: owner.now, until: owner.now, retryMs: 1_000 });
  }
  const { members, fresh } = quorumFor(owner.peer, 5, 0);
  expect(members).toHaveLength(ids.length);
  expect(fresh).toHaveLength(ids.length - 1);
});

test("one that has just joined asks far beyond the replicas, and none of them may be missing", () => {
  // 30 may be the only one that was there before: the others, which joined with it, know of nothing.
  const owner = new OnePeer(8, [...IDS, 30]);
  owner.peer.lifecycle.enteredAt = owner.now;
  read(owner, 1);
  expect(owner.to("inquire").sort((a, b) => a - b)).toEqual([2, 9, 14, 20, 30]);
  owner.tell(1, [2, 9, 14, 20]);
  expect(owner.outcomes()).toEqual([]);
  owner.tell(1, [30], [FOUND]);
  expect(owner.outcomes()).not.toContain("missing");
  owner.pass(NEW_MS + 1);
  read(owner, 2);
  expect(owner.to("inquire").sort((a, b) => a - b)).toEqual(OTHERS);
});

test("after a start those that are awaited have to answer as well, until they are given up", () => {
  const owner = new OnePeer(8);
  owner.peer.membership.awaited.set(14, {
    since: 0,
    until: Number.POSITIVE_INFINITY,
    retryMs: 1_000,
  });
  read(owner, 1);
  owner.tell(1, [2, 9, 20]);
  expect(owner.outcomes()).toEqual([]);
  owner.peer.membership.awaited.delete(14);
  read(owner, 2);
  owner.tell(2, [9, 20]);
  expect(owner.outcomes()).toEqual(["missing"]);
});

test("after a death between them all the rest have to give their word, for a while", () => {
  const died = (id: number) => {
    const owner = new OnePeer(8, [...IDS, 30, 40]);
    learn(owner.peer, makeMember({ ...member(id), state: "dead" }), "lost");
    read(owner, 1);
    expect(owner.to("inquire").sort()).toEqual(id === 9 ? [14, 20, 30] : OTHERS.toSorted());
    return owner;
  };
  const owner = died(9);
  for (const id of [14, 20]) owner.hear(id, inquired(1, []));
  expect(owner.outcomes()).toEqual([]);
  owner.hear(30, inquired(1, []));
  expect(owner.outcomes()).toEqual(["missing"]);
  owner.pass(MOURNING_MS + 1);
  read(owner, 2);
  for (const id of [14, 20]) owner.hear(id, inquired(2, []));
  expect(owner.outcomes()).toEqual(["missing"]);
  // One that died elsewhere held nothing of it.
  const other = died(40);
  for (const id of [9, 14]) other.hear(id, inquired(1, []));
  expect(other.outcomes()).toEqual(["missing"]);
});

test("what those may have that were lost together is not said to be missing, while they are looked for", () => {
  const dead = (owner: OnePeer, id: number) =>
    learn(owner.peer, makeMember({ ...member(id), state: "dead" }), "lost");
  const asked = (owner: OnePeer, ask: Ask) => {
    const from = owner.peer.membership.view.members.find((m) => m.id !== owner.id)?.id ?? owner.id;
    owner.hear(from, routedFrom(from, 7, ask));
    owner.tell(
      7,
      owner.peer.membership.view.members.flatMap(({ id }) => (id === owner.id ? [] : [id])),
    );
    return owner.sent("answer").map(({ message }) => message.outcome);
  };
  const write = { number: 1, after: 0, require: 0 };
  const asks: Ask[] = [
    READ,
    { kind: "where", name: "plan", key: 7 },
    { kind: "remove", name: "plan", key: 7, write },
  ];
  for (const [ask, what] of asks.map((a, i) => [a, ["Request", "Where", "Remove"][i]] as const)) {
    const owner = new OnePeer(8);
    for (const id of [9, 14]) dead(owner, id);
    const why = `${what} plan is not possible: no peer that is here has it, and 9 and 14, which were lost together, may have it.`;
    expect(asked(owner, ask)).toEqual([{ kind: "failed", why, maybe: false }]);
  }
  // One alone never had the only copies; nor had one that died when they had been copied again.
  for (const [first, second, waitMs] of [
    [9, 9, 0],
    [9, 14, MOURNING_MS + 1],
    [9, 2, 0],
  ] as const) {
    const owner = new OnePeer(8, [...IDS, 30]);
    dead(owner, first);
    owner.pass(waitMs);
    owner.give({ type: "tick" });
    dead(owner, second);
    expect(asked(owner, READ)).toMatchObject([{ kind: "missing" }]);
  }
  // Of deaths that it was told of it cannot say when they were.
  const told = new OnePeer(8, [2, 8, 20, 30]);
  for (const id of [9, 14]) {
    learn(told.peer, makeMember({ ...member(id), state: "dead" }), "suspicion");
  }
  expect(asked(told, READ)).toMatchObject([{ kind: "missing" }]);
  // With one copy its owner is enough, and nobody else matters.
  for (const [self, id, kind] of [
    [14, 8, "failed"],
    [8, 14, "missing"],
  ] as const) {
    const one = new OnePeer(self, [8, 14, 20], [], { replicationFactor: 1 });
    dead(one, id);
    expect(asked(one, READ)).toMatchObject([{ kind }]);
  }
  // However many were lost since, elsewhere.
  const many = Array.from({ length: 70 }, (_, i) => 100 + i);
  const large = new OnePeer(8, [...IDS, 30, ...many]);
  for (const id of [9, 14, ...many]) dead(large, id);
  expect(asked(large, READ)).toMatchObject([{ kind: "failed" }]);
  const late = new OnePeer(8);
  for (const id of [9, 14]) dead(late, id);
  late.now += LOST_TRY_FOR_MS + 1;
  expect(asked(late, READ)).toMatchObject([{ kind: "missing" }]);
});
