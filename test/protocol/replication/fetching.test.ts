/** Contents that a peer has its driver get: how many at a time, from whom, and as what. */
import { expect, test } from "bun:test";
import {
  BODY_BYTES,
  FETCHES_PER_SENDER,
  SMALL_FETCHES_PER_SENDER,
} from "../../../src/protocol/model/config.ts";
import { type FileRecord, writeId } from "../../../src/protocol/model/files.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { sourceOf } from "../../../src/protocol/replication/fetching.ts";
import { BODY, CONTENT, idAt, member, OnePeer, recordOf } from "../one-peer.ts";

/** So many writes of 8, each of a name of its own. */
function versionsOf(count: number, size: number): FileRecord[] {
  return Array.from({ length: count }, (_, i) =>
    recordOf(8, i + 1, i + 1, { name: `n${i}`, size }),
  );
}

function fetches(effects: readonly Effect[]): Extract<Effect, { type: "fetch" }>[] {
  return effects.filter((e) => e.type === "fetch");
}

test.each([
  ["large", BODY_BYTES + 1, FETCHES_PER_SENDER],
  ["small", BODY_BYTES, SMALL_FETCHES_PER_SENDER],
])(
  "so many %s copies come in from one at a time, and as each ends the next begins",
  (_, size, most) => {
    const replica = new OnePeer(9);
    const records = versionsOf(most + 2, size);
    const begun = fetches(replica.hear(8, { tag: "replicate", records, origin: null }));
    expect(begun.map(({ file }) => file)).toEqual(records.slice(0, most).map(({ name }) => name));
    for (const [i, { job, into }] of begun.slice(0, 3).entries()) {
      if (into.kind !== "store") throw new Error("it is no copy");
      const result = { ok: true, size, sha256: into.sha256 } as const;
      const next = fetches(replica.give({ type: "fetched", job, result }));
      expect(next.map(({ file }) => file)).toEqual(
        records.slice(most + i, most + i + 1).map(({ name }) => name),
      );
    }
  },
);

test("a write that is on its way comes from one alone; where that fails, from the other who has it", () => {
  const replica = new OnePeer(9);
  const record = recordOf(8, 3, 1);
  const replicate = { tag: "replicate", records: [record], origin: null } as const;
  const [first] = fetches(replica.hear(8, replicate));
  expect(first).toMatchObject({ from: member(8).address, peer: 8, repair: true });
  expect(fetches(replica.hear(14, replicate))).toEqual([]);
  const result = { ok: false, here: false, why: "It broke off." } as const;
  const [second] = fetches(replica.give({ type: "fetched", job: first?.job ?? 0, result }));
  expect(idAt(second?.from ?? "")).toBe(14);
});

test("what the store's origin has still to give is fetched there, and somebody waits for it", () => {
  const replica = new OnePeer(9);
  const { address } = member(2);
  const origin = { id: 2, address, request: 77 };
  const record = recordOf(8, 3, 1);
  const [fetch] = fetches(replica.hear(8, { tag: "replicate", records: [record], origin }));
  const source = { kind: "ticket", request: 77 };
  expect(fetch).toMatchObject({ from: address, peer: 2, source, repair: false });
});

test("a content that was found is here already, or has to be had as what it is, or under the request's id", () => {
  const id = writeId(recordOf(8, 3, 1));
  const found = { kind: "found", ...CONTENT, write: id, replicas: [] } as const;
  const large = { ...found, size: BODY_BYTES + 1 };
  const unknown = { ...found, write: null };
  const [body, asVersion, ticket] = [
    { kind: "body", number: BODY.number },
    { kind: "write", write: id },
    { kind: "ticket", request: 5 },
  ] as const;
  for (const [outcome, came, source] of [
    [found, BODY, body],
    [found, { ...BODY, sha256: "cd".repeat(32) }, asVersion],
    [found, { ...BODY, size: 9 }, asVersion],
    [found, null, asVersion],
    [large, null, ticket],
    [unknown, null, ticket],
    [unknown, BODY, ticket],
  ] as const) {
    expect(sourceOf(5, outcome, came)).toEqual(source);
  }
});
