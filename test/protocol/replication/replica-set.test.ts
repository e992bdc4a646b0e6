import { expect, test } from "bun:test";
import { REPAIR_SETTLE_MS } from "../../../src/protocol/model/config.ts";
import { heldVersion } from "../../../src/protocol/model/files.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { Message } from "../../../src/protocol/model/messages.ts";
import { member, OnePeer, recordOf } from "../one-peer.ts";

/** Peer 8 holds a file of its own, whose other replicas are 9 and 14; the next after them is 20. */
const RECORD = recordOf(8, 1, 1);

function word(tag: "replicated" | "rejected"): Message {
  const files = [heldVersion(RECORD)];
  return tag === "replicated" ? { tag, files, taking: false } : { tag, files };
}

test("a substitute's copy counts no longer than it stands in for a replica", () => {
  const owner = new OnePeer(8, [2, 8, 9, 14, 20, 30], [RECORD]);
  owner.pass(1_000);
  owner.hear(9, word("rejected"));
  owner.pass(REPAIR_SETTLE_MS);
  expect(owner.to("replicate")).toContain(20);
  owner.hear(20, word("replicated"));
  // The replica has it after all: its substitute may drop its copy from now on.
  owner.hear(9, word("replicated"));
  expect(owner.peer.replication.confirmed.get(RECORD)).not.toContain(member(20).instance);
  owner.hear(9, word("rejected"));
  owner.pass(REPAIR_SETTLE_MS);
  expect(owner.to("replicate")).toContain(20);
});

test("late word of a former run of a replica is no copy", () => {
  const owner = new OnePeer(8, [2, 8, 9, 14, 20], [RECORD]);
  const former = makeMember({ ...member(9), incarnation: 0, instance: "f".repeat(16) });
  owner.hear(former, word("replicated"));
  expect(owner.peer.replication.confirmed.get(RECORD) ?? []).toEqual([]);
  owner.hear(9, word("replicated"));
  expect(owner.peer.replication.confirmed.get(RECORD)).toEqual([member(9).instance]);
});
