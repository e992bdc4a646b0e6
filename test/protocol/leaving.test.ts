/** What a leaver says of its files is so at the moment when it ends, not when it began to go. */
import { expect, test } from "bun:test";
import type { FileRecord } from "../../src/protocol/files.ts";
import type { Effect } from "../../src/protocol/io.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { BODY, CONTENT, OnePeer, version } from "./one-peer.ts";

const STORED = expect.objectContaining({
  event: "outcome",
  outcome: expect.objectContaining({ kind: "stored" }),
});

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

test("one that has acknowledged more while it departed ends with what the others lack of it", () => {
  const one = leaver();
  expect(one.sent("depart")).toHaveLength(2);
  one.command(2, { kind: "store", name: "plan", key: 5, ...CONTENT, body: BODY, require: 0 });
  one.tell(one.sent("inquire")[0]?.message.request ?? 0, [2, 9], one.peer.files.versions("plan"));
  const [record] = one.sent("offer")[0]?.message.records ?? [];
  one.durable();
  const all = [...one.hear(9, holding(record)), ...one.pass(2_000)];
  expect(all).toContainEqual(expect.objectContaining({ type: "event", event: STORED }));
  expect(exitOf(all)).toBe(1);
});
