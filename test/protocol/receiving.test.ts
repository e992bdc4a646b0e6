/** How a message is taken that was long under way. */
import { expect, test } from "bun:test";
import { REPLICATE_LATE_MS } from "../../src/protocol/receiving.ts";
import { BODY, OnePeer, recordOf } from "./one-peer.ts";

test("a content that came late is had from the one that replicates it, if that has it", () => {
  for (const [heldMs, sleptMs, kind] of [
    [REPLICATE_LATE_MS, 0, "body"],
    [REPLICATE_LATE_MS + 1, 0, "write"],
    [null, 0, "body"],
    [null, REPLICATE_LATE_MS + 1, "write"],
  ] as const) {
    const replica = new OnePeer(9);
    if (sleptMs > 0) replica.give({ type: "woke", sleptMs });
    const replicate = { tag: "replicate", records: [recordOf(8, 3, 1)], origin: null } as const;
    replica.hear(8, replicate, { heldMs, body: BODY });
    const fetch = replica.effects.find((e) => e.type === "fetch");
    expect(fetch?.source.kind).toBe(kind);
  }
});
