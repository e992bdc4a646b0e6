/** What a simulated process is given as it starts, and as it goes on after a freeze. */

import { sleepOf } from "../protocol/lifecycle/sleep.ts";
import type { RingConfig } from "../protocol/model/config.ts";
import type { Input, StartInput } from "../protocol/model/io.ts";
import { nextDeadline } from "../protocol/peer.ts";
import { type Host, virtualTime } from "./host.ts";

/** A process starts with what the disk has kept, at the address that its machine has now. */
export function startInputOf(
  { id, address, places, disk, start }: Host,
  config: RingConfig,
  instance: string,
  seed: number,
  now: number,
): StartInput {
  const { aliveAt, forgottenAt } = disk;
  return {
    ...{ type: "start", config, id, address: places[0] ?? address, instance, seed, start },
    incarnation: disk.incarnation,
    restored: [...disk.members, ...disk.departed],
    left: disk.left,
    awayMs: aliveAt === null ? null : now - aliveAt,
    forgottenMs: forgottenAt === null ? null : now - forgottenAt,
    files: disk.files,
  };
}

/** What a disk with room says: more than any scenario stores. */
const ROOM_BYTES = 2 ** 40;

/** Tells a process whether its disk takes files. */
export function tellRoom(world: { give(host: Host, input: Input): void }, host: Host): void {
  world.give(host, { type: "room", at: 0, bytes: host.disk.full ? 0 : ROOM_BYTES });
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
