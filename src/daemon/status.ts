/** A peer's word about itself, from its protocol, its sockets and its disk. */
import {
  epochNow,
  type RingMember,
  type RingPeer,
  type RingTold,
  type Status,
  type StatusLookup,
} from "../control/types.ts";
import type { RingConfig } from "../protocol/model/config.ts";
import type { Outcome } from "../protocol/model/events.ts";
import type { Member } from "../protocol/model/member.ts";
import { freeBytes } from "../store/disk.ts";
import type { Folder } from "../store/folder.ts";
import type { Transport } from "../transport/types.ts";
import type { Driver } from "./driver.ts";
import type { Lab } from "./lab.ts";
import type { Lock } from "./lock.ts";
import type { RoomWatch } from "./room.ts";

export type StatusSources = {
  readonly driver: Driver;
  readonly folder: Folder;
  readonly transport: Transport;
  readonly room: RoomWatch;
  readonly lock: Lock;
  readonly lab: Lab | null;
  readonly config: RingConfig;
};

/** What the members have said to this one, as its control socket gives it on. */
export function ringTold(config: RingConfig, { members, silent }: Surveyed): RingTold {
  const views: (readonly RingMember[])[] = [];
  const peers = members.map((said): RingPeer => {
    const { member, strategy, successors, predecessors, expected, dead, left, files } = said;
    if (!views.includes(said.present)) views.push(said.present);
    return {
      self: { id: member.id, ...place(member), incarnation: member.incarnation },
      ...{ route: strategy, successors, predecessors, expected, dead, left, files },
      view: views.indexOf(said.present),
      digest: hexadecimal(said.digest),
      lookups: said.lookups.map((lookup) => ({ ...lookup, hops: hopsOf(lookup.route) })),
    };
  });
  return {
    ...{ v: 1, at: epochNow() },
    ...{ ring: `${config.ring}`, bits: config.bits, peers, views },
    silent: silent.map((member) => ({ id: member.id, ...place(member) })),
  };
}

type Surveyed = Extract<Outcome, { kind: "surveyed" }>;

/** How many hops a route has. */
export function hopsOf(route: readonly number[]): number {
  return Math.max(route.length - 1, 0);
}

export async function statusOf(
  { driver, folder, transport, room, lock, lab, config }: StatusSources,
  lookups: readonly StatusLookup[],
): Promise<Status> {
  const free = lab?.diskIsFull ? 0 : await freeBytes(folder.dir);
  const { self, successors, predecessors, members, digest, files } = driver.snapshot;
  const { drops } = transport;
  return {
    v: 1,
    at: epochNow(),
    ring: `${config.ring}`,
    bits: config.bits,
    route: config.strategy,
    pingIntervalMs: config.pingIntervalMs,
    self: { id: self.id, ...place(self), pid: process.pid, incarnation: self.incarnation },
    lock: lock.shown,
    successors,
    predecessors,
    members: members.map((m) => ({
      id: m.id,
      ...place(m),
      incarnation: m.incarnation,
      state: m.state,
    })),
    digest: hexadecimal(digest),
    // What is stored in a folder that was deleted is stored no more.
    files: {
      ...{ ...files, safe: files.safe && room.isThere, kept: room.isThere },
      ...{ copies: config.replicationFactor, freeBytes: free },
      // A start finds these itself.
      damaged: files.damaged + folder.files.damagedRows.length,
    },
    dropped: drops.totals,
    drops: drops.rows(),
    rssBytes: process.memoryUsage.rss(),
    faults: lab?.shown,
    lookups,
  };
}

function hexadecimal(digest: number): string {
  return digest.toString(16).padStart(13, "0");
}

function place({ address }: Member): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(address.slice(colon + 1)) };
}
