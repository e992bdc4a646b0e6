/** Contents in the simulator: they take time to move, and fail with the peers at either end or the link. */

import { boundTable } from "../protocol/model/bounded.ts";
import { EMPTY_SHA256, type FileRecord, isSameWrite } from "../protocol/model/files.ts";
import type { Effect, Input } from "../protocol/model/io.ts";
import type { SimContent } from "./bodies.ts";
import type { Arrival, GivenCommand, Host } from "./host.ts";
import { type Reading, readContent, setAside } from "./reading.ts";
import type { SimServices } from "./services.ts";

export type FetchServices = SimServices & {
  readonly workingDirectory: ReadonlyMap<string, SimContent>;
  /** Told of every write that becomes durable somewhere. */
  readonly commits: readonly ((host: Host, record: FileRecord, writtenBy: number) => void)[];
  /** Told of every write that was replaced on a disk before it was durable there. */
  readonly overtaken: readonly ((host: Host, record: FileRecord, at: number) => void)[];
  giveLater(host: Host, delayMs: number, input: Input): void;
};

type FetchEffect = Extract<Effect, { type: "fetch" }>;
type Fetched = Extract<Input, { type: "fetched" }>["result"];

/** Bytes in a virtual millisecond: a gigabyte a second, and a tenth of that where nobody waits. */
const BYTES_PER_MS = 1_000_000;
const REPAIR_BYTES_PER_MS = 100_000;
/** One who copies a content that still comes in looks again so soon whether it is whole. */
const ARRIVING_MS = 2;
const ARRIVALS_KEPT = 256;
/** A transfer in which no byte moves is looked at so often, and given up after so long. */
const STALLED_AGAIN_MS = 500;
const STALL_MS = 10_000;
/** What a sync of the disk takes: it may stall. */
const SYNC_MS = { least: 1, most: 8 } as const;

/** Moves one content from its server to the disk, or to the one who asked, of `host`. */
export function beginFetch(world: FetchServices, host: Host, effect: FetchEffect): void {
  const server = world.at(effect.from);
  const { content, damaged } = servedBy(world, host, server, effect.source);
  const [hostRun, serverRun] = [host.run, server?.run];
  const command = server === undefined ? undefined : commandOf(server, effect.source);
  const near = effect.source.kind === "body";
  if (effect.into.kind === "store" && content !== null) {
    host.arriving.set(effect.job, { content, whole: false });
  }
  let stalledAt: number | null = null;
  const end = (): void => {
    if (damaged !== null && server?.run === serverRun && server !== undefined) {
      setAside(world, server, damaged);
    }
    if (host.run !== hostRun) return;
    const arrival = server === undefined ? null : arrivalOf(server, effect.source);
    const last = command === undefined ? content : command.content;
    if (content === null || (!near && server?.run !== serverRun) || arrival === undefined) {
      fail(world, host, effect, "its sender has gone");
    } else if (!near && (server === undefined || !open(world, host, server))) {
      stalledAt ??= world.now;
      if (world.now - stalledAt < STALL_MS) world.queue.plan(world.now + STALLED_AGAIN_MS, end);
      else fail(world, host, effect, "its sender cannot be reached");
    } else if (effect.into.sha256 !== null && effect.into.sha256 !== last?.sha256) {
      fail(world, host, effect, "it does not match its hash");
      if (server !== undefined && command?.taken === false)
        tellSpoilt(world, server, effect.source);
    } else if (arrival?.whole === false) {
      world.queue.plan(world.now + ARRIVING_MS, end);
    } else {
      if (command !== undefined) command.taken = true;
      arrived(world, host, effect, content);
      if (effect.source.kind === "ticket" && server !== undefined) {
        world.give(server, { type: "served", at: 0, request: effect.source.request, ok: true });
      }
    }
  };
  world.queue.plan(world.now + (near ? 0 : movingMs(world, effect, content)), end);
}

/** The content that a ticket stands for while it comes in: null if it is another, undefined if it failed. */
function arrivalOf(server: Host, source: FetchEffect["source"]): Arrival | null | undefined {
  if (source.kind !== "ticket") return null;
  const what = server.served.get(source.request);
  return what?.kind === "arriving" ? server.arriving.get(what.job) : null;
}

