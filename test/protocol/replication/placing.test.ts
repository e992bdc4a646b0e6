import { expect, test } from "bun:test";
import {
  COPIES_AT_ONCE,
  OFFER_RECORDS,
  REQUESTS_IN_FLIGHT,
} from "../../../src/protocol/model/config.ts";
import { EMPTY_SHA256 } from "../../../src/protocol/model/files.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { OFFERED_MS } from "../../../src/protocol/receiving.ts";
import {
  BODY,
  CONTENT,
  member,
  OnePeer,
  READ,
  routedFrom,
  storeAsk,
  version,
} from "../one-peer.ts";

const RING = [2, 8, 9];

/** Peer 8 of the ring 2, 8, 9: it owns the keys 3 to 8, and may answer alone. */
function settledOwner(): OnePeer {
  const owner = new OnePeer(8, RING);
  owner.hear(9, routedFrom(9, 1, READ));
  owner.grant([2, 9]);
  return owner;
}

test("a small content goes on with the offers, and back with the answer", () => {
  const owner = settledOwner();
  owner.hear(9, routedFrom(9, 6, storeAsk(1)), { body: BODY });
  expect(owner.to("offer").sort()).toEqual([2, 9]);
  for (const { body } of owner.sent("offer")) expect(body).toEqual({ kind: "body", number: 7 });
  const fetch = owner.effects.find((e) => e.type === "fetch");
  expect(fetch).toMatchObject({ source: { kind: "body", number: 7 } });
  const [{ message: offer } = {}] = owner.sent("offer");
  owner.durable();
  // On its own disk alone it is not safe yet: it is read once another has it.
  const files = offer?.records.map(({ name, operation, sha256, stamp }) => ({
    ...{ name, operation, sha256, stamp },
  }));
  owner.hear(9, { tag: "replicated", files: files ?? [], taking: false });
  owner.hear(9, routedFrom(9, 7, READ));
  expect(owner.to("inquire")).toEqual([]);
  const [answer, ...more] = owner.effects.filter((e) => e.type === "send");
  expect(more).toEqual([]);
  expect(answer).toMatchObject({
    to: member(9).address,
    message: { tag: "answer", outcome: { kind: "found", size: CONTENT.size } },
    body: { kind: "version", version: { name: "plan", sha256: CONTENT.sha256 } },
  });
});

test("an owner that may answer alone does not read out what is on its own disk only", () => {
  const owner = settledOwner();
  owner.hear(9, routedFrom(9, 6, storeAsk(1)), { body: BODY });
  owner.durable();
  owner.hear(2, routedFrom(2, 7, READ));
  expect(owner.to("answer")).toEqual([]);
  expect(owner.to("inquire").toSorted()).toEqual([2, 9]);
});

test("the other holders have a large content from the owner while it still comes in", () => {
  const owner = settledOwner();
  const content = { ...CONTENT, size: 1_000_000 };
  const effects = owner.hear(9, routedFrom(9, 6, storeAsk(1, { content })));
  const fetch = effects.find((e) => e.type === "fetch");
  expect(fetch).toMatchObject({ from: member(9).address, source: { kind: "ticket", request: 6 } });
  expect(fetch?.into).toMatchObject({ shared: true });
  const served = effects.find((e) => e.type === "serve");
  expect(served).toMatchObject({ what: { kind: "arriving", job: fetch?.job } });
  expect(owner.to("offer").sort()).toEqual([2, 9]);
  for (const { message } of owner.sent("offer")) {
    const { address } = member(8);
    expect(message).toMatchObject({ origin: { id: 8, address, request: served?.request } });
  }
});

test("a content that came late with its offer is had from the one that offers it, if that has it", () => {
  for (const [heldMs, sleptMs, kind] of [
    [OFFERED_MS, 0, "body"],
    [OFFERED_MS + 1, 0, "version"],
    [null, 0, "body"],
    [null, OFFERED_MS + 1, "version"],
  ] as const) {
    const holder = new OnePeer(9);
    if (sleptMs > 0) holder.give({ type: "woke", sleptMs });
    const offer = { tag: "offer", records: [version(8, 3, 1)], origin: null } as const;
    holder.hear(8, offer, { heldMs, body: BODY });
    const fetch = holder.effects.find((e) => e.type === "fetch");
    expect(fetch?.source.kind).toBe(kind);
  }
});

test("an owner whose view has changed asks before it speaks", () => {
  const owner = settledOwner();
  owner.hear(9, routedFrom(9, 5, READ));
  expect(owner.to("inquire")).toEqual([]);
  expect(owner.to("answer")).toEqual([9]);
  const left = makeMember({ ...member(2), state: "left" });
  owner.hear(left, { tag: "gossip", joining: false, members: [left] });
  // Of two every version is at both; so another comes first.
  owner.hear(member(4), {
    tag: "ping",
    nonce: 1,
    round: false,
    digest: 0,
    room: 0,
    awayMs: null,
    forgottenMs: null,
  });
  const ping = owner.sent("ping")[0]?.message;
  owner.hear(member(4), {
    tag: "pong",
    nonce: ping?.nonce ?? 0,
    round: false,
    digest: 0,
    room: 0,
    awayMs: null,
    forgottenMs: null,
  });
  expect(owner.peer.membership.view.size).toBe(3);
  owner.hear(9, routedFrom(9, 9, READ));
  expect(owner.to("inquire").sort()).toEqual([4, 9]);
  expect(owner.to("answer")).toEqual([]);
});

test("an owner that deals with too many requests says so, and gives up none for the next", () => {
  const owner = new OnePeer(8, RING);
  for (let i = 1; i <= REQUESTS_IN_FLIGHT; i++) owner.hear(9, routedFrom(9, i, READ));
  expect(owner.to("answer")).toEqual([]);
  owner.hear(9, routedFrom(9, REQUESTS_IN_FLIGHT + 1, READ));
  const outcome = {
    kind: "failed",
    why: expect.stringContaining("too many requests"),
    maybe: false,
  };
  expect(owner.sent("answer")[0]?.message).toMatchObject({ outcome });
  expect(owner.peer.replication.inquiries.has(1)).toBe(true);
  // One that it works on already is no new one.
  owner.hear(9, routedFrom(9, 1, READ));
  expect(owner.to("answer")).toEqual([]);
});

test("no more copies than fit are on their way to a disk; the rest is offered again", () => {
  const holder = new OnePeer(9, [2, 8, 9]);
  const names = Array.from({ length: COPIES_AT_ONCE + OFFER_RECORDS }, (_, i) => `n${i}`);
  let begun = 0;
  for (let at = 0; at < names.length; at += OFFER_RECORDS) {
    const records = names.slice(at, at + OFFER_RECORDS).map((name, i) => ({
      ...version(8, 1, at + i + 1),
      ...{ name, size: 0, sha256: EMPTY_SHA256, removed: true },
    }));
    const effects = holder.hear(8, { tag: "offer", records, origin: null });
    begun += effects.filter(({ type }) => type === "merge").length;
  }
  expect(begun).toBe(COPIES_AT_ONCE);
});
