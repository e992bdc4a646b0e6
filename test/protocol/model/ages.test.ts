/** How ages travel: what a record is older by, and what is too old to be told. */
import { expect, test } from "bun:test";
import { OPERATION_MS } from "../../../src/protocol/model/config.ts";
import { inquireOf, OnePeer, recordOf } from "../one-peer.ts";

test("histories lose what is too old on their way out", () => {
  const spans = [1, 3].map((from) => ({
    ...{ origin: "a".repeat(16), from, to: from },
    ageMs: from === 1 ? OPERATION_MS : 0,
    version: { counter: from, owner: 8, instance: 1 },
  }));
  const replica = new OnePeer(9, undefined, [recordOf(8, 3, 7, { history: spans })]);
  replica.hear(8, inquireOf("plan"));
  const history = replica.sent("inquired")[0]?.message.records[0]?.history;
  expect(history).toEqual([{ ...spans[1], ageMs: replica.now } as never]);
});