/** The server's own command whose content a ticket stands for, until that has ended. */
function commandOf(server: Host, source: FetchEffect["source"]): GivenCommand | undefined {
  if (source.kind !== "ticket") return undefined;
  const what = server.served.get(source.request);
  return what?.kind === "command" ? server.commands.get(what.command) : undefined;
}

/** The file that a command stores has changed before anybody had it: its peer has found that out. */
function tellSpoilt(world: FetchServices, server: Host, source: FetchEffect["source"]): void {
  if (source.kind !== "ticket") return;
  world.give(server, { type: "spoilt", at: 0, request: source.request });
}

/** Makes a removal durable. */
export function mergeRecord(
  world: FetchServices,
  host: Host,
  { job, record }: Extract<Effect, { type: "merge" }>,
): void {
  write(world, host, job, record, { size: 0, sha256: EMPTY_SHA256 });
}

function movingMs(
  world: FetchServices,
  { repair }: FetchEffect,
  content: SimContent | null,
): number {
  const rate = repair ? REPAIR_BYTES_PER_MS : BYTES_PER_MS;
  return world.network.delay() + (content?.size ?? 0) / rate;
}

/** The bytes come over a connection that the taker has dialled. */
function open({ network }: FetchServices, host: Host, server: Host): boolean {
  return network.carries(host.address, server.address);
}

function arrived(world: FetchServices, host: Host, effect: FetchEffect, content: SimContent): void {
  const { into, job } = effect;
  const arrival = host.arriving.get(job);
  if (arrival !== undefined) arrival.whole = true;
  boundTable(host.arriving, ARRIVALS_KEPT);
  if (into.kind === "store") write(world, host, job, { ...into.record, ...content }, content);
  else world.give(host, { type: "fetched", at: 0, job, result: { ok: true, ...content } });
}

/** Takes a write to the disk, and says so when it has been synced, if the process lives so long. */
function write(
  world: FetchServices,
  host: Host,
  job: number,
  record: FileRecord,
  content: SimContent,
): void {
  const { disk, run } = host;
  if (disk.full) {
    host.arriving.delete(job);
    const result: Fetched = { ok: false, why: "its disk is full", here: true };
    world.giveLater(host, 0, { type: "fetched", at: 0, job, result });
    return;
  }
  disk.write(record);
  const upTo = disk.written;
  const synced =
    world.now + world.generator.between(SYNC_MS.least, disk.slowestSyncMs ?? SYNC_MS.most);
  // Word of a write never overtakes that of one before it, but for disks that have so many at once.
  disk.syncAt = disk.slowestSyncMs === null ? Math.max(disk.syncAt, synced) : synced;
  world.queue.plan(disk.syncAt, () => {
    if (host.disk !== disk || host.run !== run) return;
    for (const record of disk.synced(upTo)) {
      for (const tell of world.commits) tell(host, record, world.now);
    }
    if (!disk.files.some((v) => isSameWrite(v, record))) {
      for (const tell of world.overtaken) tell(host, record, world.now);
    }
    world.give(host, { type: "fetched", at: 0, job, result: { ok: true, ...content } });
  });
}

function fail(world: FetchServices, host: Host, { job }: FetchEffect, why: string): void {
  host.arriving.delete(job);
  world.give(host, { type: "fetched", at: 0, job, result: { ok: false, why, here: false } });
}

function servedBy(
  world: FetchServices,
  host: Host,
  server: Host | undefined,
  source: FetchEffect["source"],
): Reading {
  const whole = (content: SimContent | null | undefined) => ({
    content: content ?? null,
    damaged: null,
  });
  if (source.kind === "body") return whole(host.bodies.get(source.number));
  if (server === undefined) return whole(null);
  if (source.kind === "write") return readContent(server, source.write);
  const what = server.served.get(source.request);
  if (what?.kind === "command") return whole(server.commands.get(what.command)?.content);
  if (what?.kind === "write") return readContent(server, what.write);
  if (what?.kind === "arriving") return whole(server.arriving.get(what.job)?.content);
  if (what?.kind === "local") return whole(world.workingDirectory.get(what.name));
  return whole(null);
}
