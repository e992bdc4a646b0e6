/** The rare states of files and disks, noted when they are seen. */
import type { PeerEvent } from "../protocol/model/events.ts";
import type { FileRecord } from "../protocol/model/files.ts";
import type { Message } from "../protocol/model/messages.ts";
import type { Host } from "./host.ts";
import type { Stage } from "./stage.ts";

export const FILE_STATES = [
  "a conflict was kept",
  "a removal beat an old copy",
  "a store with a full owner",
  "a rotten copy was mended",
  "a hand-off was cut short",
  "a power cut lost an unsynced copy",
] as const;
export type FileState = (typeof FILE_STATES)[number];

export class RareFiles {
  readonly reached = new Set<FileState>();
  readonly #stage: Stage;
  /** Names whose removal was acknowledged. */
  readonly #removed = new Set<string>();
  /** Names that a host has held a content of, and those of which it has lost one. */
  readonly #held = new Map<Host, Set<string>>();
  readonly #lost = new Map<Host, Set<string>>();

  constructor(stage: Stage) {
    this.#stage = stage;
    stage.world.commits.push((host, record) => this.#seeReplica(host, record));
    stage.world.post.observers.push((host, message) => this.#see(host, message));
    stage.world.readers.push((_, event) => this.#hear(event));
  }

  /** Looks at the peers that are about to be ended. */
  look(ids: readonly number[], power: boolean): void {
    for (const { id, peer, disk } of this.#stage.world.living()) {
      if (!ids.includes(id) || peer === null) continue;
      const handing = peer.phase === "leaving" && peer.lifecycle.departing === null;
      if (handing && peer.replication.files.size > 0) this.reached.add("a hand-off was cut short");
      if (power && disk.hasUnsynced) this.reached.add("a power cut lost an unsynced copy");
    }
  }

  #seeReplica(host: Host, record: FileRecord): void {
    const { name, removed } = record;
    const held = host.disk.files.filter((v) => v.name === name && !v.removed);
    if (held.length > 1) this.reached.add("a conflict was kept");
    if (removed) {
      const old = this.#held.get(host)?.has(name) === true;
      if (old && this.#removed.has(name)) this.reached.add("a removal beat an old copy");
      return;
    }
    if (this.#lost.get(host)?.has(name)) this.reached.add("a rotten copy was mended");
    this.#held.set(host, (this.#held.get(host) ?? new Set()).add(name));
  }

  #see(host: Host, message: Message): void {
    if (message.tag !== "lost") return;
    const lost = this.#lost.get(host) ?? new Set();
    for (const { name } of message.files) lost.add(name);
    this.#lost.set(host, lost);
  }

  #hear(event: PeerEvent): void {
    if (event.event !== "outcome" || event.outcome.kind !== "stored") return;
    const { record, replicas } = event.outcome;
    const { owner } = record.version;
    if (record.removed) this.#removed.add(record.name);
    else this.#removed.delete(record.name);
    const full = this.#stage.world.living().some((h) => h.id === owner && h.disk.full);
    if (full && !replicas.includes(owner)) this.reached.add("a store with a full owner");
  }
}
