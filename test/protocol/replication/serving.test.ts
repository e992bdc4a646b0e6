/** What an owner answers a read with, and what it does before: what is read is on a majority. */
import { expect, test } from "bun:test";
import { READ_WAIT_MS } from "../../../src/protocol/model/config.ts";
import { writeId } from "../../../src/protocol/model/files.ts";
import type { Ask } from "../../../src/protocol/model/messages.ts";
import {
  BODY,
  IDS,
  inquired,
  member,
  OnePeer,
  OTHERS,
  READ,
  recordOf,
  routedFrom,
  storeAsk,
} from "../one-peer.ts";
import { leased, read } from "../situations.ts";

/** What 14 has versioned. */
const FOUND = recordOf(14, 3, 7);

function remove(number: number, name = "plan"): Ask {
  return { kind: "remove", name, key: 5, write: { number, after: 0, require: 0 } };
}

test("a write on a majority is returned at once", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.tell(1, [9, 14], [FOUND]);
  expect(owner.to("delegate").length + owner.to("answer").length).toBe(1);
  expect(owner.to("replicate")).toEqual([]);
});

test("a write on a minority is copied to a majority before it is returned", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.tell(1, [9, 20]);
  expect(owner.outcomes()).toEqual(["missing"]);
  read(owner, 2);
  owner.hear(14, inquired(2, [FOUND]));
  owner.hear(9, inquired(2, []));
  // The last one may have it too.
  expect(owner.outcomes()).toEqual([]);
  owner.hear(20, inquired(2, []));
  expect(owner.outcomes()).toEqual([]);
  expect(owner.to("replicate")).toContain(9);
  expect(owner.effects).toContainEqual(
    expect.objectContaining({ type: "fetch", from: member(14).address }),
  );
  owner.durable();
  expect(owner.outcomes()).toEqual(["found"]);
});

test("a write that cannot be brought to a majority is not returned", () => {
  const owner = new OnePeer(8);
  read(owner, 2);
  for (const id of OTHERS) owner.hear(id, inquired(2, id === 14 ? [FOUND] : []));
  owner.pass(READ_WAIT_MS);
  expect(owner.sent("answer").map(({ message }) => message.outcome)).toEqual([
    { kind: "unavailable", answered: 1, needed: 2 },
  ]);
});

test("where a write is said to be on a minority, it is copied to a majority first as well", () => {
  const owner = new OnePeer(8);
  owner.hear(2, routedFrom(2, 2, { kind: "where", name: "plan", key: 5 }));
  for (const id of OTHERS) owner.hear(id, inquired(2, id === 14 ? [FOUND] : []));
  expect(owner.outcomes()).toEqual([]);
  expect(owner.to("replicate")).toContain(9);
  owner.durable();
  const [answer] = owner.sent("answer");
  expect(answer?.message.outcome).toMatchObject({ kind: "where", replicas: [8, 14] });
});

test("an owner that may answer alone does not read out what is on its own disk only", () => {
  const owner = leased([2, 8, 9], [2, 9]);
  owner.hear(9, routedFrom(9, 6, storeAsk(1)), { body: BODY });
  owner.durable();
  owner.hear(2, routedFrom(2, 7, READ));
  expect(owner.to("answer")).toEqual([]);
  expect(owner.to("inquire").toSorted()).toEqual([2, 9]);
});

test("an owner whose disk is slower than others asks them what they have of its own version", () => {
  const owner = leased();
  owner.hear(2, routedFrom(2, 7, storeAsk(1)), { body: BODY });
  const [versioned] = owner.sent("replicate")[0]?.message.records ?? [];
  expect(versioned).toBeDefined();
  // Another stood in for a while, and told of what 9 and 14 had already.
  read(owner, 8);
  expect(owner.to("inquire").toSorted()).toEqual(OTHERS.toSorted());
  owner.tell(8, [9, 14], versioned === undefined ? [] : [versioned]);
  expect(owner.outcomes()).not.toContain("missing");
});

