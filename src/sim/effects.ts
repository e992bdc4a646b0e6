/** What becomes of a simulated peer's effects: begun at once and in order, as in any driver. */
import type { PeerEvent } from "../protocol/model/events.ts";
import type { Effect } from "../protocol/model/io.ts";
import { beginFetch, type FetchServices, mergeRecord } from "./fetching.ts";
import type { Host } from "./host.ts";
import type { Post } from "./post.ts";

/** What the effects need of the world. */
export type EffectServices = FetchServices & {
  readonly post: Post;
  readonly readers: readonly ((host: Host, event: PeerEvent) => void)[];
  end(host: Host): void;
};

/** What a sync to the disk takes. */
const PERSIST_MS = 1;

export function beginEffect(world: EffectServices, host: Host, effect: Effect): void {
  switch (effect.type) {
    case "send":
      world.post.send(host, effect);
      return;
    case "watch":
      world.post.watch(host, effect.addresses);
      return;
    case "sever":
      world.post.sever(host, effect.address);
      return;
    case "sever-dialled":
      world.post.streams.severAll(host);
      return;
    case "dial":
      world.post.dial(host, effect.address);
      return;
    case "greet":
      world.post.greet(host, effect.address);
      return;
    case "persist":
      persist(world, host, effect.incarnation);
      return;
    case "save":
      host.disk.members = effect.members;
      host.disk.departed = effect.departed;
      host.disk.left = effect.left;
      return;
    case "event":
      tell(world, host, effect.event);
      if (effect.event.event === "outcome") endCommand(host, effect.event);
      return;
    case "fetch":
      beginFetch(world, host, effect);
      return;
    case "merge":
      mergeRecord(world, host, effect);
      return;
    case "serve":
      host.served.set(effect.request, effect.what);
      return;
    case "look": {
      const { request, name } = effect;
      const size = world.workingDirectory.get(name)?.size ?? null;
      world.giveLater(host, 0, { type: "looked", at: 0, request, size });
      return;
    }
    case "drop":
      host.disk.drop(effect.write);
      return;
    case "apart":
      for (const write of effect.writes) host.disk.setApart(write);
      return;
    case "alive":
      host.disk.aliveAt = world.now - effect.awayMs;
      host.disk.forgottenAt = effect.forgottenMs === null ? null : world.now - effect.forgottenMs;
      return;
    case "exit":
      host.exitCode = effect.code;
      if (effect.sentence !== null) tell(world, host, { event: "note", text: effect.sentence });
      world.end(host);
  }
}

function tell(world: EffectServices, host: Host, event: PeerEvent): void {
  for (const reader of world.readers) reader(host, event);
}

/** A write to the disk completes a little later, if the process lives so long. */
function persist(world: EffectServices, host: Host, incarnation: number): void {
  const { run } = host;
  world.queue.plan(world.now + PERSIST_MS, () => {
    if (host.run !== run) return;
    host.disk.incarnation = Math.max(host.disk.incarnation, incarnation);
    world.give(host, { type: "persisted", at: 0, incarnation });
  });
}

/** What a store brought that has failed is served to nobody any more, whoever is taking it. */
function endCommand(
  { commands }: Host,
  { command, outcome }: Extract<PeerEvent, { event: "outcome" }>,
): void {
  const given = commands.get(command);
  if (given !== undefined && outcome.kind === "failed") given.content = null;
  commands.delete(command);
}
