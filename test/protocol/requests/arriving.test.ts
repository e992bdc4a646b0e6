/** A request that ends here: how often, and for how many at a time. */
import { expect, test } from "bun:test";
import { INQUIRE_MS, REQUESTS_IN_FLIGHT } from "../../../src/protocol/model/config.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { CONTENTS_MOVING } from "../../../src/protocol/model/limits.ts";
import {
  BODY,
  idAt,
  member,
  OnePeer,
  READ,
  recordOf,
  routedFrom,
  STORE,
  storeAsk,
} from "../one-peer.ts";

test("that it is not possible now is said once of each copy of a request", () => {
  const owner = new OnePeer(8);
  const told = () => {
    owner.pass(2 * INQUIRE_MS + 1);
    return owner.outcomes().filter((kind) => kind === "unavailable").length;
  };
  const store = () => owner.hear(2, routedFrom(2, 1, storeAsk(1)), { body: BODY });
  store();
  expect(told()).toBe(1);
  expect(told()).toBe(0);
  store();
  expect(told()).toBe(1);
});

test("an owner that deals with too many requests says so, and gives up none for the next", () => {
  const owner = new OnePeer(8, [2, 8, 9]);
  for (let i = 1; i <= REQUESTS_IN_FLIGHT; i++) owner.hear(9, routedFrom(9, i, READ));
  expect(owner.to("answer")).toEqual([]);
  owner.hear(9, routedFrom(9, REQUESTS_IN_FLIGHT + 1, READ));
  const outcome = {
    kind: "failed",
    why: expect.stringContaining("too many requests"),
    maybe: false,
  };
  expect(owner.sent("answer")[0]?.message).toMatchObject({ outcome });
  expect(owner.peer.replication.inquiries.has(1)).toBe(true);
  // One that it works on already is no new one.
  owner.hear(9, routedFrom(9, 1, READ));
  expect(owner.to("answer")).toEqual([]);
});

test("those that wait for their origin's word are among them, and one of them is no new one", () => {
  const owner = new OnePeer(8, [2, 8, 9]);
  const late = (i: number) =>
    owner.hear(9, routedFrom(9, i, storeAsk(i)), { heldMs: null, body: BODY });
  for (let i = 1; i <= REQUESTS_IN_FLIGHT; i++) late(i);
  expect(owner.to("confirm")).toEqual([9]);
  expect(owner.peer.replication.doubts.size).toBe(REQUESTS_IN_FLIGHT);
  late(REQUESTS_IN_FLIGHT + 1);
  expect([owner.to("confirm"), owner.outcomes()]).toEqual([[], ["failed"]]);
  late(1);
  expect(owner.outcomes()).not.toContain("failed");
  expect(owner.peer.replication.doubts.size).toBe(REQUESTS_IN_FLIGHT);
});

test("an owner whose disk stands still begins no more stores, and reads on", () => {
  const owner = new OnePeer(8, [2, 8, 9]);
  const { jobs } = owner.peer.replication;
  const job = (request: number) =>
    ({ kind: "placement", request, record: recordOf(8, request, request) }) as const;
  for (let i = 1; i <= CONTENTS_MOVING; i++) jobs.add(i, job(i));
  owner.hear(9, routedFrom(9, 1, storeAsk(1)), { body: BODY });
  expect(owner.outcomes()).toEqual(["failed"]);
  owner.hear(9, routedFrom(9, 2, READ));
  expect([owner.outcomes(), owner.to("inquire")]).toEqual([[], [9, 2]]);
  // One that asks for a content here is to have it brought as well.
  owner.command(1, { kind: "request", name: "plan", key: 5 });
  expect(owner.told("outcome")).toMatchObject([{ outcome: { kind: "failed" } }]);
  jobs.take(1);
  owner.hear(9, routedFrom(9, 3, storeAsk(3)), { body: BODY });
  expect(owner.outcomes()).not.toContain("failed");
});

test("a copy that goes on to another owner is not refused here, where an earlier one still is at work", () => {
  const origin = new OnePeer(8, [8, 9, 14]);
  origin.command(1, STORE);
  expect(origin.to("inquire")).not.toEqual([]);
  // Too few answer, which is told once; then another owns the name.
  origin.pass(INQUIRE_MS);
  const six = member(6);
  origin.hear(9, { tag: "gossip", joining: true, members: [six] });
  const all: Effect[] = [];
  for (let at = 0; at < 4 * INQUIRE_MS; at += 50) {
    all.push(...origin.pass(50));
    for (const { message } of origin.sent("routed")) {
      all.push(...origin.hear(six, { tag: "ack", request: message.request }));
    }
  }
  expect(all.some((e) => e.type === "send" && e.message.tag === "routed" && idAt(e.to) === 6)).toBe(
    true,
  );
  expect(
    all.flatMap((e) => (e.type === "event" && e.event.event === "outcome" ? [e] : [])),
  ).toEqual([]);
});
