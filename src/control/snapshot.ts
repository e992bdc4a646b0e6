/** What the checks need of what peers say of themselves, and of their rings. */
import { checkTold, type PeerSnapshot } from "../checks/ring.ts";
import type { CheckedPeer, Checks, RingPlace, RingTold, Status } from "./types.ts";

/** What the checks need of a status. */
export function snapshotOf(status: Status): PeerSnapshot {
  return {
    id: status.self.id,
    bits: status.bits,
    successors: [...status.successors],
    predecessors: [...status.predecessors],
    // One that is only expected is neither held for alive nor for gone.
    members: status.members
      .filter((m) => m.incarnation > 0)
      .map(({ id, state }) => ({ id, state })),
    lookups: status.lookups.map((lookup) => ({ ...lookup, route: [...lookup.route] })),
    strategy: status.route,
  };
}

/** What all that were asked have heard, each member once. */
export function checksOf(told: readonly RingTold[]): Checks {
  const peers: CheckedPeer[] = [];
  const snapshots: PeerSnapshot[] = [];
  for (const { bits, views, peers: heard } of told) {
    for (const { view, ...said } of heard) {
      if (peers.some(({ self }) => isAt(self, said.self))) continue;
      const members = views[view] ?? [];
      peers.push({ ...said, members });
      const { self, route, successors, predecessors, lookups } = said;
      const seen = { successors, predecessors, members, lookups };
      snapshots.push({ id: self.id, bits, strategy: route, ...seen });
    }
  }
  peers.sort((a, b) => a.self.id - b.self.id);
  const all = told.flatMap(({ silent }) => silent);
  const silent = all.filter(
    (place, index) =>
      !peers.some(({ self }) => isAt(self, place)) &&
      all.findIndex((other) => isAt(other, place)) === index,
  );
  const ids = silent.map(({ id }) => id);
  return { v: 2, at: Date.now(), peers, silent, checks: checkTold(snapshots, ids) };
}

/** Whether that peer is the one at this place: a process has its port to itself; how a host is called may differ. */
export function isAt(
  place: RingPlace,
  { id, port }: { readonly id: number; readonly port: number },
): boolean {
  return place.id === id && place.port === port;
}