test("the replicas from which a content may be had are named nearest first", () => {
  const named = [OTHERS, OTHERS.toReversed()].map((order) => {
    const large = { ...FOUND, size: 1_000_000 };
    const owner = new OnePeer(8, IDS, [large]);
    read(owner, 1);
    owner.tell(1, order.slice(0, 2), [large]);
    return owner.sent("answer").map(({ message }) => message.outcome);
  });
  expect(named).toMatchObject([
    [{ kind: "found", replicas: [9, 14] }],
    [{ kind: "found", replicas: [14, 20] }],
  ]);
});

test("a removal that was refused is not executed by its second copy when the file is whole again", () => {
  const owner = new OnePeer(8, IDS, [FOUND]);
  const { name, operation, sha256 } = FOUND;
  owner.give({ type: "damaged", write: { name, operation, sha256 } });
  owner.hear(20, routedFrom(20, 1, remove(1)));
  for (const id of [9, 14]) {
    const rest = { rejected: false, lost: [FOUND], room: 1_000_000, others: [] };
    owner.hear(id, { tag: "inquired", request: 1, records: [], ...rest });
  }
  owner.tell(1, [20]);
  expect(owner.sent("answer")[0]?.message.outcome).toMatchObject({ kind: "failed", maybe: false });
  owner.hear(2, { tag: "replicate", records: [FOUND], origin: null }, { body: BODY });
  owner.durable();
  owner.hear(20, routedFrom(20, 1, remove(1)));
  expect(owner.outcomes()).toEqual(["failed"]);
  expect(owner.to("inquire")).toEqual([]);
});

test("what an owner has not it lets the nearest of those serve who have", () => {
  const owner = new OnePeer(8);
  read(owner, 1);
  owner.tell(1, [20, 14], [FOUND]);
  expect(owner.to("answer")).toEqual([]);
  const [{ to, message } = {}] = owner.sent("delegate");
  expect(to).toBe(member(14).address);
  expect(message).toMatchObject({ asked: "plan", origin: { id: 2 }, write: writeId(FOUND) });
  if (message === undefined) return;
  const replica = new OnePeer(14, IDS, [FOUND]);
  replica.hear(8, message);
  expect(replica.sent("answer")).toMatchObject([
    { to: member(2).address, message: { outcome: { kind: "found", write: writeId(FOUND) } } },
  ]);
  // One that has lost it meanwhile says nothing: the origin asks again.
  const empty = new OnePeer(14);
  expect(empty.hear(8, message)).toEqual([]);
});

test("a large content is served under the request's id, and is said once to be sent and to have left", () => {
  const large = { ...FOUND, size: 1_000_000 };
  const owner = new OnePeer(8, IDS, [large]);
  const said: string[] = [];
  for (let i = 0; i < 2; i++) {
    read(owner, 1);
    owner.tell(1, [9, 14], [large]);
    expect(owner.effects).toContainEqual({
      ...{ type: "serve", request: 1, what: { kind: "write", write: writeId(large) } },
    });
    expect(owner.sent("answer")).toMatchObject([{ message: { outcome: { size: large.size } } }]);
    said.push(...owner.told("line").map(({ text }) => text));
  }
  for (let i = 0; i < 2; i++) {
    owner.give({ type: "served", request: 1, ok: true });
    said.push(...owner.told("line").map(({ text }) => text));
  }
  expect(said).toEqual([
    "File plan is stored here",
    "Sending file plan to Peer 2",
    "The file has been sent",
  ]);
});

test("what nobody has a numbered ring's owner looks for in its working folder", () => {
  for (const [size, kind] of [
    [100, "found"],
    [null, "missing"],
  ] as const) {
    const owner = new OnePeer(8, IDS, [], { bits: 8 });
    owner.hear(2, routedFrom(2, 1, { kind: "request", name: "0005", key: 5 }));
    owner.tell(1, [9, 14]);
    expect(owner.effects).toContainEqual({ type: "look", request: 1, name: "0005" });
    expect(owner.outcomes()).toEqual([]);
    owner.give({ type: "looked", request: 1, size });
    expect(owner.outcomes()).toEqual([kind]);
    const served = owner.effects.flatMap((e) => (e.type === "serve" ? [e.what] : []));
    expect(served).toEqual(size === null ? [] : [{ kind: "local", name: "0005" }]);
  }
});
