import { expect, test } from "bun:test";
import { PROBES_AT_ONCE } from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { member, OnePeer, routedFrom } from "../one-peer.ts";

/** Another process that wants the id 9, which 8 takes for a living member's. */
const JOINER = makeMember({ ...member(9), instance: "c".repeat(16), address: "127.0.0.1:4000" });
const JOIN = routedFrom(2, 7, { kind: "join", joiner: JOINER });

test("whoever wants an id that is taken waits until its holder was probed", () => {
  const acceptor = new OnePeer(8);
  acceptor.hear(2, JOIN);
  expect(acceptor.sent("join-answer")).toEqual([]);
  expect([...acceptor.peer.lifecycle.contested.keys()]).toEqual([9]);
});

test("where no probe can begin it is told to ask again, and nothing waits", () => {
  const acceptor = new OnePeer(8);
  const { probes } = acceptor.peer.membership;
  for (let i = 0; i < PROBES_AT_ONCE; i++) probes.set(1_000 + i, {} as never);
  acceptor.hear(2, JOIN);
  expect(acceptor.sent("join-answer")[0]?.message.outcome).toEqual({ kind: "busy" });
  expect(acceptor.peer.lifecycle.contested.size).toBe(0);
});
