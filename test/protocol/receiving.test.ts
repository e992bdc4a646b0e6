/** How a message is taken that was long under way. */
import { expect, test } from "bun:test";
import { OFFERED_MS } from "../../src/protocol/receiving.ts";
import { BODY, OnePeer, version } from "./one-peer.ts";

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
