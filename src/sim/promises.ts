/**
 * What must hold at every moment of a run, as one who sees all peers at once can tell: what is said of
 * the living, of joiners and of files has to be true when it is said.
 */
import { JOIN_LOCK_MS } from "../protocol/config.ts";
import type { PeerEvent } from "../protocol/events.ts";
import { compareStamps, type FileRecord } from "../protocol/files.ts";
import type { Message } from "../protocol/messages.ts";
import type { Host } from "./host.ts";
import type { Sometimes } from "./sometimes.ts";
import type { Stage } from "./stage.ts";

/** Says that a check does not hold, by throwing. */
export type Fail = (check: string, why: string) => never;

export class Promises {
  /** The newest acknowledged version of each name, and the peers that its receipt named. */
  readonly acknowledged = new Map<string, { record: FileRecord; copies: readonly number[] }>();
  /** Peers that were frozen: the silence was their own. */
  readonly #frozen = new Set<number>();
  /** Every version that was ever durable, by name. */
  readonly #versions = new Map<string, FileRecord[]>();
  readonly #receipts = new Set<number>();
  readonly #entered = new Set<number>();
  readonly #takingIn = new Map<Host, { request: number; at: number; run: number }>();

  constructor(
    private readonly stage: Stage,
    private readonly sometimes: Sometimes,
    private readonly fail: Fail,
  ) {
    const { world } = stage;
    world.post.observers.push((host, message) => this.#see(host, message));
    world.commits.push((host, record) => this.#noteContent(host, record));
    world.readers.push((host, event) => this.#hear(host, event));
  }

  /** Looks at an action that is about to be done. */
  look(action: string): void {
    if (!action.startsWith("freeze")) return;
    for (const id of action.match(/\d+/g) ?? []) this.#frozen.add(Number(id));
  }

  /** True of a content that some version of a name had, the given one or a newer. */
  isVersion(record: FileRecord, sha256: string): boolean {
    const versions = this.#versions.get(record.name) ?? [];
    return versions.some((v) => v.sha256 === sha256 && compareStamps(v.stamp, record.stamp) >= 0);
  }

  #see(host: Host, message: Message): void {
    if (message.tag === "join-done") this.#entered.add(message.request);
    else if (message.tag === "successor-change") this.#noteTakingIn(host, message.request);
    else if (message.tag === "answer" && message.outcome.kind === "stored") {
      const { record, copies } = message.outcome;
      this.#noteReceipt(message.request, record, copies);
    }
  }

  #hear(host: Host, event: PeerEvent): void {
    if (event.event === "member" && event.state === "dead" && event.why === "word") {
      this.#noteRumour(host.id, event.id, event.memberIncarnation);
    } else if (event.event === "outcome" && event.outcome.kind === "stored") {
      const { record, copies } = event.outcome;
      const old = this.acknowledged.get(record.name);
      if (old === undefined || compareStamps(record.stamp, old.record.stamp) > 0) {
        this.acknowledged.set(record.name, { record, copies });
      }
    }
  }

  /** R9: nobody believes word of the death of a peer that runs, and that nothing has kept from answering. */
  #noteRumour(by: number, id: number, incarnation: number): void {
    const { peer } = this.stage.world.hostOf(id);
    if (peer?.phase !== "in" || incarnation < peer.self.incarnation) return;
    if ([by, id].some((i) => this.#frozen.has(i) || this.sometimes.cutOff(i))) return;
    this.fail("R9", `peer ${by} believed word of the death of peer ${id}, which lives`);
  }

  /** R10: a peer takes in one joiner at a time, until that is in or has had its time. */
  #noteTakingIn(host: Host, request: number): void {
    const { now } = this.stage.world;
    const open = this.#takingIn.get(host);
    this.#takingIn.set(host, { request, at: now, run: host.run });
    if (open === undefined || open.request === request || open.run !== host.run) return;
    // Clocks drift a little.
    if (this.#entered.has(open.request) || now - open.at >= JOIN_LOCK_MS - 10) return;
    this.fail("R10", `peer ${host.id} takes in two joiners at once`);
  }

  /** D4: a receipt names durable copies only. */
  #noteReceipt(request: number, record: FileRecord, copies: readonly number[]): void {
    if (this.#receipts.has(request)) return;
    this.#receipts.add(request);
    const hosts = [...this.stage.world.hosts.values()];
    for (const id of copies) {
      if (hosts.some((h) => h.id === id && holdsNow(h, record))) continue;
      this.fail("D4", `the receipt of file ${record.name} names peer ${id}, which has no copy`);
    }
  }

  /** D3: no two contents under one stamp. */
  #noteContent(host: Host, record: FileRecord): void {
    const versions = this.#versions.get(record.name) ?? [];
    const same = versions.find((v) => compareStamps(v.stamp, record.stamp) === 0);
    if (same !== undefined && same.sha256 !== record.sha256) {
      this.fail(
        "D3",
        `peer ${host.id} holds a second content of file ${record.name} under one stamp`,
      );
    }
    if (same === undefined) this.#versions.set(record.name, [...versions, record]);
  }
}

/** True if the disk has this version, or a newer one. */
export function holdsNow(host: Host, record: FileRecord): boolean {
  const held = host.disk.files.get(record.name);
  return held !== undefined && compareStamps(held.stamp, record.stamp) >= 0;
}
