/** Two replicas find out what one has and the other lacks. */
import { expect, test } from "bun:test";
import { BODY, IDS, OnePeer, recordOf } from "../one-peer.ts";

/** What 8 asks of the others, so that it may answer alone. */
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

test("a comparison does not tell what a promise keeps back", () => {
  const replica = new OnePeer(14, IDS, [recordOf(8, 1, 9, { name: "other" })]);
  replica.hear(8, LEASE);
  const foreign = recordOf(9, 5, 1);
  replica.hear(9, { tag: "replicate", records: [foreign], origin: null }, { body: BODY });
  replica.durable();
  const range = replica.peer.replication.files.range(2, 8, null);
  const compare = { tag: "compare", ranges: [range] } as const;
  replica.hear(9, compare);
  expect(replica.sent("compared")[0]?.message).toMatchObject({ same: [], differ: [] });
  replica.pass(1_000);
  replica.hear(9, compare);
  expect(replica.sent("compared")[0]?.message.same).toEqual([range]);
});
