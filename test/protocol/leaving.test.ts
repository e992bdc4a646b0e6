/** What a leaver says of its files is so at the moment when it ends, not when it began to go. */
import { expect, test } from "bun:test";
import type { FileRecord } from "../../src/protocol/files.ts";
import type { Effect } from "../../src/protocol/io.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { BODY, OnePeer, READ, routedFrom, storeAsk, version } from "./one-peer.ts";

/** Peer 8 of 2, 8 and 9, which leaves with one file that both others have. */
function leaver(): OnePeer {
  const file = version(8, 5, 1);
  const one = new OnePeer(8, [2, 8, 9], [file]);
  one.command(1, { kind: "quit" });
  for (const id of [2, 9]) one.hear(id, holding(file));
  return one;
}

/** A member's word that it has a version, and knows who leaves. */
function holding(record: FileRecord | undefined): Message {
  if (record === undefined) throw new Error("there is no version");
  const { name, operation, stamp, sha256 } = record;
  return { tag: "holding", files: [{ name, operation, stamp, sha256 }], taking: true };
}

function departs(one: OnePeer): void {
  const [sent] = one.sent("depart");
  expect(one.to("depart").toSorted()).toEqual([2, 9]);
  for (const id of [2, 9]) one.hear(id, { tag: "ack", request: sent?.message.request ?? 0 });
}

function exitOf(effects: readonly Effect[]): number | undefined {
  return effects.find((e) => e.type === "exit")?.code;
}

test("one whose files all others have ends well", () => {
  const one = leaver();
  departs(one);
  expect(exitOf(one.effects)).toBe(0);
});

test("one that takes in another file while it departs ends with what the others lack of it", () => {
  const one = leaver();
  expect(one.sent("depart")).toHaveLength(2);
  const late = version(9, 6, 3, { name: "late" });
  one.hear(9, { tag: "offer", records: [late], origin: null }, { body: BODY });
  one.durable();
  const all = [...one.hear(9, holding(late)), ...one.pass(2_000)];
  expect(one.peer.files.versions("late")).toHaveLength(1);
  expect(exitOf(all)).toBe(1);
});

test("one that departs owns nothing any more: what is asked of it goes on to the next", () => {
  const one = leaver();
  one.hear(2, routedFrom(2, 7, READ));
  expect(one.to("answer")).toEqual([]);
  expect(one.to("routed")).toEqual([9]);
});

test("a store whose owner leaves meanwhile is not confirmed by the copy that goes with it", () => {
  const owner = new OnePeer(8, [2, 8, 9, 14, 20], [], { copies: 1 });
  owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
  owner.tell(1, [9]);
  const begun = owner.effects;
  owner.command(1, { kind: "quit" });
  owner.effects = begun;
  const all = [...owner.durable(), ...owner.pass(2_000)];
  const outcomes = all.flatMap((e) =>
    e.type === "send" && e.message.tag === "answer" ? [e.message.outcome.kind] : [],
  );
  expect(outcomes).not.toContain("stored");
  expect(exitOf(all) ?? 1).toBe(1);
});
