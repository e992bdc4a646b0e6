/** Whose word a read rests on: a quorum's, given after the request came, or a lease. */
import { expect, test } from "bun:test";
import { learn } from "../../src/protocol/membership/records.ts";
import {
  INQUIRE_MS,
  LEASE_MS,
  LOST_TRY_FOR_MS,
  MOURNING_MS,
  NEW_MS,
  READ_WAIT_MS,
  UNAVAILABLE_MS,
} from "../../src/protocol/model/config.ts";
import { conflictName, EMPTY_SHA256, type FileRecord } from "../../src/protocol/model/files.ts";
import { makeMember, NO_INSTANCE } from "../../src/protocol/model/member.ts";
import type { Ask } from "../../src/protocol/model/messages.ts";
import { quorumFor } from "../../src/protocol/replication/quorum.ts";
import { isAuthoritative } from "../../src/protocol/replication/tenure.ts";
import {
  BODY,
  IDS,
  member,
  OnePeer,
  OTHERS,
  READ,
  routedFrom,
  storeAsk,
  version,
} from "./one-peer.ts";

const FOUND = version(14, 3, 7);

/** What a read was answered with in the last step. */
function outcomes(owner: OnePeer): string[] {
  return owner.sent("answer").map(({ message }) => message.outcome.kind);
}

/** A read comes from another member, or, where there is none, from the owner itself. */
function read(owner: OnePeer, request: number): void {
  const { members } = owner.peer.membership.view;
  const from = members.find((m) => m.id !== owner.id && m.state === "alive")?.id ?? owner.id;
  owner.hear(from, routedFrom(from, request, READ));
}

function inquired(request: number, records: readonly FileRecord[]) {
  return {
    tag: "inquired",
    request,
    records,
    rejected: false,
    lost: [],
    room: 1,
    others: [],
  } as const;
}

test("a read goes on as soon as all but W-1 of the R+1 have answered, and not before", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  expect(owner.to("inquire").sort()).toEqual(OTHERS.toSorted());
  owner.hear(20, inquired(1, []));
  expect(outcomes(owner)).toEqual([]);
  // What one says twice counts once, what one of another place says not at all.
  owner.hear(20, inquired(1, []));
  owner.hear(2, inquired(1, []));
  expect(outcomes(owner)).toEqual([]);
  owner.hear(9, inquired(1, []));
  expect(outcomes(owner)).toEqual(["missing"]);
});

test("with too few a read says soon that it is not possible now, and does nothing later", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.hear(9, inquired(1, [FOUND]));
  expect(outcomes(owner)).toEqual([]);
  owner.pass(INQUIRE_MS);
  const answers = owner.sent("answer").map(({ message }) => message.outcome);
  expect(answers).toEqual([{ kind: "unavailable", answered: 2, needed: 3 }]);
  owner.hear(14, inquired(1, [FOUND]));
  expect(outcomes(owner)).toEqual([]);
});

test("that it is not possible now is said once of each copy of a request", () => {
  const owner = new OnePeer(8);
  const told = () => {
    owner.pass(2 * INQUIRE_MS + 1);
    return outcomes(owner).filter((kind) => kind === "unavailable").length;
  };
  const store = () => owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
  store();
  expect(told()).toBe(1);
  expect(told()).toBe(0);
  store();
  expect(told()).toBe(1);
});

test("a person is told so after it was tried again for a moment", () => {
  const one = new OnePeer(2);
  const began = one.now;
  one.command(1, { kind: "request", name: "plan", key: 5 });
  let tries = 0;
  let sentence: string | null = null;
  for (; sentence === null && one.now < began + 60_000; one.pass(25)) {
    for (const { message } of one.sent("routed")) {
      tries += 1;
      const { request, route } = message;
      const outcome = { kind: "unavailable", answered: 1, needed: 3 } as const;
      one.hear(8, { tag: "answer", request, outcome, route: [...route, 8], via: [], lost: false });
      for (const e of one.effects) {
        if (e.type !== "event" || e.event.event !== "outcome") continue;
        const { outcome: end } = e.event;
        sentence = end.kind === "failed" && !end.maybe ? end.why : end.kind;
      }
    }
  }
  expect(sentence).toBe(
    "Request plan is not possible now: 1 of the 3 peers answered that have to: try again in a moment.",
  );
  expect(tries).toBeGreaterThan(1);
  expect(one.now - began).toBeLessThan(2 * UNAVAILABLE_MS);
});

