import { expect, test } from "bun:test";
import type { Body, Effect, Input, StartInput } from "../../src/protocol/io.ts";
import { type Member, makeMember } from "../../src/protocol/member.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { startPeer, step } from "../../src/protocol/peer.ts";
import { View } from "../../src/protocol/view.ts";

function member(id: number): Member {
  const birth = id.toString(16).padStart(16, "0");
  return makeMember({ id, incarnation: 1, birth, state: "alive", address: `127.0.0.1:${id}` });
}
const [TWO, EIGHT, NINE] = [member(2), member(8), member(9)];
const config = {
  ring: 70_000,
  bits: 48,
  strategy: "direct",
  pingIntervalMs: 5_000,
  copies: 3,
} as const;
const BODY: Body = { number: 7, size: 10, sha256: "ab".repeat(32) };

/** Peer 8 of the ring 2, 8, 9: it owns the keys 3 to 8. The others say that they have nothing there. */
function settledOwner(): (input: Input) => Effect[] {
  const start: StartInput = {
    ...{ type: "start", config, id: 8, address: EIGHT.address, birth: EIGHT.birth, seed: 5 },
    start: { kind: "formed", view: View.of([TWO, EIGHT, NINE]) },
    ...{ incarnation: 1, restored: [], files: [] },
  };
  const { peer } = startPeer(start, 100);
  step(peer, { type: "persisted", at: 101, incarnation: peer.incarnationAsked });
  const asked = step(peer, from(NINE, { ...REQUEST, request: 1 }));
  for (const { to, message } of sent(asked)) {
    if (message.tag !== "compare") continue;
    const same = message.ranges;
    const compared = { ...message, tag: "compared", same, differ: [] } as const;
    step(peer, from(to === TWO.address ? TWO : NINE, compared));
  }
  return (input) => step(peer, input);
}

function from(sender: Member, message: Message, body: Body | null = null): Input {
  return { type: "message", at: 110, from: sender, channel: "stream", message, body, heldMs: 0 };
}

function sent(effects: readonly Effect[]): Extract<Effect, { type: "send" }>[] {
  return effects.filter((e) => e.type === "send");
}

const origin = { id: 9, address: NINE.address };
const routed = { tag: "routed", request: 5, origin, route: [9] } as const;
const REQUEST = { ...routed, ask: { kind: "request", name: "plan", key: 5 } } as const;
function storeOf(size: number): Message {
  return { ...routed, request: 6, ask: { kind: "store", name: "plan", key: 5, size } };
}

test("a small content goes on with the offers, and back with the answer", () => {
  const give = settledOwner();
  const effects = give(from(NINE, storeOf(BODY.size), BODY));
  const offers = sent(effects).filter((e) => e.message.tag === "offer");
  expect(offers.map((e) => e.to).sort()).toEqual([TWO.address, NINE.address]);
  for (const { body } of offers) expect(body).toEqual({ kind: "body", number: 7 });
  const fetch = effects.find((e) => e.type === "fetch");
  expect(fetch).toMatchObject({ source: { kind: "body", number: 7 } });
  const { size, sha256 } = BODY;
  give({ type: "fetched", at: 120, job: fetch?.job ?? 0, result: { ok: true, size, sha256 } });
  const [answer, ...more] = sent(give(from(NINE, REQUEST)));
  expect(more).toEqual([]);
  expect(answer).toMatchObject({
    to: NINE.address,
    message: { tag: "answer", outcome: { kind: "found", size, sha256 } },
    body: { kind: "version", name: "plan" },
  });
});

test("the other holders have a large content from the owner while it still comes in", () => {
  const effects = settledOwner()(from(NINE, storeOf(1_000_000)));
  const fetch = effects.find((e) => e.type === "fetch");
  expect(fetch).toMatchObject({ from: NINE.address, source: { kind: "ticket", request: 6 } });
  const served = effects.find((e) => e.type === "serve");
  expect(served).toMatchObject({ what: { kind: "arriving", job: fetch?.job } });
  const offers = sent(effects).filter((e) => e.message.tag === "offer");
  expect(offers.map((e) => e.to).sort()).toEqual([TWO.address, NINE.address]);
  for (const { message } of offers) {
    expect(message).toMatchObject({
      origin: { id: 8, address: EIGHT.address, request: served?.request },
    });
  }
});

test("an owner whose view has changed asks before it speaks", () => {
  const give = settledOwner();
  expect(sent(give(from(NINE, REQUEST))).map((e) => e.message.tag)).toEqual(["answer"]);
  const left = makeMember({ ...TWO, state: "left" });
  give(from(left, { tag: "gossip", joining: false, members: [left] }));
  const tags = sent(give(from(NINE, { ...REQUEST, request: 9 }))).map((e) => e.message.tag);
  expect(tags).toContain("inquire");
  expect(tags).not.toContain("answer");
});
