import { expect, test } from "bun:test";
import type { LoggedEvent } from "../../src/control/types.ts";
import { REQUEST_EVENTS_LOGGED } from "../../src/daemon/limits.ts";
import { RequestSampling } from "../../src/daemon/sampling.ts";
import type { PeerEvent } from "../../src/protocol/model/events.ts";

function logged(event: PeerEvent): LoggedEvent {
  return { v: 1, at: 0, seq: 1, peer: 1, incarnation: 1, ...event };
}

const route = logged({ event: "route", what: "request a", route: [1, 2], ms: 1 });
const line = logged({ event: "line", text: "File a received", fold: false, request: true });
const transfer = { event: "transfer", file: "a", sha256: null, from: 1, to: 2, ms: 1 } as const;

test("of the events of requests the log takes so many in a second, and hears how many more there were", () => {
  const told: number[] = [];
  const sampling = new RequestSampling((events) => told.push(events));
  let taken = 0;
  for (let i = 0; i < 2 * REQUEST_EVENTS_LOGGED; i++) {
    for (const event of [route, line]) if (sampling.takes(event)) taken += 1;
  }
  expect(taken).toBe(REQUEST_EVENTS_LOGGED);
  expect(told).toEqual([]);
  sampling.close();
  expect(told).toEqual([3 * REQUEST_EVENTS_LOGGED]);
});

test("what is rare is taken always: the ring's own events, large contents, and what failed", () => {
  const sampling = new RequestSampling(() => {});
  for (let i = 0; i <= REQUEST_EVENTS_LOGGED; i++) sampling.takes(route);
  expect(sampling.takes(route)).toBe(false);
  const failed = { kind: "failed", why: "no", maybe: false } as const;
  for (const event of [
    logged({ event: "line", text: "Peer 4 is no longer alive", fold: false }),
    logged({ event: "outcome", command: 1, outcome: failed }),
    logged({ ...transfer, size: 1, bytes: 0, outcome: "it broke" }),
    logged({ ...transfer, size: 1_000_000, bytes: 1_000_000, outcome: "ok" }),
  ]) {
    expect(sampling.takes(event)).toBe(true);
  }
  expect(sampling.takes(logged({ ...transfer, size: 1, bytes: 1, outcome: "ok" }))).toBe(false);
  sampling.close();
});
