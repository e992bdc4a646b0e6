/** When a store is acknowledged, and when not yet. */
import { expect, test } from "bun:test";
import { ACKNOWLEDGE_GRACE_MS } from "../../../src/protocol/model/config.ts";
import { BODY, IDS, OnePeer, replicated, routedFrom, storeAsk } from "../one-peer.ts";
import { dies, stampedBy, stamping } from "../situations.ts";

/** What 8 asks of the others, so that it may answer alone. */
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

test("an owner that has promised another waits with its own version as well, also where its disk is full", () => {
  for (const ok of [true, false]) {
    const owner = new OnePeer(9);
    owner.hear(8, LEASE);
    dies(owner, 8);
    owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
    owner.tell(1, [14, 20, 2]);
    const record = stampedBy(owner);
    if (ok) owner.durable();
    else {
      const job = owner.effects.find((e) => e.type === "fetch")?.job ?? 0;
      owner.give({ type: "fetched", job, result: { ok: false, here: true, why: "full" } });
    }
    const all = [20, 14, 2].flatMap((id) => [...owner.hear(id, replicated([record]))]);
    const told = (effects: typeof all) =>
      effects.some((e) => e.type === "send" && e.message.tag === "answer");
    expect(told(all)).toBe(false);
    expect(told([...owner.pass(1_000)])).toBe(true);
  }
});

test("neither a promise nor a moment's grace ends the wait for a majority", () => {
  const stand = stamping(9, { avoid: [8] });
  stand.owner.hear(8, LEASE);
  const { size, sha256 } = stand.record;
  stand.owner.give({ type: "fetched", job: stand.job, result: { ok: true, size, sha256 } });
  stand.owner.pass(3_000);
  expect(stand.owner.peer.replication.placements.size).toBe(1);
  const { owner, record, job } = stamping();
  owner.give({ type: "fetched", job, result: { ok: true, size, sha256 } });
  owner.hear(9, replicated([record]));
  dies(owner, 9);
  owner.pass(ACKNOWLEDGE_GRACE_MS);
  expect(owner.peer.replication.placements.size).toBe(1);
});