test("a version on a minority is copied to a majority before it is returned", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.tell(1, [9, 20]);
  expect(outcomes(owner)).toEqual(["missing"]);
  read(owner, 2);
  owner.hear(14, inquired(2, [FOUND]));
  owner.hear(9, inquired(2, []));
  // The last one may have it too.
  expect(outcomes(owner)).toEqual([]);
  owner.hear(20, inquired(2, []));
  expect(outcomes(owner)).toEqual([]);
  expect(owner.to("offer")).toContain(9);
  expect(owner.effects).toContainEqual(
    expect.objectContaining({ type: "fetch", from: member(14).address }),
  );
  owner.durable();
  expect(outcomes(owner)).toEqual(["found"]);
});

test("a version that cannot be brought to a majority is not returned", () => {
  const owner = new OnePeer(8);
  read(owner, 2);
  for (const id of OTHERS) owner.hear(id, inquired(2, id === 14 ? [FOUND] : []));
  owner.pass(READ_WAIT_MS);
  expect(owner.sent("answer").map(({ message }) => message.outcome)).toEqual([
    { kind: "unavailable", answered: 1, needed: 2 },
  ]);
});

test("where a version is said to be on a minority, it is copied to a majority first as well", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 2, { kind: "where", name: "plan", key: 5 }));
  for (const id of OTHERS) owner.hear(id, inquired(2, id === 14 ? [FOUND] : []));
  expect(outcomes(owner)).toEqual([]);
  expect(owner.to("offer")).toContain(9);
  owner.durable();
  const [answer] = owner.sent("answer");
  expect(answer?.message.outcome).toMatchObject({ kind: "where", holders: [8, 14] });
});

test("an owner whose disk is slower than others asks them what they have of its own stamp", () => {
  const owner = leased();
  owner.hear(2, routedFrom(2, 7, storeAsk(1)), { body: BODY });
  const [stamped] = owner.sent("offer")[0]?.message.records ?? [];
  expect(stamped).toBeDefined();
  // Another stood in for a while, and told of what 9 and 14 had already.
  read(owner, 8);
  expect(owner.to("inquire").toSorted()).toEqual(OTHERS.toSorted());
  owner.tell(8, [9, 14], stamped === undefined ? [] : [stamped]);
  expect(outcomes(owner)).not.toContain("missing");
});

test("a version on a majority is returned at once", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.tell(1, [9, 14], [FOUND]);
  expect(owner.to("delegate").length + owner.to("answer").length).toBe(1);
  expect(owner.to("offer")).toEqual([]);
});

test("what is damaged is not given up for an older version, or a removal that knew nothing of it, while one is lost that may have it", () => {
  const removal = version(9, 1, 6, { size: 0, sha256: EMPTY_SHA256, removed: true });
  for (const other of [version(9, 1, 6), removal]) {
    for (const lost of [true, false]) {
      const pair = new OnePeer(8, [8, 9, 14], [other]);
      pair.peer.replication.lost.set("plan", [FOUND]);
      pair.peer.replication.knownStale.set("plan", [FOUND]);
      // One that left in good order has handed on what it had.
      learn(pair.peer, makeMember({ ...member(14), state: lost ? "dead" : "left" }), "heard");
      read(pair, 1);
      pair.hear(9, inquired(1, [other]));
      const given = other.removed ? "missing" : "found";
      expect(outcomes(pair)).toEqual([lost ? "failed" : given]);
    }
  }
  // What the damaged one has lost is told of by another.
  const owner = new OnePeer(8, [8, 9, 14], [version(9, 1, 7)]);
  read(owner, 2);
  owner.hear(9, { ...inquired(2, []), lost: [FOUND] });
  expect(outcomes(owner)).toEqual([]);
  owner.hear(14, inquired(2, [FOUND]));
  owner.pass(1_000);
  expect(outcomes(owner)).not.toContain("failed");
});

