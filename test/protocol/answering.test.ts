/** The way back: answers, and the question whether an origin still waits, pass those that a request passed. */
import { expect, test } from "bun:test";
import { ACK_DELAY_MS } from "../../src/protocol/model/config.ts";
import { CONTENT, idAt, OnePeer, READ, recordOf, routedFrom, storeAsk } from "./one-peer.ts";

const BACK = { route: [2, 20], back: true } as const;

test("an answer goes to the origin itself, unless it is to go back", () => {
  for (const back of [false, true]) {
    const owner = new OnePeer(8);
    owner.hear(20, routedFrom(2, 1, { kind: "lookup", key: 5 }, { ...BACK, back }));
    const [answer] = owner.sent("answer");
    expect(owner.to("answer")).toEqual([back ? 20 : 2]);
    expect(answer?.message).toMatchObject({ route: [2, 20, 8], via: back ? [2] : [] });
  }
});

test("where the one before has gone, an answer goes to whoever came before that, or to the origin", () => {
  const owner = new OnePeer(8);
  owner.hear(20, routedFrom(2, 1, { kind: "lookup", key: 5 }, { route: [2, 77], back: true }));
  expect(owner.to("answer")).toEqual([2]);
  expect(owner.sent("answer")[0]?.message.via).toEqual([]);
});

test("one on the way passes an answer on, with its content, and keeps nothing of it", () => {
  const between = new OnePeer(20);
  const outcome = { kind: "found", ...{ size: CONTENT.size, write: null, replicas: [] } } as const;
  const answer = { tag: "answer", request: 1, route: [2, 20, 9, 8], lost: false, outcome } as const;
  between.hear(9, { ...answer, via: [2] }, { body: { number: 3, ...CONTENT } });
  const [sent, ...more] = between.sent("answer");
  expect(more).toEqual([]);
  expect(between.to("answer")).toEqual([2]);
  expect(sent).toMatchObject({
    message: { ...answer, via: [] },
    body: { kind: "body", number: 3 },
  });
  // Its way has more than one step.
  between.hear(8, { ...answer, via: [2, 14] });
  expect(between.to("answer")).toEqual([14]);
  expect(between.sent("answer")[0]?.message.via).toEqual([2]);
  // Past those that are not known any more; and nowhere where all have gone.
  between.hear(8, { ...answer, via: [2, 14, 77] });
  expect(between.to("answer")).toEqual([14]);
  between.hear(8, { ...answer, via: [77] });
  expect(between.effects.filter((e) => e.type === "send")).toEqual([]);
});

test("a small content that a delegate serves goes back the same way", () => {
  const found = recordOf(8, 3, 7);
  const replica = new OnePeer(9, undefined, [found]);
  const { name, operation, sha256 } = found;
  const { origin } = routedFrom(2, 1, READ);
  replica.hear(8, {
    ...{ tag: "delegate", request: 1, asked: "plan", write: { name, operation, sha256 } },
    ...{ origin, route: [2, 20, 8], back: true },
  });
  expect(replica.to("answer")).toEqual([8]);
  const [sent] = replica.sent("answer");
  expect(sent?.message).toMatchObject({ route: [2, 20, 8, 9], via: [2, 20] });
  expect(sent?.body).toMatchObject({ kind: "write" });
});

test("whether an origin still waits is asked, and told, the way that the request came", () => {
  const owner = new OnePeer(8);
  owner.hear(20, routedFrom(2, 1, storeAsk(1), BACK), { heldMs: null });
  const peers = new Map([
    [2, new OnePeer(2)],
    [20, new OnePeer(20)],
    [8, owner],
  ]);
  const passed: string[] = [];
  let at = owner;
  for (const tag of ["confirm", "confirm", "confirmed", "confirmed"] as const) {
    const [sent] = at.sent(tag);
    if (sent === undefined) break;
    const to = idAt(sent.to);
    passed.push(`${tag} to ${to}`);
    const next = peers.get(to);
    if (next === undefined) break;
    next.hear(at.id, sent.message);
    at = next;
  }
  expect(passed).toEqual(["confirm to 20", "confirm to 2", "confirmed to 20", "confirmed to 8"]);
  // The origin has never asked for it.
  expect(owner.peer.replication.doubts.size).toBe(0);
});

test("a hop is acknowledged in a moment, unless its answer goes there before", () => {
  const owner = new OnePeer(8);
  const due = owner.now + ACK_DELAY_MS;
  owner.hear(2, routedFrom(2, 1, READ));
  owner.hear(9, routedFrom(9, 2, READ));
  expect(owner.to("ack")).toEqual([]);
  owner.now += ACK_DELAY_MS / 2;
  owner.tell(1, [9, 14]);
  expect(owner.to("answer")).toEqual([2]);
  owner.hear(14, routedFrom(14, 3, READ));
  owner.pass(due - owner.now);
  expect(owner.to("ack")).toEqual([9]);
  owner.pass(ACK_DELAY_MS);
  expect(owner.to("ack")).toEqual([14]);
});
