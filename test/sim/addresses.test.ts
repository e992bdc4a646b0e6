/** Hosts with several addresses, and hosts that move, in a simulated ring. */
import { expect, test } from "bun:test";
import type { PeerEvent } from "../../src/protocol/model/events.ts";
import { type Address, makeMember } from "../../src/protocol/model/member.ts";
import type { Host } from "../../src/sim/host.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

const IDS = [2, 4, 9, 14, 30];
const SEED = 9_041;

/** Peer 9 of a ring, heard by the others from one address or the other, and reached at both. */
function ring(other: Address, shows: (to: Host) => boolean, hasLeft = () => false) {
  const config = numberedRing(1_000);
  const stage = new Stage({ config, network: LOCAL_NETWORK, seed: SEED });
  const { world } = stage;
  const own = world.addressOf(9);
  const give = world.give.bind(world);
  world.give = (host, input) => {
    const moved = input.type === "message" && input.from.id === 9 && shows(host);
    give(host, moved ? { ...input, from: makeMember({ ...input.from, address: other }) } : input);
  };
  const { places: map } = world;
  const at = map.at.bind(map);
  map.isLeft = (address) => address === own && hasLeft();
  map.at = (address) => (map.isLeft(address) ? undefined : at(address === other ? own : address));
  stage.found(IDS);
  world.run(5_000);
  const told: PeerEvent[] = [];
  world.readers.push((host, event) => {
    if (host.id !== 9 && event.event === "member" && event.id === 9) told.push(event);
  });
  let gossip = 0;
  world.post.observers.push((_, { tag }) => {
    gossip += Number(tag === "gossip");
  });
  /** What is said of 9 in the next so many milliseconds. */
  const said = (ms: number) => {
    told.length = gossip = 0;
    world.run(world.now + ms);
    return { events: told.length, gossip };
  };
  /** The address at which the members hold 9 for present, if they agree on one. */
  const places = () =>
    new Set(world.living().map(({ peer }) => peer?.membership.view.find(9)?.address ?? null));
  return { world, own, said, places };
}

const GREATER = "127.9.0.9:12009";
const LESSER = "10.0.0.9:12009";

test.each([
  ["a greater and a lesser, by turns", GREATER, 0],
  ["a lesser and a greater, by turns", LESSER, 0],
  ["a greater for some, always", GREATER, 1],
  ["a lesser for some, always", LESSER, 1],
])("a host with two addresses is one member: %s", (_, other, fixed) => {
  let turn = 0;
  const { own, said, places } = ring(other, (to) => (fixed ? to.id > 9 : turn++ % 2 === 0));
  // To come to agree takes each of them a word or two; then nothing is said any more.
  const first = said(10_000);
  expect(first.events).toBeLessThanOrEqual(2 * IDS.length);
  expect(first.gossip).toBeLessThanOrEqual(100);
  expect(said(120_000)).toEqual({ events: 0, gossip: 0 });
  expect(places()).toEqual(new Set([[own, other].sort()[1] ?? ""]));
});

test.each([
  ["greater", GREATER],
  ["lesser", LESSER],
])("a host that moves to a %s address is dead and back once, at most", (_, other) => {
  let moved = false;
  const hasMoved = () => moved;
  const { world, said, places } = ring(other, hasMoved, hasMoved);
  moved = true;
  const first = said(30_000);
  expect(first.events).toBeGreaterThan(0);
  expect(first.events).toBeLessThanOrEqual(4 * IDS.length);
  expect(places()).toEqual(new Set([other]));
  expect(said(120_000)).toEqual({ events: 0, gossip: 0 });
  expect(world.hostOf(9).peer?.self.address).toBe(other);
});
