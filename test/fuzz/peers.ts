/** Peers in the midst of their lives, and what they said, out of simulated rings. */
import { copyPeer, type Peer } from "../../src/protocol/state.ts";
import { NETWORKS } from "../../src/sim/network.ts";
import { Overheard } from "../../src/sim/overheard.ts";
import { drawPlan, type Plan } from "../../src/sim/plan.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

/** A peer as it stood after a step, never to be stepped itself. */
export type Kept = { readonly peer: Peer; readonly where: string };

export type Gathered = { readonly peers: readonly Kept[]; readonly overheard: Overheard };

/** Peers kept of one kind. */
const OF_A_KIND = 3;
/** One step in so many is a candidate for a kind that has its peers already. */
const ONE_IN = 200;
/** Rings with more peers take long to play, and show nothing else. */
const MOST_PEERS = 8;

/** Plays rings and keeps peers of every kind that they had. @param rings how many, of ids of 8 and of 48 bits in turn */
export function gather(rings: number): Gathered {
  const overheard = new Overheard();
  const kept = new Map<string, Kept[]>();
  const bits = [8, 48];
  for (let seed = 1, played = 0; played < rings; seed++) {
    const plan = drawPlan(seed);
    if (plan.ids.length > MOST_PEERS || plan.config.bits !== bits[played % bits.length]) continue;
    played += 1;
    watch(plan, overheard, kept);
  }
  watch(ALONE, overheard, kept);
  return { peers: [...kept.values()].flat(), overheard };
}

/** One that founds its ring by itself, and stores in it. */
const ALONE: Pick<Plan, "seed" | "config" | "ids" | "actions" | "network"> = {
  seed: 0,
  config: numberedRing(1_000),
  ids: [7],
  network: "local",
  actions: [
    { at: 3_000, action: "file 2067 3000" },
    { at: 3_100, action: "7 types Store 2067" },
    { at: 9_000, action: "quit 7" },
  ],
};

function watch(plan: typeof ALONE, overheard: Overheard, kept: Map<string, Kept[]>): void {
  const { config, seed, network } = plan;
  const stage = new Stage({ config, seed, network: NETWORKS[network] });
  const generator = new RandomGenerator(seed);
  const { world } = stage;
  world.steps.push(({ id, peer }) => {
    if (peer === null || peer.phase === "ended") return;
    const kind = `${config.bits} bits, ${kindOf(peer)}`;
    const those = kept.get(kind) ?? [];
    if (those.length >= OF_A_KIND && generator.below(ONE_IN) > 0) return;
    kept.set(kind, those);
    const where = `seed ${seed}, peer ${id} at ${world.now.toFixed(1)} ms: ${kind}`;
    const one = { peer: copyPeer(peer), where };
    if (those.length < OF_A_KIND) those.push(one);
    else those[generator.below(OF_A_KIND)] = one;
  });
  world.post.observers.push(({ peer }, message) => {
    if (peer !== null) overheard.hear(message, peer.self);
  });
  stage.found(plan.ids);
  for (const { at, action } of plan.actions) {
    world.run(at);
    stage.act(action);
  }
  world.run(world.now + 2_000);
}

function kindOf(peer: Peer): string {
  const { membership, replication, requests, phase } = peer;
  const marks = [
    membership.view.size === 1 ? "alone" : "",
    membership.departed.size > 0 ? "with departed" : "",
    membership.awaited.size > 0 ? "awaiting" : "",
    membership.probes.size > 0 ? "probing" : "",
    replication.files.size > 0 ? "with files" : "",
    replication.jobs.size > 0 ? "copying" : "",
    requests.pending.size + requests.hops.size > 0 ? "asking" : "",
    replication.inquiries.size + replication.placements.size > 0 ? "asked" : "",
  ];
  return [phase, ...marks.filter((mark) => mark !== "")].join(", ");
}
