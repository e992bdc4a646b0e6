/** Word that writes are durable here: to whom, when, and with which promise. */
import { expect, test } from "bun:test";
import { BATCH_SPACING_MS } from "../../../src/protocol/model/config.ts";
import { type FileRecord, writeId } from "../../../src/protocol/model/files.ts";
import { BODY, IDS, OnePeer, recordOf, replicated } from "../one-peer.ts";

/** What 8 asks of the others, so that it may answer alone. */
const LEASE = { tag: "lease", nonce: 1, from: 2, to: 8, asked: IDS } as const;

test("what was lost while word of it was kept back is not said to be there afterwards", () => {
  const replica = new OnePeer(14);
  replica.hear(8, LEASE);
  const foreign = recordOf(9, 5, 1);
  replica.hear(9, { tag: "replicate", records: [foreign], origin: null }, { body: BODY });
  replica.durable();
  const { name, operation, sha256 } = foreign;
  replica.give({ type: "damaged", write: { name, operation, sha256 } });
  expect(replica.to("lost")).toContain(9);
  replica.pass(1_000);
  expect(replica.to("replicated")).toEqual([]);
});

test("a member says that it takes over only while it stays, and knows that the other leaves", () => {
  const record = recordOf(8, 3, 7);
  const taking = (prepare: (replica: OnePeer) => void) => {
    const replica = new OnePeer(9, undefined, [record]);
    prepare(replica);
    replica.hear(8, { tag: "replicate", records: [record], origin: null });
    return replica.sent("replicated").find(({ message }) => message.files.length > 0)?.message
      .taking;
  };
  const leaving = (id: number, replica: OnePeer) => {
    const member = replica.peer.membership.view.find(id);
    if (member === undefined) throw new Error("no such member");
    return { ...member, state: "leaving" as const };
  };
  expect(taking(() => {})).toBe(false);
  expect(
    taking((replica) => {
      const members = [leaving(8, replica)];
      replica.hear(members[0] ?? 8, { tag: "gossip", joining: false, members });
    }),
  ).toBe(true);
  expect(
    taking((replica) => {
      const members = [leaving(8, replica)];
      replica.hear(members[0] ?? 8, { tag: "gossip", joining: false, members });
      replica.command(1, { kind: "quit" });
    }),
  ).toBe(false);
});

/** A replica that has just been given two files by their owner, 8, and has them on its disk. */
function given(): { readonly replica: OnePeer; readonly records: readonly FileRecord[] } {
  const replica = new OnePeer(9);
  const records = ["a", "b"].map((name, i) => recordOf(8, 3 + i, 1 + i, { name }));
  for (const record of records) {
    replica.hear(8, { tag: "replicate", records: [record], origin: null }, { body: BODY });
    replica.durable();
    // The owner waits for it.
    expect(replica.to("replicated")).toEqual([8]);
  }
  return { replica, records };
}

test("whoever gave a copy hears at once that it is durable, the other replicas a moment later of all", () => {
  const { replica, records } = given();
  replica.pass(BATCH_SPACING_MS - 1);
  expect(replica.to("replicated")).toEqual([]);
  replica.pass(1);
  expect(replica.to("replicated")).toEqual([14]);
  expect(replica.sent("replicated")[0]?.message).toEqual(replicated(records));
});

test("what was lost in that moment is not said to be there", () => {
  const { replica, records } = given();
  const [lost, kept] = records;
  if (lost === undefined || kept === undefined) throw new Error("nothing was given");
  replica.give({ type: "damaged", write: writeId(lost) });
  replica.pass(BATCH_SPACING_MS);
  expect(replica.sent("replicated").map(({ message }) => message)).toEqual([replicated([kept])]);
});
