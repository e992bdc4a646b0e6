/** Contents in the simulator: they take time to move, and fail with the peers at either end. */
import type { Effect, Input } from "../protocol/io.ts";
import type { Address } from "../protocol/member.ts";
import type { Host, SimContent } from "./host.ts";
import type { Network } from "./network.ts";
import type { EventQueue } from "./queue.ts";

/** Bytes in a virtual millisecond: a gigabyte a second. */
const BYTES_PER_MS = 1_000_000;

/** What moving a content needs of the world. */
export type Roads = {
  readonly now: number;
  readonly hosts: ReadonlyMap<Address, Host>;
  readonly network: Network;
  readonly queue: EventQueue;
  readonly workingDirectory: ReadonlyMap<string, SimContent>;
  give(host: Host, input: Input): void;
  giveLater(host: Host, delayMs: number, input: Input): void;
};

/** Moves one content from its server to the disk, or to the one who asked, of `host`. */
export function beginFetch(
  world: Roads,
  host: Host,
  effect: Extract<Effect, { type: "fetch" }>,
): void {
  const server = world.hosts.get(effect.from);
  const content = server === undefined ? null : servedBy(world, server, effect.source);
  if (server?.peer === null || server === undefined || content === null) {
    const result = { ok: false, why: "it is not served there" } as const;
    world.giveLater(host, world.network.delay(), {
      type: "fetched",
      at: 0,
      job: effect.job,
      result,
    });
    return;
  }
  const { run } = server;
  const hostRun = host.run;
  const takesMs = world.network.delay() + content.size / BYTES_PER_MS;
  world.queue.plan(world.now + takesMs, () => {
    if (host.run !== hostRun) return;
    const ok = server.run === run;
    const { source, job, into } = effect;
    if (ok && into.kind === "store") {
      const { name, key, stamp } = into;
      host.disk.files.set(name, { name, key, stamp, ...content });
    }
    if (ok && source.kind === "ticket") {
      world.give(server, { type: "served", at: world.now, request: source.request, ok });
    }
    const result = ok
      ? ({ ok, ...content } as const)
      : ({ ok, why: "its sender has gone" } as const);
    world.give(host, { type: "fetched", at: world.now, job, result });
  });
}

function servedBy(
  world: Roads,
  server: Host,
  source: Extract<Effect, { type: "fetch" }>["source"],
): SimContent | null {
  if (source.kind === "version") return contentOf(server, source.name);
  const what = server.served.get(source.request);
  if (what?.kind === "command") return server.commands.get(what.command)?.content ?? null;
  if (what?.kind === "version") return contentOf(server, what.name);
  if (what?.kind === "local") return world.workingDirectory.get(what.name) ?? null;
  return null;
}

function contentOf(server: Host, name: string): SimContent | null {
  const record = server.disk.files.get(name);
  return record === undefined ? null : { size: record.size, sha256: record.sha256 };
}
