/** Asking a simulated peer for something, and waiting for how it ends. */
import type { FileRead } from "../checks/files.ts";
import type { PeerSnapshot } from "../checks/ring.ts";
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import type { Outcome } from "../protocol/model/events.ts";
import type { Command } from "../protocol/model/io.ts";
import type { SimContent } from "./bodies.ts";
import { drawKey } from "./figure-ring.ts";
import type { RandomGenerator } from "./random-generator.ts";
import { type Stage, snapshots } from "./stage.ts";

/** The clock goes on by so much at a time. */
const STEP_MS = 50;
const LOOKUPS_MS = 4_000;

/** @returns how the command ended, or undefined if it has not within so many virtual milliseconds */
export function askAndWait(
  { world, outcomes }: Stage,
  id: number,
  what: Command,
  content: SimContent | null,
  withinMs: number,
): Outcome | undefined {
  const command = world.command(id, what, content);
  const end = world.now + withinMs;
  while (world.now < end && !outcomes.has(command)) world.run(world.now + STEP_MS);
  return outcomes.get(command);
}

/** What a peer hands out for a name. */
export function readFile(
  stage: Stage,
  peer: number,
  { name, key }: { readonly name: string; readonly key: number },
  withinMs: number,
): FileRead {
  const outcome = askAndWait(stage, peer, { kind: "request", name, key }, null, withinMs);
  if (outcome?.kind === "received") return { kind: "read", peer, sha256: outcome.sha256 };
  if (outcome?.kind === "missing") return { kind: "read", peer, sha256: null };
  const why = outcome?.kind === "failed" ? outcome.why : (outcome?.kind ?? "no answer");
  return { kind: "failed", peer, why };
}

/** What each peer says of the ring, and whom it names as the owner of a key of its own. */
export function lookUpAll({ world, outcomes }: Stage, generator: RandomGenerator): PeerSnapshot[] {
  const asked = snapshots(world).map((peer) => {
    const key = world.config.bits > NUMBERED_BITS ? drawKey(generator) : generator.below(256);
    return { peer, key, command: world.command(peer.id, { kind: "lookup", key }, null) };
  });
  world.run(world.now + LOOKUPS_MS);
  return asked.map(({ peer, key, command }) => {
    const outcome = outcomes.get(command);
    const none = { key, owner: null, hops: 0, route: [] };
    if (outcome?.kind !== "owner") return { ...peer, lookups: [none] };
    const { owner, route } = outcome;
    return { ...peer, lookups: [{ key, owner, hops: route.length - 1, route }] };
  });
}
