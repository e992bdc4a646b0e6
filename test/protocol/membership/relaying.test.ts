/** News in a large ring: told to each member by about one other, whoever dies on the way, and whatever is known already. */

import { describe, expect, test } from "bun:test";
import { TREE_FROM, TREE_TIMES } from "../../../src/protocol/membership/large.ts";
import type { PeerEvent } from "../../../src/protocol/model/events.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import type { Message } from "../../../src/protocol/model/messages.ts";
import { makeRandom, randomBelow } from "../../../src/protocol/model/random.ts";
import { LOCAL_NETWORK } from "../../../src/sim/network.ts";
import { joinThrough } from "../../../src/sim/stage.ts";
import { World } from "../../../src/sim/world.ts";
import { idAt, member, OnePeer } from "../one-peer.ts";

const SEED = 4_171;
const PEERS = 2 * TREE_FROM;

/** A large ring in calm, in which all news that is sent is counted, and who has learnt of whom. */
function largeRing(seed: number, lossPerMille = 0) {
  const config = {
    ...{ ring: 70_000, bits: 48, strategy: "direct" as const },
    ...{ pingIntervalMs: 5_000, replicationFactor: 3 },
  };
  const world = new World({ config, network: { ...LOCAL_NETWORK, lossPerMille }, seed });
  const random = makeRandom(seed);
  const ids = new Set<number>();
  while (ids.size < PEERS) ids.add(randomBelow(random, 2 ** 32) * 2 ** 15);
  world.form([...ids]);
  world.run(8_000);
  const news: Message[] = [];
  world.post.observers.push((_, message) => {
    if (message.tag === "spread" || message.tag === "gossip") news.push(message);
  });
  const learnt = new Map<number, Set<number>>();
  world.readers.push(({ id }, event: PeerEvent) => {
    if (event.event !== "member") return;
    learnt.set(event.id, (learnt.get(event.id) ?? new Set()).add(id));
  });
  const knowing = (id: number) => learnt.get(id)?.size ?? 0;
  return { world, ids: [...ids].sort((a, b) => a - b), news, knowing };
}

describe("a large ring", () => {
  test("is told of a death by one other each, within a second, and each has tried it", () => {
    const { world, ids, news, knowing } = largeRing(SEED);
    const victim = ids[70] ?? 0;
    world.kill(victim);
    world.run(world.now + 1_000);
    expect(knowing(victim)).toBe(PEERS - 1);
    expect(news.length).toBeLessThan(0.8 * TREE_TIMES * PEERS);
  });

  test("is told of a joiner by one other each, by the one that takes it in", () => {
    const { world, ids, news, knowing } = largeRing(SEED + 1);
    const joiner = (ids[9] ?? 0) + 1;
    world.startPeer(joiner, joinThrough(world, ids[100] ?? 0));
    world.run(world.now + 1_500);
    expect(knowing(joiner)).toBeGreaterThanOrEqual(PEERS);
    expect(news.length).toBeLessThan(0.8 * TREE_TIMES * PEERS);
  });

  test("misses nobody where several change at once, and those that pass it on die", () => {
    for (const seed of [1, 2]) {
      const { world, ids, knowing } = largeRing(seed);
      const victims = [40, 41, 75, 100, 101, 120].map((i) => ids[i] ?? 0);
      const joiner = (ids[60] ?? 0) + 1;
      world.startPeer(joiner, joinThrough(world, ids[5] ?? 0));
      for (const victim of victims) {
        world.kill(victim);
        world.run(world.now + 30);
      }
      world.run(world.now + 1_500);
      const left = PEERS - victims.length;
      for (const victim of victims) expect(knowing(victim)).toBeGreaterThanOrEqual(left);
      expect(knowing(joiner)).toBeGreaterThanOrEqual(left);
    }
  }, 60_000);

  test("hears of each change within seconds where datagrams are lost", () => {
    const { world, ids, knowing } = largeRing(SEED + 4, 30);
    const victims = Array.from({ length: 12 }, (_, i) => ids[10 * i + 3] ?? 0);
    for (const victim of victims) {
      world.kill(victim);
      world.run(world.now + 1_000);
    }
    world.run(world.now + 1_000);
    for (const victim of victims)
      expect(knowing(victim)).toBeGreaterThanOrEqual(PEERS - victims.length);
  }, 60_000);

  test("comes to know what was lost on the way by comparing tables", () => {
    const { world, ids } = largeRing(SEED + 2, 200);
    const victim = ids[33] ?? 0;
    world.kill(victim);
    world.run(world.now + 20_000);
    const unaware = world.living().filter((h) => h.peer?.membership.view.find(victim));
    expect(unaware).toEqual([]);
  }, 60_000);

  test("tells as far as somebody counts on it, whoever else has told it the same meanwhile", () => {
    const at = (place: number) => place * 2 ** 41;
    const ids = Array.from({ length: PEERS }, (_, i) => at(i));
    const one = new OnePeer(at(100), ids);
    const dead = makeMember({ ...member(at(120)), state: "dead" });
    // All before it up to the 20th are to have it from here; as it is being tried it comes once more, in a table.
    one.hear(at(90), { tag: "spread", upTo: at(20), joining: false, members: [dead] });
    one.hear(at(80), { tag: "gossip", joining: false, members: [dead] });
    for (let i = 0; i < 3; i++)
      one.give({ type: "unreachable", address: dead.address, how: "refused", broke: true });
    const told = [...one.effects, ...one.pass(200)].flatMap((e) =>
      e.type === "send" && e.message.tag === "spread" ? [idAt(e.to)] : [],
    );
    expect(Math.min(...told)).toBeLessThan(at(40));
  });

  test("does not believe a lie, nor pass it on far", () => {
    const { world, ids, news } = largeRing(SEED + 3);
    const liar = world.hostOf(ids[0] ?? 0);
    const hearer = world.hostOf(ids[120] ?? 0);
    const alive = world.hostOf(ids[60] ?? 0).peer?.self;
    if (liar.peer === null || alive === undefined) throw new Error("they run");
    const dead = { ...alive, state: "dead" as const };
    const message: Message = {
      ...{ tag: "spread", upTo: hearer.id + 1, joining: false, members: [dead] },
    };
    world.post.send(liar, {
      ...{ type: "send", to: hearer.address, channel: "datagram", message, body: null },
    });
    news.length = 0;
    world.run(world.now + 5_000);
    expect(world.living()).toHaveLength(PEERS);
    for (const { peer } of world.living()) expect(peer?.membership.view.size).toBe(PEERS);
  });
});