test("where others have no room, whoever can keep a version is heard: it may have been read from there", () => {
  const removal = version(8, 9, 6, {
    size: 0,
    sha256: EMPTY_SHA256,
    removed: true,
    replaced: [FOUND.stamp],
  });
  const owner = new OnePeer(8, [8, 9, 14, 20]);
  owner.peer.replication.refusals.set("plan", [removal]);
  read(owner, 1);
  for (const id of [9, 14]) owner.hear(id, { ...inquired(1, [FOUND]), rejected: true });
  expect([...outcomes(owner), ...owner.to("delegate")]).toEqual([]);
  const all = [...owner.hear(20, inquired(1, [removal])), ...owner.pass(5_000)];
  expect(all.some((e) => e.type === "send" && e.message.tag === "delegate")).toBe(false);
});

test("the word of one that has lost a copy counts only where all have spoken", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.hear(9, { ...inquired(1, []), lost: [FOUND] });
  owner.hear(20, inquired(1, []));
  expect(outcomes(owner)).toEqual([]);
  owner.hear(14, inquired(1, [FOUND]));
  expect(owner.to("offer")).toContain(9);
});

test("what was there and is damaged is not said to be missing, unless a quorum never had it", () => {
  const owner = new OnePeer(8, [8, 9, 14]);
  read(owner, 1);
  for (const id of [9, 14]) owner.hear(id, { ...inquired(1, []), lost: [FOUND] });
  expect(owner.sent("answer").map(({ message }) => message.outcome)).toEqual([
    {
      kind: "failed",
      why: "Request plan is not possible: the copies on 9 and 14 were damaged, and no other peer that is here has one.",
      maybe: false,
    },
  ]);
  read(owner, 2);
  owner.hear(9, { ...inquired(2, []), lost: [FOUND] });
  owner.hear(14, inquired(2, []));
  expect(outcomes(owner)).toEqual(["missing"]);
  // Of a pair the third, which is not here, may have it.
  const pair = new OnePeer(8, [8, 9]);
  pair.peer.replication.lost.set("plan", [FOUND]);
  pair.peer.replication.knownStale.set("plan", [FOUND]);
  read(pair, 3);
  pair.hear(9, inquired(3, []));
  expect(outcomes(pair)).toEqual(["failed"]);
});

test("of a pair the word of one that could not keep the file is not enough, nor need it take a copy", () => {
  const owner = new OnePeer(8, [8, 14]);
  owner.peer.replication.refusals.set("plan", [FOUND]);
  owner.peer.replication.knownStale.set("plan", [FOUND]);
  read(owner, 1);
  expect(outcomes(owner)).toEqual([]);
  owner.hear(14, inquired(1, [FOUND]));
  // The disk is still full: what 14 has is all that there can be.
  for (const effect of owner.effects) {
    if (effect.type !== "fetch") continue;
    const result = { ok: false, here: true, why: "full" } as const;
    owner.give({ type: "fetched", job: effect.job, result });
  }
  expect(owner.to("delegate")).toEqual([14]);
});

