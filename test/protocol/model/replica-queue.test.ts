/** What several peers offer is fetched in turns, and nobody's slowness holds back what others offer. */
import { expect, test } from "bun:test";
import {
  BODY_BYTES,
  FETCHES_AT_ONCE,
  FETCHES_PER_SENDER,
  REPLICAS_QUEUED,
  REPLICAS_QUEUED_PER_SENDER,
  SMALL_FETCHES_AT_ONCE,
  SMALL_FETCHES_PER_SENDER,
} from "../../../src/protocol/model/config.ts";
import { ReplicaQueue } from "../../../src/protocol/model/replica-queue.ts";
import { member, OnePeer, recordOf } from "../one-peer.ts";

const LARGE = BODY_BYTES + 1;

function records(count: number, size: number, prefix: string) {
  return Array.from({ length: count }, (_, i) =>
    recordOf(8, 3, 7, { name: `${prefix}${i}`, size, sha256: "ab".repeat(32) }),
  );
}

/** Names that a peer begins to fetch when it is offered these. */
function fetched(peer: OnePeer, from: number, count: number, size: number): number {
  const offered = records(count, size, `${from}-${size}-`);
  const effects = peer.hear(from, { tag: "replicate", records: offered, origin: null });
  return effects.filter((e) => e.type === "fetch").length;
}

test("one sender never has all places, and small ones pass by large ones that wait", () => {
  const holder = new OnePeer(9);
  expect(fetched(holder, 8, 100, LARGE)).toBe(FETCHES_PER_SENDER);
  expect(fetched(holder, 8, 100, 1)).toBe(SMALL_FETCHES_PER_SENDER - FETCHES_PER_SENDER);
  expect(fetched(holder, 14, 100, LARGE)).toBe(FETCHES_AT_ONCE - FETCHES_PER_SENDER);
  expect(fetched(holder, 20, 100, LARGE)).toBe(0);
  const left = SMALL_FETCHES_AT_ONCE - SMALL_FETCHES_PER_SENDER - 2;
  expect(fetched(holder, 20, 100, 1)).toBe(left);
});

test("all that was offered comes, and senders take turns", () => {
  const holder = new OnePeer(9);
  fetched(holder, 8, 50, LARGE);
  fetched(holder, 14, 50, LARGE);
  const began: string[] = [];
  while (holder.peer.replication.jobs.size > 0) {
    const jobs = [...holder.peer.replication.jobs];
    for (const [job, what] of jobs) {
      if (what.kind !== "replica") continue;
      began.push(what.record.name);
      const { size, sha256 } = what.record;
      holder.give({ type: "fetched", job, result: { ok: true, size, sha256 } });
    }
  }
  expect(began.length).toBe(100);
  const first = began.slice(0, 40).filter((name) => name.startsWith("14-")).length;
  expect(first).toBeGreaterThan(10);
  expect(holder.peer.replication.replicaQueue.size).toBe(0);
});

test("the line has an end, and one sender cannot fill it", () => {
  const queue = new ReplicaQueue();
  const add = (from: number, count: number) => {
    for (const record of records(count, LARGE, `${from}-`)) {
      queue.add({ record, from: member(from), origin: null });
    }
  };
  add(8, REPLICAS_QUEUED);
  expect(queue.size).toBe(REPLICAS_QUEUED_PER_SENDER);
  add(8, 10);
  add(14, REPLICAS_QUEUED);
  expect(queue.size).toBe(REPLICAS_QUEUED);
  const taken = [0, 1, 2].map(() => {
    const next = queue.take(
      () => true,
      () => true,
    );
    return next?.from.id;
  });
  expect(taken).toEqual([8, 14, 8]);
  expect([...queue.values()].length).toBe(queue.size);
});
