/** A peer's word about itself, from its protocol, its sockets and its disk. */
import type { Status, StatusLookup } from "../door/types.ts";
import type { RingConfig } from "../protocol/config.ts";
import type { Member } from "../protocol/member.ts";
import { freeBytes } from "../store/disk.ts";
import type { Folder } from "../store/folder.ts";
import type { Transport } from "../transport/types.ts";
import type { Driver } from "./driver.ts";

export type StatusSources = {
  readonly driver: Driver;
  readonly folder: Folder;
  readonly transport: Transport;
  readonly config: RingConfig;
};

export async function statusOf(
  { driver, folder, transport, config }: StatusSources,
  lookups: readonly StatusLookup[],
): Promise<Status> {
  const room = await freeBytes(folder.dir);
  const { self, successors, predecessors, members, digest, files } = driver.snapshot;
  const { datagrams, frames } = transport.dropped;
  return {
    v: 1,
    at: performance.timeOrigin + performance.now(),
    ring: `${config.ring}`,
    bits: config.bits,
    route: config.strategy,
    pingIntervalMs: config.pingIntervalMs,
    self: { id: self.id, ...place(self), pid: process.pid, incarnation: self.incarnation },
    successors,
    predecessors,
    members: members.map((m) => ({
      id: m.id,
      ...place(m),
      incarnation: m.incarnation,
      state: m.state,
    })),
    digest: digest.toString(16).padStart(13, "0"),
    files: { ...files, copies: config.copies, freeBytes: room },
    dropped: { datagrams, frames },
    rssBytes: process.memoryUsage.rss(),
    lookups,
  };
}

function place({ address }: Member): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(address.slice(colon + 1)) };
}
