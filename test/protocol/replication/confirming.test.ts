/** Word that versions are durable here: to whom, when, and with which promise. */
import { expect, test } from "bun:test";
import { BATCH_SPACING_MS } from "../../../src/protocol/model/config.ts";
import { type FileRecord, versionId } from "../../../src/protocol/model/files.ts";
import { BODY, IDS, OnePeer, replicated, version } from "../one-peer.ts";

/** What 8 asks of the others, so that it may answer alone. */
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

test("what was lost while word of it was kept back is not said to be there afterwards", () => {
  const holder = new OnePeer(14);
  holder.hear(8, LEASE);
  const foreign = version(9, 5, 1);
  holder.hear(9, { tag: "offer", records: [foreign], origin: null }, { body: BODY });
  holder.durable();
  const { name, operation, sha256 } = foreign;
  holder.give({ type: "damaged", version: { name, operation, sha256 } });
  expect(holder.to("lost")).toContain(9);
  holder.pass(1_000);
  expect(holder.to("replicated")).toEqual([]);
});

test("a member says that it takes over only while it stays, and knows that the other leaves", () => {
  const record = version(8, 3, 7);
  const taking = (prepare: (holder: OnePeer) => void) => {
    const holder = new OnePeer(9, undefined, [record]);
    prepare(holder);
    holder.hear(8, { tag: "offer", records: [record], origin: null });
    return holder.sent("replicated").find(({ message }) => message.files.length > 0)?.message
      .taking;
  };
  const leaving = (id: number, holder: OnePeer) => {
    const member = holder.peer.membership.view.find(id);
    if (member === undefined) throw new Error("no such member");
    return { ...member, state: "leaving" as const };
  };
  expect(taking(() => {})).toBe(false);
  expect(
    taking((holder) => {
      const members = [leaving(8, holder)];
      holder.hear(members[0] ?? 8, { tag: "gossip", joining: false, members });
    }),
  ).toBe(true);
  expect(
    taking((holder) => {
      const members = [leaving(8, holder)];
      holder.hear(members[0] ?? 8, { tag: "gossip", joining: false, members });
      holder.command(1, { kind: "quit" });
    }),
  ).toBe(false);
});

/** A holder that has just been given two files by their owner, 8, and has them on its disk. */
function given(): { readonly holder: OnePeer; readonly records: readonly FileRecord[] } {
  const holder = new OnePeer(9);
  const records = ["a", "b"].map((name, i) => version(8, 3 + i, 1 + i, { name }));
  for (const record of records) {
    holder.hear(8, { tag: "offer", records: [record], origin: null }, { body: BODY });
    holder.durable();
    // The owner waits for it.
    expect(holder.to("replicated")).toEqual([8]);
  }
  return { holder, records };
}

test("whoever gave a copy hears at once that it is durable, the other holders a moment later of all", () => {
  const { holder, records } = given();
  holder.pass(BATCH_SPACING_MS - 1);
  expect(holder.to("replicated")).toEqual([]);
  holder.pass(1);
  expect(holder.to("replicated")).toEqual([14]);
  expect(holder.sent("replicated")[0]?.message).toEqual(replicated(records));
});

test("what was lost in that moment is not said to be there", () => {
  const { holder, records } = given();
  const [lost, kept] = records;
  if (lost === undefined || kept === undefined) throw new Error("nothing was given");
  holder.give({ type: "damaged", version: versionId(lost) });
  holder.pass(BATCH_SPACING_MS);
  expect(holder.sent("replicated").map(({ message }) => message)).toEqual([replicated([kept])]);
});
