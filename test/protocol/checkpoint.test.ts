import { expect, test } from "bun:test";
import { Checkpoint } from "../../src/protocol/checkpoint.ts";
import { ByWrite } from "../../src/protocol/model/by-write.ts";
import { Deadlines } from "../../src/protocol/model/deadlines.ts";
import { DepartedTable } from "../../src/protocol/model/departed.ts";
import { FileIndex } from "../../src/protocol/model/file-index.ts";
import type { Effect } from "../../src/protocol/model/io.ts";
import { Placements } from "../../src/protocol/model/placements.ts";
import { View } from "../../src/protocol/model/view.ts";
import { step } from "../../src/protocol/peer.ts";
import { copyPeer, type Peer } from "../../src/protocol/state.ts";
import type { Host, Stepping } from "../../src/sim/host.ts";
import { drawPlan } from "../../src/sim/plan.ts";
import { runPlan } from "../../src/sim/simulated-run.ts";
import { randomFrom } from "../wire/random.ts";

const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Of a hundred messages so many are stumbled over. */
const PER_CENT = 2;
/** At most so many effects are begun before that. */
const MOST_EFFECTS = 8;

class Stumbled extends Error {}

/** Effects of which one too many throws: what led to the others has changed the peer by then. */
class Stumbling extends Array<Effect> {
  left = Number.POSITIVE_INFINITY;
  override push(...effects: Effect[]): number {
    if (this.left < 1) throw new Stumbled();
    this.left -= 1;
    return super.push(...effects);
  }
  static override get [Symbol.species]() {
    return Array;
  }
}

/** Every so often a peer throws in the middle of a message, or right after it; then it is given it again. */
function stumbling(random: () => number): { stepping: Stepping; stumbled: () => number } {
  const kept = new WeakMap<Host, { peer: Peer; checkpoint: Checkpoint }>();
  let stumbled = 0;
  const stepping: Stepping = (host, peer, input) => {
    let known = kept.get(host);
    if (known?.peer !== peer) known = { peer, checkpoint: new Checkpoint(peer, step) };
    kept.set(host, known);
    const { checkpoint } = known;
    if (input.type === "message" && random() * 100 < PER_CENT) {
      const effectsLeft = new Stumbling();
      effectsLeft.left = Math.floor(random() * MOST_EFFECTS);
      peer.effects = effectsLeft;
      try {
        step(peer, input);
      } catch (error) {
        if (!(error instanceof Stumbled)) throw error;
      }
      stumbled += 1;
      known.peer = checkpoint.restore();
      host.peer = known.peer;
    }
    const effects = step(known.peer, input);
    checkpoint.note(known.peer, input);
    return effects;
  };
  return { stepping, stumbled: () => stumbled };
}

test(`what throws in the middle of a message leaves no trace (P2P_TEST_SEED=${seed})`, () => {
  let all = 0;
  for (const plan of [0, 1].map((i) => drawPlan(seed + i))) {
    const { stepping, stumbled } = stumbling(randomFrom(plan.seed));
    const plain = runPlan(plan);
    const result = runPlan(plan, stepping);
    expect([plan.seed, result.failure]).toEqual([plan.seed, plain.failure]);
    expect([plan.seed, result.fingerprint]).toEqual([plan.seed, plain.fingerprint]);
    all += stumbled();
  }
  expect(all).toBeGreaterThan(10);
}, 120_000);

/** All that a value holds, those of its parts that keep theirs to themselves by what they tell. */
function told(value: unknown): unknown {
  if (value instanceof Map) return ["map", ...[...value].map((entry) => entry.map(told))];
  if (value instanceof Set) return ["set", ...[...value].map(told)];
  if (Array.isArray(value)) return value.map(told);
  if (value instanceof View) return value.digest;
  if (value instanceof Deadlines) return value.next();
  if (value instanceof DepartedTable) return [value.members, value.last];
  if (value instanceof FileIndex) return [...value.values()].map(told);
  if (value instanceof ByWrite) return [...value.entries()].map(told);
  if (value instanceof Placements) return [...value.values()].map(told);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([name]) => name !== "views" && name !== "start")
    .map(([name, part]) => [name, told(part)]);
}

test(`a copy does not change with the peer that it was made of (P2P_TEST_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const copies = new Map<Host, { readonly copy: Peer; readonly was: string }>();
  const text = (peer: Peer) => JSON.stringify(told(peer));
  let compared = 0;
  const stepping: Stepping = (host, peer, input) => {
    const effects = step(peer, input);
    if (random() < 0.02) {
      const known = copies.get(host);
      if (known !== undefined) expect(text(known.copy)).toBe(known.was);
      compared += known === undefined ? 0 : 1;
      copies.set(host, { copy: copyPeer(peer), was: text(peer) });
    }
    return effects;
  };
  // One plan may be over soon.
  for (let i = 0; compared <= 10; i++) runPlan(drawPlan(seed + i), stepping);
}, 60_000);