test("those that have just come are asked besides those that were there before", () => {
  const owner = new OnePeer(8);
  for (const id of [10, 11, 12]) learn(owner.peer, member(id), "joined");
  read(owner, 1);
  expect(owner.to("inquire").sort((a, b) => a - b)).toEqual([9, 10, 11, 12, 14, 20]);
  owner.tell(1, [9, 10, 11, 12]);
  expect(outcomes(owner)).toEqual([]);
  owner.tell(1, [14]);
  expect(outcomes(owner)).toEqual(["missing"]);
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
  const ping = owner.sent("ping").find(({ to }) => to === member(80).address)?.message;
  if (ping !== undefined) owner.hear(80, { ...ping, tag: "pong" });
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
  expect(outcomes(owner)).toEqual([]);
  owner.pass(INQUIRE_MS);
  const unavailable = { kind: "unavailable", answered: 4, needed: 5 };
  expect(owner.sent("answer").map(({ message }) => message.outcome)).toMatchObject([unavailable]);
  owner.tell(1, [10], [FOUND]);
  expect(outcomes(owner)).not.toContain("missing");
  owner.pass(NEW_MS + 1);
  read(owner, 2);
  owner.tell(2, [9, 14, 20]);
  expect(outcomes(owner)).toEqual(["missing"]);
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

test("one that has just joined asks far beyond the holders, and none of them may be missing", () => {
  // 30 may be the only one that was there before: the others, which joined with it, know of nothing.
  const owner = new OnePeer(8, [...IDS, 30]);
  owner.peer.lifecycle.enteredAt = owner.now;
  read(owner, 1);
  expect(owner.to("inquire").sort((a, b) => a - b)).toEqual([2, 9, 14, 20, 30]);
  owner.tell(1, [2, 9, 14, 20]);
  expect(outcomes(owner)).toEqual([]);
  owner.tell(1, [30], [FOUND]);
  expect(outcomes(owner)).not.toContain("missing");
  owner.pass(NEW_MS + 1);
  read(owner, 2);
  expect(owner.to("inquire").sort((a, b) => a - b)).toEqual(OTHERS);
});

test("of two that have just met none answers alone, nor by a lease without the other", () => {
  const alone = new OnePeer(8, [8]);
  expect(isAuthoritative(alone.peer, { name: "plan", key: 7 })).toBe(true);
  learn(alone.peer, member(9), "returned");
  expect(answersAlone(alone, 2)).toBe(false);
  const owner = new OnePeer(8);
  learn(owner.peer, member(10), "returned");
  expect(answersAlone(owner, 1)).toBe(false);
  owner.grant([9, 14, 20]);
  expect(answersAlone(owner, 2)).toBe(false);
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
  expect(outcomes(owner)).toEqual([]);
  owner.peer.membership.awaited.delete(14);
  read(owner, 2);
  owner.tell(2, [9, 20]);
  expect(outcomes(owner)).toEqual(["missing"]);
});

test("one that was named by hand is no new member when it is met, and one that comes unknown is", () => {
  const owner = new OnePeer(8);
  owner.peer.membership.view = owner.peer.membership.view.with(
    makeMember({ ...member(11), instance: NO_INSTANCE, incarnation: 0 }),
  );
  owner.hear(11, { tag: "ack", request: 1 });
  expect(owner.peer.membership.view.find(11)?.instance).toBe(member(11).instance);
  const fresh = () => quorumFor(owner.peer, 5, 0).fresh.map((m) => m.id);
  expect(fresh()).toEqual([]);
  learn(owner.peer, member(12), "joined");
  expect(fresh()).toEqual([12]);
});

/** True if a read is answered without asking anybody. */
function answersAlone(owner: OnePeer, request: number): boolean {
  read(owner, request);
  const asked = owner.to("inquire").length > 0;
  expect(outcomes(owner)).toEqual(asked ? [] : ["missing"]);
  return !asked;
}

function leased(): OnePeer {
  const owner = new OnePeer(8);
  expect(answersAlone(owner, 1)).toBe(false);
  owner.grant([9, 14]);
  expect(answersAlone(owner, 2)).toBe(true);
  return owner;
}

test("one promise alone is no lease, and none without a comparison", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  const { effects } = owner;
  const nonce = owner.sent("lease")[0]?.message.nonce ?? 0;
  owner.grant([9]);
  expect(answersAlone(owner, 2)).toBe(false);
  owner.effects = effects;
  for (const id of OTHERS) owner.hear(id, { tag: "leased", nonce, granted: true, clean: false });
  expect(answersAlone(owner, 3)).toBe(false);
});

test("a lease lasts for so long after it was asked for, and is renewed while it is used", () => {
  const owner = leased();
  owner.pass(LEASE_MS - 1);
  read(owner, 3);
  expect(owner.to("inquire")).toEqual([]);
  // What both have is known from now on: a promise is enough.
  expect(owner.to("compare")).toEqual([]);
  owner.grant([9, 20]);
  owner.pass(1);
  expect(answersAlone(owner, 4)).toBe(false);
  const again = leased();
  again.pass(LEASE_MS - 1);
  read(again, 3);
  again.grant([9, 14]);
  again.pass(LEASE_MS - 1);
  expect(answersAlone(again, 4)).toBe(true);
  again.pass(LEASE_MS);
  expect(answersAlone(again, 5)).toBe(false);
});

test("a lease ends with a sleep, and with a change of the view", () => {
  const slept = leased();
  slept.give({ type: "woke", sleptMs: 10 });
  expect(answersAlone(slept, 3)).toBe(false);
  const changed = leased();
  learn(changed.peer, makeMember({ ...member(2), state: "left" }), "left");
  expect(answersAlone(changed, 3)).toBe(false);
});

test("a promise that was given before a sleep, or for another lease, is none", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  const { effects } = owner;
  owner.give({ type: "woke", sleptMs: 10 });
  owner.effects = effects;
  owner.grant([9, 14]);
  expect(answersAlone(owner, 2)).toBe(false);
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
  expect(outcomes(owner)).toEqual([]);
  owner.hear(30, inquired(1, []));
  expect(outcomes(owner)).toEqual(["missing"]);
  owner.pass(MOURNING_MS + 1);
  read(owner, 2);
  for (const id of [14, 20]) owner.hear(id, inquired(2, []));
  expect(outcomes(owner)).toEqual(["missing"]);
  // One that died elsewhere held nothing of it.
  const other = died(40);
  for (const id of [9, 14]) other.hear(id, inquired(1, []));
  expect(outcomes(other)).toEqual(["missing"]);
});

