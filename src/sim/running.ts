/** What a simulated process is given as it starts, and as it goes on after a freeze. */
import type { RingConfig } from "../protocol/config.ts";
import type { Input, StartInput } from "../protocol/io.ts";
import type { Host } from "./host.ts";

/** A process starts with what the disk has kept, at the address that its machine has now. */
export function startInputOf(
  { id, address, places, disk, start }: Host,
  config: RingConfig,
  birth: string,
  seed: number,
): StartInput {
  return {
    ...{ type: "start", config, id, address: places[0] ?? address, birth, seed, start },
    incarnation: disk.incarnation,
    restored: [...disk.members, ...disk.gone],
    files: [...disk.files.values()],
  };
}

/**
 * What a peer gets when its process goes on: what its sockets have kept, before any timer. An input that
 * says how long it has slept has its place before all of it.
 */
export function inputsAtThaw(host: Host, now: number): Input[] {
  return host.held.splice(0).map(({ at, input }) => {
    if (input.type !== "message" || input.heldMs === null) return input;
    return { ...input, heldMs: input.heldMs + now - at };
  });
}
