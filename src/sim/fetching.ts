/** Contents in the simulator: they take time to move, and fail with the peers at either end or the link. */
import { compareStamps, type FileRecord, type Stamp } from "../protocol/files.ts";
import type { Effect, Input } from "../protocol/io.ts";
import type { Host, SimContent } from "./host.ts";
import type { Roads } from "./post.ts";

export type FetchRoads = Roads & {
  readonly workingDirectory: ReadonlyMap<string, SimContent>;
  /** Told of every version that becomes durable somewhere. */
  readonly commits: readonly ((host: Host, record: FileRecord) => void)[];
  giveLater(host: Host, delayMs: number, input: Input): void;
};

type FetchEffect = Extract<Effect, { type: "fetch" }>;
type Fetched = Extract<Input, { type: "fetched" }>["result"];

/** Bytes in a virtual millisecond: a gigabyte a second. */
const BYTES_PER_MS = 1_000_000;

/** Moves one content from its server to the disk, or to the one who asked, of `host`. */
export function beginFetch(world: FetchRoads, host: Host, effect: FetchEffect): void {
  const { job } = effect;
  const server = world.hosts.get(effect.from);
  const content = server === undefined ? null : servedBy(world, server, effect.source);
  const end = (result: Fetched) => world.give(host, { type: "fetched", at: 0, job, result });
  const hostRun = host.run;
  const serverRun = server?.run;
  const bytesMs = (content?.size ?? 0) / BYTES_PER_MS;
  world.queue.plan(world.now + world.network.delay() + bytesMs, () => {
    if (host.run !== hostRun) return;
    if (server === undefined || content === null || server.run !== serverRun) {
      end({ ok: false, why: "its sender has gone", here: false });
    } else if (!open(world, host, server)) {
      end({ ok: false, why: "its sender cannot be reached", here: false });
    } else if (effect.into.sha256 !== null && effect.into.sha256 !== content.sha256) {
      end({ ok: false, why: "it does not match its hash", here: false });
    } else {
      if (effect.into.kind === "store") commit(world, host, effect, content);
      if (effect.source.kind === "ticket") {
        world.give(server, { type: "served", at: 0, request: effect.source.request, ok: true });
      }
      end({ ok: true, ...content });
    }
  });
}

function open({ network }: FetchRoads, host: Host, server: Host): boolean {
  return (
    network.link(host.address, server.address).kind === "open" &&
    network.link(server.address, host.address).kind === "open"
  );
}

/** An older version than the disk's changes nothing. */
function commit(world: FetchRoads, host: Host, { into }: FetchEffect, content: SimContent): void {
  if (into.kind !== "store") return;
  const { name, key, stamp } = into;
  const record: FileRecord = { name, key, stamp, ...content };
  const old = host.disk.files.get(name);
  if (old !== undefined && compareStamps(old.stamp, stamp) > 0) return;
  host.disk.files.set(name, record);
  for (const tell of world.commits) tell(host, record);
}

function servedBy(
  world: FetchRoads,
  server: Host,
  source: FetchEffect["source"],
): SimContent | null {
  if (source.kind === "version") return contentOf(server, source.name, source.stamp);
  const what = server.served.get(source.request);
  if (what?.kind === "command") return server.commands.get(what.command)?.content ?? null;
  if (what?.kind === "version") return contentOf(server, what.name, what.stamp);
  if (what?.kind === "local") return world.workingDirectory.get(what.name) ?? null;
  return null;
}

/** Only the very version that is asked for: a newer one has taken its place on the disk. */
function contentOf(server: Host, name: string, stamp: Stamp): SimContent | null {
  const record = server.disk.files.get(name);
  if (record === undefined || compareStamps(record.stamp, stamp) !== 0) return null;
  return { size: record.size, sha256: record.sha256 };
}
