/** A peer asks all members how they see the ring, and what they say is enough to judge it truly. */
import { expect, test } from "bun:test";
import { brokenChecks, checkRing, type PeerSnapshot } from "../../../src/checks/ring.ts";
import {
  type Strategy,
  SURVEY_LOOKUPS,
  SURVEY_MOST_MS,
} from "../../../src/protocol/model/config.ts";
import type { Outcome } from "../../../src/protocol/model/events.ts";
import { LOCAL_NETWORK } from "../../../src/sim/network.ts";
import { World } from "../../../src/sim/world.ts";
import { OnePeer } from "../one-peer.ts";

type Surveyed = Extract<Outcome, { kind: "surveyed" }>;

const EIGHT = [2, 4, 5, 8, 9, 14, 15, 19];

function worldOf(
  ids: readonly number[],
  bits = 8,
  strategy: Strategy = "finger",
  perMille = 1_000,
): World {
  const config = { ring: 12_000, bits, strategy, pingIntervalMs: 1_000, replicationFactor: 3 };
  const wire = { perMille, ofTalk: perMille };
  // As a rule, all of it goes through the real wire.
  const world = new World({ config, network: LOCAL_NETWORK, seed: 7, wire });
  world.form(ids);
  world.run(2_500);
  return world;
}

/** Begins a survey; the function returned lets the world run until it has ended. */
function begin(world: World, id: number, keys: readonly number[] = []): () => Surveyed {
  const outcomes = new Map<number, Outcome>();
  world.readers.push((_, event) => {
    if (event.event === "outcome") outcomes.set(event.command, event.outcome);
  });
  const command = world.command(id, { kind: "survey", keys }, null);
  return () => {
    const limit = world.now + 2 * SURVEY_MOST_MS;
    while (!outcomes.has(command) && world.now < limit) world.run(world.now + 100);
    const outcome = outcomes.get(command);
    if (outcome?.kind !== "surveyed") throw new Error(`it came to ${JSON.stringify(outcome)}`);
    return outcome;
  };
}

function checksOf({ members }: Surveyed) {
  return checkRing(
    members.map(
      ({ member, strategy, successors, predecessors, present, lookups }): PeerSnapshot => {
        const seen = { successors, predecessors, members: present };
        const made = lookups.map((one) => ({ ...one, hops: Math.max(one.route.length - 1, 0) }));
        return { id: member.id, bits: 8, strategy, ...seen, lookups: made };
      },
    ),
  );
}

for (const strategy of ["successor", "finger", "direct"] as const) {
  for (const size of [1, 2, 3, 8, 30]) {
    test(`a ring of ${size}, ${strategy}: all answer, and all checks hold`, () => {
      const ids = Array.from({ length: size }, (_, i) => (i * 4 + 1) % 256);
      const world = worldOf(ids, 8, strategy);
      const told = begin(world, ids[size >> 1] ?? 1)();
      expect(told.members.map(({ member }) => member.id)).toEqual(ids);
      expect(told.silent).toEqual([]);
      expect(brokenChecks(checksOf(told))).toEqual([]);
      for (const { lookups, member } of told.members) {
        expect(lookups.length).toBeGreaterThan(1);
        for (const { route } of lookups) expect(route[0]).toBe(member.id);
      }
    });
  }
}

test("in a large ring what is asked and told stays bounded", () => {
  const ids = Array.from({ length: 700 }, (_, i) => i * 2 ** 38 + 5);
  const world = worldOf(ids, 48, "finger", 10);
  const before = world.post.sent;
  const end = begin(world, ids[3] ?? 0);
  const asked = world.post.sent - before;
  const told = end();
  expect(told.members.length).toBe(700);
  expect(brokenChecks(checksOf(told))).toEqual([]);
  const lookups = told.members.flatMap((said) => said.lookups);
  expect(lookups.length).toBe(SURVEY_LOOKUPS);
  expect(asked).toBeLessThanOrEqual(699 + SURVEY_LOOKUPS + 1);
  // All of them have one view, and one list of it.
  expect(new Set(told.members.map(({ present }) => present)).size).toBe(1);
}, 60_000);

test("keys that are named are looked up by every member", () => {
  const told = begin(worldOf(EIGHT), 8, [7, 200])();
  for (const { lookups } of told.members) {
    expect(lookups.map(({ key, owner }) => [key, owner])).toEqual([
      [7, 8],
      [200, 2],
    ]);
  }
});

test("who does not answer is named, and the others are heard", () => {
  const world = worldOf(EIGHT);
  world.freeze(14);
  const end = begin(world, 4);
  const told = end();
  expect(told.silent.map(({ id }) => id)).toEqual([14]);
  expect(told.members.map(({ member }) => member.id)).toEqual(EIGHT.filter((id) => id !== 14));
  expect(brokenChecks(checksOf(told))).not.toEqual([]);
});

test("a question that is lost is asked again", () => {
  const world = worldOf(EIGHT);
  const [asker, other] = [world.hostOf(4).address, world.hostOf(14).address];
  world.network.hang(asker, other);
  const end = begin(world, 4);
  world.run(world.now + 300);
  world.network.mend();
  const told = end();
  expect(told.silent).toEqual([]);
  expect(brokenChecks(checksOf(told))).toEqual([]);
});

test("views that differ are told whole, and judged", () => {
  const world = worldOf(EIGHT);
  world.freeze(14);
  world.run(world.now + 20_000);
  world.thaw(14);
  // It still knows all of them; they hold it for dead.
  const told = begin(world, 14)();
  expect(told.members.length).toBe(8);
  const { R6 } = checksOf(told);
  expect(R6).toMatchObject({ ok: false, why: expect.stringContaining("does not hold 14") });
});

test("the same question again, in a ring that has healed, finds nothing wrong", () => {
  const world = worldOf(EIGHT);
  world.kill(9);
  world.run(world.now + 20_000);
  const told = begin(world, 19)();
  expect(told.members.map(({ member }) => member.id)).toEqual(EIGHT.filter((id) => id !== 9));
  expect(told.members.every(({ dead }) => dead === 1)).toBe(true);
  expect(brokenChecks(checksOf(told))).toEqual([]);
});

test("word of a view that is neither told nor the asker's is no word", () => {
  const one = new OnePeer(8, [8, 9]);
  one.command(1, { kind: "survey", keys: [8] });
  const { request = 0, digest = 0 } = one.sent("status-ask")[0]?.message ?? {};
  const survey = one.peer.requests.surveys.get(request);
  const files = { count: 0, bytes: 0, short: 0, least: 0, safe: true, damaged: 0, room: 0 };
  const told = {
    ...({ tag: "status-told", request, strategy: "direct", digest, present: null } as const),
    ...{ successors: [8], predecessors: [8], expected: 0, dead: 0, left: 0, files },
  };
  one.hear(9, { ...told, digest: digest + 1 });
  expect([...(survey?.silent.keys() ?? [])]).toEqual([9]);
  // What was not asked for is no word either.
  one.hear(9, { ...told, request: request + 1 });
  expect([...(survey?.silent.keys() ?? [])]).toEqual([9]);
  one.hear(9, told);
  expect([...(survey?.silent.keys() ?? [])]).toEqual([]);
  const ends = one
    .pass(2 * SURVEY_MOST_MS)
    .flatMap((e) => (e.type === "event" && e.event.event === "outcome" ? [e.event.outcome] : []));
  expect(ends).toMatchObject([
    { kind: "surveyed", members: [{ member: { id: 8 } }, { member: { id: 9 } }] },
  ]);
});
