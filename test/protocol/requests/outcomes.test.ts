/** What a person is told of a request, and when. */
import { expect, test } from "bun:test";
import { UNAVAILABLE_MS } from "../../../src/protocol/model/config.ts";
import { OnePeer, version } from "../one-peer.ts";
import { storing } from "../situations.ts";

const FOUND = version(14, 3, 7);

test("a person is told so after it was tried again for a moment", () => {
  const one = new OnePeer(2);
  const began = one.now;
  one.command(1, { kind: "request", name: "plan", key: 5 });
  let tries = 0;
  let sentence: string | null = null;
  for (; sentence === null && one.now < began + 60_000; one.pass(25)) {
    for (const { message } of one.sent("routed")) {
      tries += 1;
      const { request, route } = message;
      const outcome = { kind: "unavailable", answered: 1, needed: 3 } as const;
      one.hear(8, { tag: "answer", request, outcome, route: [...route, 8], via: [], lost: false });
      for (const e of one.effects) {
        if (e.type !== "event" || e.event.event !== "outcome") continue;
        const { outcome: end } = e.event;
        sentence = end.kind === "failed" && !end.maybe ? end.why : end.kind;
      }
    }
  }
  expect(sentence).toBe(
    "Request plan is not possible now: 1 of the 3 peers answered that have to: try again in a moment.",
  );
  expect(tries).toBeGreaterThan(1);
  expect(one.now - began).toBeLessThan(2 * UNAVAILABLE_MS);
});

test("a person is told so of a content whose sender has died only after it was tried for as long", () => {
  const one = new OnePeer(2);
  one.command(1, { kind: "request", name: "plan", key: 5 });
  const [sent] = one.sent("routed");
  const request = sent?.message.request ?? 0;
  const version = { name: "plan", operation: FOUND.operation, sha256: FOUND.sha256 };
  const answer = { tag: "answer", request, route: [2, 8], via: [], lost: false } as const;
  one.hear(8, { ...answer, outcome: { kind: "found", size: 1e9, version, holders: [] } });
  const fetch = one.effects.find((e) => e.type === "fetch");
  // It moves for long, and breaks off.
  one.pass(10 * UNAVAILABLE_MS);
  const result = { ok: false, why: "It broke off.", here: false } as const;
  one.give({ type: "fetched", job: fetch?.job ?? 0, result });
  one.pass(100);
  expect(one.to("routed")).toEqual([8]);
  one.hear(9, { ...answer, outcome: { kind: "unavailable", answered: 1, needed: 3 } });
  expect(one.peer.requests.pending.has(request)).toBe(true);
  one.pass(100);
  expect(one.to("routed").length).toBeGreaterThan(0);
});

test("a refusal of a copy that went another way says that the first may still be executed", () => {
  const { one, request } = storing();
  const outcome = { kind: "unavailable", answered: 1, needed: 3 } as const;
  const answer = { tag: "answer", request, outcome, route: [2, 9, 8], via: [] } as const;
  // Whoever it went to says so with its answer, also where it works on an earlier copy.
  const all = [...one.hear(8, { ...answer, lost: true })];
  for (let i = 0; i < (2 * UNAVAILABLE_MS) / 100; i++) {
    all.push(...one.pass(100), ...one.hear(8, { ...answer, lost: false }));
  }
  const ends = all.flatMap((e) =>
    e.type === "event" && e.event.event === "outcome" ? [e.event.outcome] : [],
  );
  expect(ends).toMatchObject([{ kind: "failed", maybe: true }]);
});
