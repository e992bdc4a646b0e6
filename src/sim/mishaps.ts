/** What befalls single machines and the streams between two of them. */
import { SimDisk } from "./disk.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Loses the data folder of a peer that does not run. */
export function wipe(host: Host): void {
  host.disk = new SimDisk();
}

/** Ends a machine without warning: what its disk had not synced is gone, and what it had to send. */
export function cutPower(world: World, host: Host): void {
  world.post.streams.losePower(host);
  world.end(host);
  host.disk.losePower();
}

/** The streams of two break, both ways. */
export function resetStreams({ post }: World, one: Host, other: Host): void {
  for (const place of other.places) post.streams.reset(one, place);
  for (const place of one.places) post.streams.reset(other, place);
}

/**
 * A link that is watched breaks, and dials are refused so often, though the process lives. REFUSALS of
 * them, where its own streams `broke` too, are taken for its death.
 */
export function refuse(
  world: World,
  [host, to]: readonly [Host, Host],
  times: number,
  broke: boolean,
): void {
  for (const address of to.places) {
    if (!host.watched.has(address)) continue;
    for (const tell of world.refusals) tell(host, to);
    if (broke) resetStreams(world, host, to);
    const input = { type: "unreachable", at: 0, address, how: "refused", broke } as const;
    for (let i = 0; i < times && host.watched.has(address); i++) world.give(host, input);
  }
}
