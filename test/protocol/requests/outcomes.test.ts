/** What a person is told of a request, and when. */
import { expect, test } from "bun:test";
import {
  CONTENT_FAILURES,
  REQUEST_RETRY_MS,
  UNAVAILABLE_MS,
} from "../../../src/protocol/model/config.ts";
import { writeId } from "../../../src/protocol/model/files.ts";
import type { Answer } from "../../../src/protocol/model/messages.ts";
import { OnePeer, recordOf } from "../one-peer.ts";
import { storing } from "../situations.ts";

const FOUND = recordOf(14, 3, 7);

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
    }
    for (const e of one.told("outcome")) {
      const { outcome: end } = e;
      sentence = end.kind === "failed" && !end.maybe ? end.why : end.kind;
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
  const write = { name: "plan", operation: FOUND.operation, sha256: FOUND.sha256 };
  const answer = { tag: "answer", request, route: [2, 8], via: [], lost: false } as const;
  one.hear(8, { ...answer, outcome: { kind: "found", size: 1e9, write, replicas: [] } });
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

/** Peer 2, which has asked for a file and is told where its content may be had. */
function found(): { readonly one: OnePeer; readonly request: number; readonly answer: Answer } {
  const one = new OnePeer(2);
  one.command(1, { kind: "request", name: "plan", key: 5 });
  const request = one.sent("routed")[0]?.message.request ?? 0;
  const outcome = {
    kind: "found",
    size: 1e9,
    write: writeId(FOUND),
    replicas: [9, 14],
  } as const;
  const answer = { tag: "answer", request, route: [2, 8], via: [], lost: false, outcome } as const;
  one.hear(8, answer);
  return { one, request, answer };
}

function fetchOf(one: OnePeer) {
  return one.effects.find((e) => e.type === "fetch");
}

const BROKEN = { ok: false, why: "It broke off.", here: false } as const;

test("where a content breaks off the next replica is tried, and when all have been, the ring is asked again", () => {
  const { one, request, answer } = found();
  const from: number[] = [];
  for (let fetch = fetchOf(one); fetch !== undefined && from.length < 9; fetch = fetchOf(one)) {
    from.push(fetch.peer);
    one.give({ type: "fetched", job: fetch.job, result: BROKEN });
  }
  expect(from).toEqual([8, 9, 14]);
  expect(one.told("outcome")).toEqual([]);
  one.pass(REQUEST_RETRY_MS);
  expect(one.sent("routed")[0]?.message.request).toBe(request);
  one.hear(8, answer);
  const job = fetchOf(one)?.job ?? 0;
  const { sha256 } = FOUND;
  one.give({ type: "fetched", job, result: { ok: true, size: 1e9, sha256 } });
  expect(one.told("outcome")).toMatchObject([
    { command: 1, outcome: { kind: "received", from: 8, size: 1e9, sha256 } },
  ]);
});

test("a large content may be had from all that hold it, and from those that are left of them", () => {
  const { one } = found();
  const write = writeId(FOUND);
  for (const left of [[9, 14], [14], []]) {
    const fetch = fetchOf(one);
    const ids = fetch?.alternatives?.replicas.map(({ id }) => id) ?? [];
    expect(ids).toEqual(left);
    expect(fetch?.alternatives?.write ?? write).toEqual(write);
    one.give({ type: "fetched", job: fetch?.job ?? 0, result: BROKEN });
  }
});

test("a content that cannot be kept here, or that nobody gets across, is given up with a sentence", () => {
  const { one } = found();
  const result = { ...BROKEN, here: true, why: "The disk is full." };
  one.give({ type: "fetched", job: fetchOf(one)?.job ?? 0, result });
  const outcome = { kind: "failed", maybe: false, why: expect.stringContaining(result.why) };
  expect(one.told("outcome")).toMatchObject([{ outcome }]);
  const other = found();
  let tries = 0;
  while (other.one.peer.requests.pending.size > 0 && tries < 2 * CONTENT_FAILURES) {
    const fetch = fetchOf(other.one);
    if (fetch !== undefined) {
      tries += 1;
      other.one.give({ type: "fetched", job: fetch.job, result: BROKEN });
      continue;
    }
    other.one.pass(REQUEST_RETRY_MS);
    other.one.hear(8, other.answer);
  }
  // To the end of the round in which it is too often.
  expect(Math.ceil(tries / 3)).toBe(Math.ceil((CONTENT_FAILURES + 1) / 3));
  expect(other.one.told("outcome")).toMatchObject([{ outcome: { kind: "failed", maybe: false } }]);
});

test("a store whose content has changed before anybody had it ends at once, as one that was never done", () => {
  const { one, request } = storing();
  one.hear(8, { tag: "ack", request });
  one.give({ type: "spoilt", request });
  const outcome = { kind: "failed", maybe: false, why: expect.stringContaining("changed") };
  expect(one.told("outcome")).toMatchObject([{ command: 1, outcome }]);
  expect(
    one.pass(2 * REQUEST_RETRY_MS).some((e) => e.type === "send" && e.message.tag === "routed"),
  ).toBe(false);
});
