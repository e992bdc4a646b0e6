/** Stores and removals as operations: numbered by their origin, one of a name at a time. */
import { expect, test } from "bun:test";
import { conflictName } from "../../../src/protocol/model/files.ts";
import { OnePeer, recordOf, STORE } from "../one-peer.ts";

/** What a peer has sent to an owner with the last input. */
function writes(one: OnePeer): { request: number; name: string; number: number; after: number }[] {
  return one.sent("routed").flatMap(({ message: { request, ask } }) => {
    if (ask.kind !== "store" && ask.kind !== "remove") return [];
    const { number, after } = ask.write;
    return [{ request, name: ask.name, number, after }];
  });
}

/** Its owner has done what was asked last. */
function done(one: OnePeer, request: number): void {
  const outcome = {
    kind: "stored",
    record: recordOf(8, 1, 1),
    replicas: [8],
    wanted: 3,
    withoutReplica: [],
  };
  const answer = { tag: "answer", request, route: [2, 8], via: [], lost: false } as const;
  one.hear(8, { ...answer, outcome: { ...outcome, kind: "stored" } });
}

test("what is written to one name goes one after the other, numbered in this order; other names do not wait", () => {
  const one = new OnePeer(2);
  one.command(1, STORE);
  const [first] = writes(one);
  expect(first).toMatchObject({ name: "plan", number: 1, after: 0 });
  // A conflict of the name has its writes, too.
  const conflict = conflictName(recordOf(8, 1, 1));
  one.command(2, { kind: "remove", name: conflict, key: 5, require: 0 });
  expect(writes(one)).toEqual([]);
  one.command(3, { ...STORE, name: "other" });
  expect(writes(one)).toMatchObject([{ name: "other", number: 3, after: 0 }]);
  done(one, first?.request ?? 0);
  const [second, ...more] = writes(one);
  expect(more).toEqual([]);
  expect(second).toMatchObject({ name: conflict, number: 2, after: 1 });
  one.command(4, STORE);
  expect(writes(one)).toEqual([]);
  done(one, second?.request ?? 0);
  expect(writes(one)).toMatchObject([{ name: "plan", number: 4, after: 2 }]);
});

test("a read waits for no write, and is no operation", () => {
  const one = new OnePeer(2);
  one.command(1, STORE);
  one.command(2, { kind: "request", name: "plan", key: 5 });
  expect(one.sent("routed")).toMatchObject([{ message: { ask: { kind: "request" } } }]);
  one.command(3, { ...STORE, name: "other" });
  expect(writes(one)).toMatchObject([{ number: 2 }]);
});

test("a content is fixed before the first try: its size and hash go with each, where there is one", () => {
  for (const [size, sha256, content] of [
    [STORE.size, STORE.sha256, { size: STORE.size, sha256: STORE.sha256 }],
    [null, null, null],
  ] as const) {
    const one = new OnePeer(2);
    one.command(1, { ...STORE, size, sha256, body: null });
    expect(one.sent("routed")).toMatchObject([{ message: { ask: { kind: "store", content } } }]);
    // What there is to give is offered under the request's id.
    const { request = 0 } = one.sent("routed")[0]?.message ?? {};
    const serve = { type: "serve", request, what: { kind: "command", command: 1 } } as const;
    if (content === null) expect(one.effects).not.toContainEqual(serve);
    else expect(one.effects).toContainEqual(serve);
  }
});
