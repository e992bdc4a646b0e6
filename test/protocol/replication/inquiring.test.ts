/** What an owner asks about a name before it answers, and whose word it goes by. */
import { expect, test } from "bun:test";
import { learn } from "../../../src/protocol/membership/records.ts";
import { INQUIRE_MS } from "../../../src/protocol/model/config.ts";
import { EMPTY_SHA256, heldVersion } from "../../../src/protocol/model/files.ts";
import { makeMember, NO_INSTANCE } from "../../../src/protocol/model/member.ts";
import {
  IDS,
  inquired,
  inquireOf,
  member,
  OnePeer,
  OTHERS,
  READ,
  recordOf,
  routedFrom,
} from "../one-peer.ts";
import { dies, read } from "../situations.ts";

/** What 14 has versioned. */
const FOUND = recordOf(14, 3, 7);

/** One that this ring has never seen. */
const STRANGER = 11;

const LEASE = { tag: "lease", nonce: 5, from: 2, to: 8, asked: [8, 9, 14, 20] } as const;

test("a read goes on as soon as all but W-1 of the R+1 have answered, and not before", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  expect(owner.to("inquire").sort()).toEqual(OTHERS.toSorted());
  owner.hear(20, inquired(1, []));
  expect(owner.outcomes()).toEqual([]);
  // What one says twice counts once, what one of another place says not at all.
  owner.hear(20, inquired(1, []));
  owner.hear(2, inquired(1, []));
  expect(owner.outcomes()).toEqual([]);
  owner.hear(9, inquired(1, []));
  expect(owner.outcomes()).toEqual(["missing"]);
});

test("nothing is taken in of one that was not asked, whatever it says, nor of another run of one that was", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  const inquiry = owner.peer.replication.inquiries.get(1);
  const other = makeMember({ ...member(20), instance: "ab".repeat(8), address: "127.0.0.1:1" });
  for (const from of [member(2), member(STRANGER), other])
    owner.hear(from, inquired(1, [FOUND], { lost: [heldVersion(FOUND)], rejected: true }));
  expect([...(inquiry?.heard.keys() ?? [])]).toEqual([member(8).instance]);
  expect([inquiry?.ahead.size, inquiry?.lost.size, inquiry?.rejected.size]).toEqual([0, 0, 0]);
  expect(inquiry?.siblings).toEqual([]);
  owner.hear(20, inquired(1, [FOUND]));
  expect(inquiry?.siblings).toHaveLength(1);
});

test("with too few a read says soon that it is not possible now, and does nothing later", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.hear(9, inquired(1, [FOUND]));
  expect(owner.outcomes()).toEqual([]);
  owner.pass(INQUIRE_MS);
  const answers = owner.sent("answer").map(({ message }) => message.outcome);
  expect(answers).toEqual([{ kind: "unavailable", answered: 2, needed: 3 }]);
  owner.hear(14, inquired(1, [FOUND]));
  expect(owner.outcomes()).toEqual([]);
});

test("word counts once those that its sender knows of have been asked as well, or are gone", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, READ));
  expect(owner.sent("inquire")[0]?.message.asked).toEqual([8, ...OTHERS]);
  owner.hear(9, inquired(1, [], { others: [member(STRANGER)] }));
  const tried = owner.effects;
  owner.tell(1, [14]);
  expect(owner.outcomes()).toEqual([]);
  owner.effects = tried;
  owner.answerPing(STRANGER);
  expect(owner.to("inquire")).toEqual([STRANGER]);
  expect(owner.outcomes()).toEqual([]);
  owner.tell(1, [STRANGER, 20]);
  expect(owner.outcomes()).toEqual(["missing"]);

  const departed = new OnePeer(8);
  departed.hear(2, routedFrom(2, 1, READ));
  departed.hear(9, inquired(1, [], { others: [member(STRANGER)] }));
  learn(departed.peer, makeMember({ ...member(STRANGER), state: "dead" }), "lost");
  // After a death all have to speak.
  departed.tell(1, [14, 20]);
  expect(departed.outcomes()).toEqual(["missing"]);
});

test("one that is only expected has not been asked, and one that was restarted is asked anew", () => {
  const owner = new OnePeer(8, [8, 9, 20]);
  const expected = makeMember({ ...member(14), instance: NO_INSTANCE, incarnation: 0 });
  owner.peer.membership.view = owner.peer.membership.view.with(expected);
  owner.hear(9, routedFrom(9, 1, READ));
  owner.hear(9, inquired(1, [], { others: [member(14)] }));
  expect(owner.outcomes()).toEqual([]);
  const again = new OnePeer(8);
  learn(again.peer, makeMember({ ...member(STRANGER), state: "dead" }), "lost");
  again.hear(2, routedFrom(2, 1, READ));
  again.hear(9, inquired(1, [], { others: [makeMember({ ...member(STRANGER), incarnation: 3 })] }));
  again.tell(1, [14, 20]);
  expect(again.outcomes()).toEqual([]);
});

