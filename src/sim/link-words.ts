/** What a scenario may do to links and addresses, in its words. Of peers that never were it says nothing. */
import { REFUSALS } from "../protocol/model/config.ts";
import type { Address } from "../protocol/model/member.ts";
import type { Host } from "./host.ts";
import { refuse, resetStreams } from "./mishaps.ts";
import type { CutOf } from "./network.ts";
import type { Places } from "./places.ts";
import type { World } from "./world.ts";

export const LINK_VERBS: readonly string[] = [
  "cut",
  "mend",
  "slow",
  "hang",
  "refuse",
  "reset",
  "move",
  "second",
];

const MIDDLES: readonly string[] = ["from", "towards", "for"];

/**
 * `cut 1 2 from 3 4`, `cut 1 towards 2`, `cut udp 1 from 2`, `cut tcp 1 towards 2`; `mend`, or one of
 * these behind it; `slow 1 towards 2 by 300`, `hang 1 towards 2`, `refuse 1 towards 2`, or `refuse 1 towards 2 once`, `reset
 * 1 from 2`, `move 1 2`, `second 1 for 2 3`.
 */
export function actOnLinks(world: World, words: readonly string[]): void {
  const { network } = world;
  const [verb = ""] = words;
  const middle = words.findIndex((w) => MIDDLES.includes(w));
  const end = words.includes("by") ? words.indexOf("by") : words.length;
  const left = numbers(words.slice(1, middle === -1 ? end : middle));
  const right = middle === -1 ? [] : numbers(words.slice(middle + 1, end));
  const ones = hostsOf(world, left);
  const others = hostsOf(world, right);
  switch (verb) {
    case "cut":
      cut(world, words, left, right);
      return;
    case "mend":
      if (words.length === 1) network.mend();
      else network.mendCut(words.slice(1).join(" "));
      return;
    case "move":
      for (const host of ones) {
        world.places.move(host);
        if (host.peer !== null) host.movedAt = world.now;
      }
      return;
    case "second":
      for (const host of ones) world.places.addSecond(host, others);
      return;
  }
  for (const one of ones) {
    for (const other of others) {
      if (one === other) continue;
      if (verb === "slow") network.slow(one.address, other.address, Number(words[end + 1]));
      else if (verb === "hang") network.hang(one.address, other.address);
      else if (verb === "reset") resetStreams(world, one, other);
      else refuse(world, [one, other], words.includes("once") ? 1 : REFUSALS, true);
    }
  }
}

function cut(
  { network, places }: World,
  words: readonly string[],
  left: readonly number[],
  right: readonly number[],
): void {
  // One that is to join later may be named, so these need not be there.
  const addresses = (ids: readonly number[]): Address[] =>
    ids.flatMap((id) => placesOf(places, id));
  const [one, other] = [addresses(left), addresses(right)];
  const text = words.join(" ");
  const of: CutOf = words[1] === "udp" || words[1] === "tcp" ? words[1] : "all";
  network.cut(of, one, other, text);
  if (words.includes("from")) network.cut(of, other, one, text);
}

/** Where an id is, and its twin if it has one: on neither side of a cut a process would be a bridge. */
function placesOf(places: Places, id: number): Address[] {
  const twin = places.twinAddress(id);
  return places.hosts.has(twin) ? [places.reserve(id), twin] : [places.reserve(id)];
}

function numbers(words: readonly string[]): number[] {
  return words.filter((w) => /^\d+$/.test(w)).map(Number);
}

function hostsOf(world: World, ids: readonly number[]): Host[] {
  return ids.flatMap((id) => world.places.byId(id) ?? []);
}
