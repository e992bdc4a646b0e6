/** How a versioned write comes onto the disks of those that should hold it. */
import { expect, test } from "bun:test";
import { BODY, CONTENT, member, READ, routedFrom, storeAsk } from "../one-peer.ts";
import { leased } from "../situations.ts";

test("a small content goes on to the others, and back with the answer", () => {
  const owner = leased([2, 8, 9], [2, 9]);
  owner.hear(9, routedFrom(9, 6, storeAsk(1)), { body: BODY });
  expect(owner.to("replicate").sort()).toEqual([2, 9]);
  for (const { body } of owner.sent("replicate")) expect(body).toEqual({ kind: "body", number: 7 });
  const fetch = owner.effects.find((e) => e.type === "fetch");
  expect(fetch).toMatchObject({ source: { kind: "body", number: 7 } });
  const [{ message: replicate } = {}] = owner.sent("replicate");
  owner.durable();
  // On its own disk alone it is not safe yet: it is read once another has it.
  const files = replicate?.records.map(({ name, operation, sha256, version }) => ({
    ...{ name, operation, sha256, version },
  }));
  owner.hear(9, { tag: "replicated", files: files ?? [], taking: false });
  owner.hear(9, routedFrom(9, 7, READ));
  expect(owner.to("inquire")).toEqual([]);
  const [answer, ...more] = owner.effects.filter((e) => e.type === "send");
  expect(more).toEqual([]);
  expect(answer).toMatchObject({
    to: member(9).address,
    message: { tag: "answer", outcome: { kind: "found", size: CONTENT.size } },
    body: { kind: "write", write: { name: "plan", sha256: CONTENT.sha256 } },
  });
});

test("the other replicas have a large content from the owner while it still comes in", () => {
  const owner = leased([2, 8, 9], [2, 9]);
  const content = { ...CONTENT, size: 1_000_000 };
  const effects = owner.hear(9, routedFrom(9, 6, storeAsk(1, { content })));
  const fetch = effects.find((e) => e.type === "fetch");
  expect(fetch).toMatchObject({ from: member(9).address, source: { kind: "ticket", request: 6 } });
  expect(fetch?.into).toMatchObject({ shared: true });
  const served = effects.find((e) => e.type === "serve");
  expect(served).toMatchObject({ what: { kind: "arriving", job: fetch?.job } });
  expect(owner.to("replicate").sort()).toEqual([2, 9]);
  for (const { message } of owner.sent("replicate")) {
    const { address } = member(8);
    expect(message).toMatchObject({ origin: { id: 8, address, request: served?.request } });
  }
});
