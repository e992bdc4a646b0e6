import { expect, test } from "bun:test";
import { HOP_ACK_MS, type Strategy } from "../../../src/protocol/model/config.ts";
import type { Ask } from "../../../src/protocol/model/messages.ts";
import { makeRandom, randomBelow, randomSample } from "../../../src/protocol/model/random.ts";
import { View } from "../../../src/protocol/model/view.ts";
import { destination, nextHop } from "../../../src/protocol/requests/routing.ts";
import { createPeer, type Peer } from "../../../src/protocol/state.ts";
import { BODY, member, OnePeer, READ, routedFrom, storeAsk } from "../one-peer.ts";

const SEED = 7_301;
const STRATEGIES: readonly Strategy[] = ["successor", "finger", "direct"];

function peerOf(strategy: Strategy, id: number, ids: readonly number[]): Peer {
  const { address, instance } = member(id);
  const peer = createPeer(
    {
      type: "start",
      config: { ring: 12_000, bits: 8, strategy, pingIntervalMs: 1_000, replicationFactor: 3 },
      id,
      address,
      instance,
      seed: 1,
      start: { kind: "found" },
      incarnation: 0,
      restored: [],
      files: [],
    },
    0,
  );
  peer.self = member(id);
  peer.membership.view = View.of([...ids, id].map(member));
  return peer;
}

/** The next hop by its definition: a list of all who may be asked, clockwise, and a place in it. */
function plainHop(peer: Peer, ask: Ask, tried: readonly number[]): number | undefined {
  const {
    self,
    config,
    membership: { view },
  } = peer;
  const joiner = ask.kind === "join" ? ask.joiner.id : -1;
  const around = view.after(self.id, view.size).map((m) => m.id);
  const open = around.filter((id) => !tried.includes(id) && id !== joiner);
  const places = open.indexOf(destination(view, { ask, avoid: [] })?.id ?? -1);
  if (config.strategy === "successor" || places < 0) return open[0];
  if (config.strategy === "direct") return open[places];
  return open[2 ** Math.floor(Math.log2(places + 1)) - 1];
}

test("the next hop is the one of the definition, whoever was tried", () => {
  console.log(`seed ${SEED}`);
  const random = makeRandom(SEED);
  const all = Array.from({ length: 256 }, (_, id) => id);
  for (let i = 0; i < 6_000; i++) {
    const [self = 0, ...others] = randomSample(random, all, 1 + randomBelow(random, 20));
    const peer = peerOf(STRATEGIES[i % 3] ?? "finger", self, others);
    const tried = randomSample(random, others, randomBelow(random, 4)).filter((id) => id !== self);
    const key = randomBelow(random, 256);
    const ask: Ask =
      randomBelow(random, 2) === 0
        ? { kind: "lookup", key }
        : { kind: "join", joiner: member(key) };
    expect(nextHop(peer, { ask, avoid: [] }, tried)?.id).toBe(plainHop(peer, ask, tried));
  }
});

test("another stands in for an owner that does not take a hop, but never says that it is the owner", () => {
  const asks: Ask[] = [READ, storeAsk(1), { kind: "lookup", key: 5 }];
  for (const ask of asks) {
    const one = new OnePeer(2);
    one.hear(20, routedFrom(20, 1, ask));
    expect(one.to("routed")).toEqual([8]);
    one.give({ type: "unreachable", address: member(8).address, how: "timeout", broke: false });
    const [next] = one.sent("routed");
    expect(next?.message.avoid).toEqual(ask.kind === "lookup" ? [] : [8]);
    expect(next?.message.back).toBe(true);
    expect(one.to("routed")).toEqual([9]);
    // The one next to it deals with it, or knows better whose it is.
    const nine = new OnePeer(9);
    nine.hear(2, next?.message ?? routedFrom(20, 1, ask));
    const told = nine.sent("answer").map(({ message }) => message.outcome.kind);
    expect(told).not.toContain("owner");
    expect(nine.to("routed")).toEqual(ask.kind === "lookup" ? [8] : []);
    expect(nine.to("inquire").length > 0).toBe(ask.kind !== "lookup");
  }
});

test("a hop that is not taken over in time is sent another way, and may be executed there all the same", () => {
  // 9 is on the way from 2 to 20, which takes the hop over and is not heard of again.
  const between = new OnePeer(9);
  const ask = storeAsk(1, { key: 15 });
  between.hear(2, routedFrom(2, 1, ask, { route: [2] }), { body: BODY });
  expect(between.to("routed")).toEqual([20]);
  between.pass(HOP_ACK_MS);
  const [again] = between.sent("routed");
  expect(again?.message).toMatchObject({ lost: true, back: true });
});
