/** What a simulated process is given as it starts, and as it goes on after a freeze. */
import type { RingConfig } from "../protocol/config.ts";
import type { Input, StartInput } from "../protocol/io.ts";
import { nextDeadline } from "../protocol/peer.ts";
import { sleepOf } from "../protocol/sleep.ts";
import type { Chance } from "./chance.ts";
import { type Host, virtualTime } from "./host.ts";

/** A peer looks at its disk about so often. */
const LOOK_MS = 1_000;

/** A peer is told what room its disk has when that is next looked at. */
export function tellRoom(
  world: { giveLater(host: Host, delayMs: number, input: Input): void; readonly chance: Chance },
  host: Host,
): void {
  const bytes = host.disk.full ? 0 : Number.MAX_SAFE_INTEGER;
  world.giveLater(host, world.chance.below(LOOK_MS), { type: "room", at: 0, bytes });
}

/** A process starts with what the disk has kept. */
export function startInputOf(
  { id, address, disk, start }: Host,
  config: RingConfig,
  birth: string,
  seed: number,
): StartInput {
  return {
    ...{ type: "start", config, id, address, birth, seed, start },
    incarnation: disk.incarnation,
    restored: [...disk.members, ...disk.gone],
    left: disk.left,
    files: disk.files,
  };
}

/**
 * What a peer gets when its process goes on: that it slept, where it was long enough to be noticed; then
 * what its sockets have kept, before any timer.
 */
export function inputsAtThaw(host: Host, now: number): Input[] {
  const { peer, frozenAt } = host;
  const dueAt = peer === null ? Number.POSITIVE_INFINITY : virtualTime(host, nextDeadline(peer));
  const sleptMs = sleepOf(frozenAt, dueAt, now);
  const held = host.held.splice(0).map(({ at, input }) => {
    if (input.type !== "message" || input.heldMs === null) return input;
    return { ...input, heldMs: input.heldMs + now - at };
  });
  return sleptMs === null ? held : [{ type: "woke", at: 0, sleptMs }, ...held];
}
