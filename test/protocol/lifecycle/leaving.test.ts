/** What a leaver says of its files is so at the moment when it ends, not when it began to go. */
import { expect, test } from "bun:test";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { Message } from "../../../src/protocol/model/messages.ts";
import {
  BODY,
  member,
  OnePeer,
  READ,
  recordOf,
  replicated,
  routedFrom,
  storeAsk,
} from "../one-peer.ts";

/** Peer 8 of 2, 8 and 9, which leaves with one file that both others have. */
function leaver(): OnePeer {
  const file = recordOf(8, 5, 1);
  const one = new OnePeer(8, [2, 8, 9], [file]);
  one.command(1, { kind: "quit" });
  for (const id of [2, 9]) one.hear(id, replicated([file], true));
  return one;
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

test("what one takes in while it departs is not its to keep: its word of it counts nowhere", () => {
  const one = leaver();
  expect(one.sent("depart")).toHaveLength(2);
  const late = recordOf(9, 6, 3, { name: "late" });
  one.hear(9, { tag: "replicate", records: [late], origin: null }, { body: BODY });
  one.durable();
  const all = [...one.hear(9, replicated([late], true)), ...one.pass(2_000)];
  expect(one.peer.replication.files.siblings("late")).toHaveLength(1);
  expect(exitOf(all)).toBe(0);
});

test("one whose other replicas have lost meanwhile what it had ends with too few copies", () => {
  const one = leaver();
  expect(one.sent("depart")).toHaveLength(2);
  const lost = one.peer.replication.files.siblings("plan");
  for (const id of [2, 9]) one.hear(id, { tag: "lost", files: lost });
  expect(exitOf(one.pass(2_000))).toBe(1);
});

/** Word by a member of its own state. */
function says(id: number, state: "leaving" | "left"): [ReturnType<typeof makeMember>, Message] {
  const record = makeMember({ ...member(id), state });
  return [record, { tag: "gossip", joining: false, members: [record] }];
}

/** Two more dials and a ping, at once, and none of them is answered. */
function refuses(one: OnePeer, id: number): readonly Effect[] {
  const { address } = member(id);
  const refused = () => one.give({ type: "unreachable", address, how: "refused", broke: true });
  return [...refused(), ...refused(), ...refused(), ...one.pass(200)];
}

test("where all leave, one whose last word went astray has ended too, and is not waited for", () => {
  const one = new OnePeer(8, [2, 8, 9], [recordOf(8, 5, 1)]);
  for (const id of [2, 9]) one.hear(...says(id, "leaving"));
  one.command(1, { kind: "quit" });
  expect(one.to("depart").toSorted()).toEqual([2, 9]);
  one.hear(...says(9, "left"));
  expect(one.peer.phase).toBe("leaving");
  expect(exitOf(refuses(one, 2))).toBe(0);
});

test("one whose last neighbour was lost, and did not leave, may be behind a cut", () => {
  const one = new OnePeer(8, [2, 8], [recordOf(8, 5, 1)]);
  one.command(1, { kind: "quit" });
  expect(exitOf([...refuses(one, 2), ...one.pass(30_000)])).toBe(1);
});

test("one that departs owns nothing any more: what is asked of it goes on to the next", () => {
  const one = leaver();
  one.hear(2, routedFrom(2, 7, READ));
  expect(one.to("answer")).toEqual([]);
  expect(one.to("routed")).toEqual([9]);
});

test("a store whose owner leaves meanwhile is not confirmed by the copy that goes with it", () => {
  const owner = new OnePeer(8, [2, 8, 9, 14, 20], [], { replicationFactor: 1 });
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

test("a leaver forgets who had what, and counts on those that stay and know that it leaves", () => {
  const record = recordOf(8, 3, 7);
  const leaver = new OnePeer(8, undefined, [record]);
  for (const id of [9, 14, 20]) leaver.hear(id, replicated([record], true));
  const told = leaver.command(1, { kind: "quit" });
  const departs = (effects: readonly Effect[]) =>
    effects.some((e) => e.type === "send" && e.message.tag === "depart");
  expect(departs(told)).toBe(false);
  expect(leaver.to("replicate").sort()).toEqual([14, 20, 9]);
  // Word of before, or of one that may be leaving as well.
  for (const id of [9, 14, 20]) expect(departs(leaver.hear(id, replicated([record])))).toBe(false);
  for (const id of [9, 14])
    expect(departs(leaver.hear(id, replicated([record], true)))).toBe(false);
  expect(departs(leaver.hear(20, replicated([record], true)))).toBe(true);
});
