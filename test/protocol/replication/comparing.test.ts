/** Two holders find out what one has and the other lacks. */
import { expect, test } from "bun:test";
import { BODY, IDS, OnePeer, version } from "../one-peer.ts";

/** What 8 asks of the others, so that it may answer alone. */
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

test("a comparison does not tell what a promise keeps back", () => {
  const holder = new OnePeer(14, IDS, [version(8, 1, 9, { name: "other" })]);
  holder.hear(8, LEASE);
  const foreign = version(9, 5, 1);
  holder.hear(9, { tag: "offer", records: [foreign], origin: null }, { body: BODY });
  holder.durable();
  const range = holder.peer.replication.files.range(2, 8, null);
  const compare = { tag: "compare", ranges: [range] } as const;
  holder.hear(9, compare);
  expect(holder.sent("compared")[0]?.message).toMatchObject({ same: [], differ: [] });
  holder.pass(1_000);
  holder.hear(9, compare);
  expect(holder.sent("compared")[0]?.message.same).toEqual([range]);
});