test("a person is told so of a content whose sender has died only after it was tried for as long", () => {
  const one = new OnePeer(2);
  one.command(1, { kind: "request", name: "plan", key: 5 });
  const [sent] = one.sent("routed");
  const request = sent?.message.request ?? 0;
  const version = { name: "plan", operation: FOUND.operation, sha256: FOUND.sha256 };
  const answer = { tag: "answer", request, route: [2, 8], via: [], lost: false } as const;
  one.hear(8, { ...answer, outcome: { kind: "found", size: 1e9, version, holders: [] } });
  const fetch = one.effects.find((e) => e.type === "fetch");
  // It moves for long, and breaks off.
  one.pass(10 * UNAVAILABLE_MS);
  const result = { ok: false, why: "It broke off.", here: false } as const;
  one.give({ type: "fetched", job: fetch?.job ?? 0, result });
  one.pass(100);
  expect(one.to("routed")).toEqual([8]);
  one.hear(9, { ...answer, outcome: { kind: "unavailable", answered: 1, needed: 3 } });
  expect(one.peer.requests.pending.has(request)).toBe(true);
  one.pass(100);
  expect(one.to("routed").length).toBeGreaterThan(0);
});

test("a conflict of a long name is found under its own, whoever holds it, and can be removed", () => {
  const name = "a".repeat(250);
  const own = {
    name,
    operation: { origin: member(9).instance, number: 8 },
    sha256: "cd".repeat(32),
  };
  const [conflict, winner] = [{ ...FOUND, name }, version(9, 5, 8, own)];
  const asked = conflictName(conflict);
  for (const held of [[conflict, winner], []]) {
    const owner = new OnePeer(8, IDS, held);
    owner.hear(2, routedFrom(2, 1, { kind: "request", name: asked, key: 5 }));
    for (const { message } of owner.sent("inquire")) {
      const holder = new OnePeer(14, IDS, [conflict, winner]);
      holder.hear(8, message);
      expect(holder.sent("inquired")[0]?.message.records.length).toBe(2);
    }
    owner.tell(1, [9, 14], [conflict, winner]);
    expect(owner.to("delegate").length + owner.to("answer").length).toBe(1);
    expect(outcomes(owner)).not.toContain("missing");
    const write = { number: 20, after: 0, require: 0 };
    owner.hear(2, routedFrom(2, 2, { kind: "remove", name: asked, key: 5, write }));
    owner.tell(2, [9, 14], [conflict, winner]);
    const removal = owner.sent("offer")[0]?.message.records[0];
    expect(removal).toMatchObject({ name, removed: true, apart: true });
    expect(removal?.replaced).toEqual([conflict.stamp]);
    expect(removal?.spared).toEqual([winner.stamp]);
  }
});

test("the holders from which a content may be had are named nearest first", () => {
  const named = [OTHERS, OTHERS.toReversed()].map((order) => {
    const large = { ...FOUND, size: 1_000_000 };
    const owner = new OnePeer(8, IDS, [large]);
    read(owner, 1);
    owner.tell(1, order.slice(0, 2), [large]);
    return owner.sent("answer").map(({ message }) => message.outcome);
  });
  expect(named).toMatchObject([
    [{ kind: "found", holders: [9, 14] }],
    [{ kind: "found", holders: [14, 20] }],
  ]);
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
    const one = new OnePeer(self, [8, 14, 20], [], { copies: 1 });
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