test("a replica names those that were not asked, and promises nothing to an owner that does not know them", () => {
  const replica = new OnePeer(9);
  replica.hear(8, inquireOf("plan", 1, [8, 9, 14]));
  expect(replica.sent("inquired")[0]?.message.others.map((m) => m.id)).toEqual([20]);
  replica.hear(8, inquireOf("plan", 2, IDS));
  expect(replica.sent("inquired")[0]?.message.others).toEqual([]);
  for (const [asked, granted] of [
    [[8, 9, 14], false],
    [[8, 9, 14, 20], true],
  ] as const) {
    replica.hear(8, { ...LEASE, asked });
    expect(replica.sent("leased")[0]?.message.granted).toBe(granted);
  }
});

test("of a write that one told of who has died since, that one counts for nothing", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, READ));
  owner.tell(1, [9], [FOUND]);
  dies(owner, 9);
  owner.tell(1, [14], [FOUND]);
  owner.tell(1, [20, 2]);
  expect([...owner.outcomes(), ...owner.to("delegate")]).toEqual([]);
  expect(owner.to("replicate").length).toBeGreaterThan(0);
});

test("of an operation with two versions only those that have the greater one count", () => {
  const greater = recordOf(20, 9, 7);
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 1, READ));
  owner.tell(1, [9], [FOUND]);
  owner.tell(1, [20], [greater]);
  owner.tell(1, [14]);
  expect([...owner.outcomes(), ...owner.to("delegate")]).toEqual([]);
  expect(owner.to("replicate")).toContain(9);
});

test("where others have no room, whoever can keep a write is heard: it may have been read from there", () => {
  const removal = recordOf(8, 9, 6, {
    size: 0,
    sha256: EMPTY_SHA256,
    removed: true,
    versionVector: [FOUND.version],
  });
  const owner = new OnePeer(8, [8, 9, 14, 20]);
  owner.peer.replication.refusals.set("plan", [removal]);
  read(owner, 1);
  for (const id of [9, 14]) owner.hear(id, { ...inquired(1, [FOUND]), rejected: true });
  expect([...owner.outcomes(), ...owner.to("delegate")]).toEqual([]);
  const all = [...owner.hear(20, inquired(1, [removal])), ...owner.pass(5_000)];
  expect(all.some((e) => e.type === "send" && e.message.tag === "delegate")).toBe(false);
});

test("of a pair the word of one that could not keep the file is not enough, nor need it take a copy", () => {
  const owner = new OnePeer(8, [8, 14]);
  owner.peer.replication.refusals.set("plan", [FOUND]);
  owner.peer.replication.knownStale.set("plan", [FOUND]);
  read(owner, 1);
  expect(owner.outcomes()).toEqual([]);
  owner.hear(14, inquired(1, [FOUND]));
  // The disk is still full: what 14 has is all that there can be.
  for (const effect of owner.effects) {
    if (effect.type !== "fetch") continue;
    const result = { ok: false, here: true, why: "full" } as const;
    owner.give({ type: "fetched", job: effect.job, result });
  }
  expect(owner.to("delegate")).toEqual([14]);
});

test("the word of one that has lost a copy counts only where all have spoken", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.hear(9, { ...inquired(1, []), lost: [FOUND] });
  owner.hear(20, inquired(1, []));
  expect(owner.outcomes()).toEqual([]);
  owner.hear(14, inquired(1, [FOUND]));
  expect(owner.to("replicate")).toContain(9);
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
  expect(owner.outcomes()).toEqual(["missing"]);
  // Of a pair the third, which is not here, may have it.
  const pair = new OnePeer(8, [8, 9]);
  pair.peer.replication.lost.set("plan", [FOUND]);
  pair.peer.replication.knownStale.set("plan", [FOUND]);
  read(pair, 3);
  pair.hear(9, inquired(3, []));
  expect(pair.outcomes()).toEqual(["failed"]);
});

test("what is damaged is not given up for an older write, or a removal that knew nothing of it, while one is lost that may have it", () => {
  const removal = recordOf(9, 1, 6, { size: 0, sha256: EMPTY_SHA256, removed: true });
  for (const other of [recordOf(9, 1, 6), removal]) {
    for (const lost of [true, false]) {
      const pair = new OnePeer(8, [8, 9, 14], [other]);
      pair.peer.replication.lost.set("plan", [FOUND]);
      pair.peer.replication.knownStale.set("plan", [FOUND]);
      // One that left in good order has handed on what it had.
      learn(pair.peer, makeMember({ ...member(14), state: lost ? "dead" : "left" }), "heard");
      read(pair, 1);
      pair.hear(9, inquired(1, [other]));
      const given = other.removed ? "missing" : "found";
      expect(pair.outcomes()).toEqual([lost ? "failed" : given]);
    }
  }
  // What the damaged one has lost is told of by another.
  const owner = new OnePeer(8, [8, 9, 14], [recordOf(9, 1, 7)]);
  read(owner, 2);
  owner.hear(9, { ...inquired(2, []), lost: [FOUND] });
  expect(owner.outcomes()).toEqual([]);
  owner.hear(14, inquired(2, [FOUND]));
  owner.pass(1_000);
  expect(owner.outcomes()).not.toContain("failed");
});
