import { expect, test } from "bun:test";
import type { Strategy } from "../../src/protocol/config.ts";
import { createPeer } from "../../src/protocol/creating.ts";
import { type Member, makeMember } from "../../src/protocol/member.ts";
import type { Ask } from "../../src/protocol/messages.ts";
import { makeRandom, randomBelow, randomSample } from "../../src/protocol/random.ts";
import { destination, nextHop } from "../../src/protocol/routing.ts";
import type { Peer } from "../../src/protocol/state.ts";
import { View } from "../../src/protocol/view.ts";

const SEED = 7_301;
const STRATEGIES: readonly Strategy[] = ["successor", "finger", "direct"];

function member(id: number): Member {
  const birth = id.toString(16).padStart(16, "0");
  return makeMember({
    id,
    incarnation: 1,
    birth,
    state: "alive",
    address: `127.0.0.1:${12_000 + id}`,
  });
}

function peerOf(strategy: Strategy, id: number, ids: readonly number[]): Peer {
  const { address, birth } = member(id);
  const peer = createPeer(
    {
      type: "start",
      config: { ring: 12_000, bits: 8, strategy, pingIntervalMs: 1_000, copies: 3 },
      id,
      address,
      birth,
      seed: 1,
      start: { kind: "found" },
      incarnation: 0,
      restored: [],
      files: [],
    },
    0,
  );
  peer.self = member(id);
  peer.view = View.of([...ids, id].map(member));
  return peer;
}

/** The next hop by its definition: a list of all who may be asked, clockwise, and a place in it. */
function plainHop(peer: Peer, ask: Ask, tried: readonly number[]): number | undefined {
  const { view, self, config } = peer;
  const joiner = ask.kind === "join" ? ask.joiner.id : -1;
  const around = view.after(self.id, view.size).map((m) => m.id);
  const open = around.filter((id) => !tried.includes(id) && id !== joiner);
  const places = open.indexOf(destination(view, ask)?.id ?? -1);
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
    expect(nextHop(peer, ask, tried)?.id).toBe(plainHop(peer, ask, tried));
  }
});
