/** All the peers that a lab follows, and what is known of each. */
import type { PeerSnapshot } from "../checks/ring.ts";
import type { ControlClient } from "../control/client.ts";
import { snapshotOf } from "../control/snapshot.ts";
import type { LoggedEvent, Status } from "../control/types.ts";
import { Follower, type Seen } from "./follower.ts";
import { ALL_CHECKS, NO_ANSWER, tellsOfView } from "./judge.ts";
import { LOOKUPS_MS, STATUS_MS } from "./limits.ts";
import type { RingView } from "./ring-view.ts";

/** A peer's answer to a poll; null where it did not answer in time. */
export type Polled = { readonly id: number; readonly status: Status | null };

export class Watch implements RingView {
  readonly tells = ALL_CHECKS;
  readonly silence = NO_ANSWER;
  private readonly followers = new Map<number, Follower>();
  private readonly listeners = new Set<(seen: Seen) => void>();
  /** Raised by everything seen of a view. */
  version = 0;

  /** @param dir the peer's data folder; it may not have started yet */
  follow(id: number, dir: string): void {
    this.forget(id);
    this.followers.set(id, new Follower(id, dir, (seen) => this.tell(seen)));
  }

  /** A peer that has ended has nothing more to say. */
  forget(id: number): void {
    this.followers.get(id)?.close();
    this.followers.delete(id);
  }

  close(): void {
    for (const id of [...this.followers.keys()]) this.forget(id);
    this.listeners.clear();
  }

  get(id: number): Follower | undefined {
    return this.followers.get(id);
  }

  control(id: number): ControlClient | undefined {
    return this.followers.get(id)?.control;
  }

  /** @returns a function that ends it */
  listen(listener: (seen: Seen) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What is known of these peers, leaving out those that have not answered yet. */
  snapshots(ids: readonly number[]): PeerSnapshot[] {
    return ids.flatMap((id) => this.followers.get(id)?.snapshot ?? []);
  }

  /** Asks these peers themselves, all at once. Never rejects. */
  async poll(
    ids: readonly number[],
    keysOf: (id: number) => readonly number[] = () => [],
  ): Promise<Polled[]> {
    return await Promise.all(ids.map((id) => this.pollOne(id, keysOf(id))));
  }

  /** As `poll`, as snapshots with their lookups, leaving out those that did not answer. */
  async ask(
    ids: readonly number[],
    keysOf: (id: number) => readonly number[] = () => [],
  ): Promise<PeerSnapshot[]> {
    const polled = await this.poll(ids, keysOf);
    return polled.flatMap(({ status }) => (status === null ? [] : [snapshotOf(status)]));
  }

  /** Resolves once any view is seen to have changed since that version, or after `limitMs`. */
  async changed(since: number, limitMs: number): Promise<void> {
    if (this.version === since) await this.until(isOfView, limitMs);
  }

  /** Resolves with the first event at a peer that fits, or with null after `limitMs`. */
  async event(
    id: number,
    fits: (event: LoggedEvent) => boolean,
    limitMs: number,
  ): Promise<LoggedEvent | null> {
    const seen = await this.until(
      ({ id: at, event }) => at === id && event !== null && fits(event),
      limitMs,
    );
    return seen?.event ?? null;
  }

  private until(fits: (seen: Seen) => boolean, limitMs: number): Promise<Seen | null> {
    return new Promise((resolve) => {
      const done = (seen: Seen | null): void => {
        clearTimeout(timer);
        unlisten();
        resolve(seen);
      };
      const timer = setTimeout(() => done(null), limitMs);
      const unlisten = this.listen((seen) => {
        if (fits(seen)) done(seen);
      });
    });
  }

  private async pollOne(id: number, keys: readonly number[]): Promise<Polled> {
    const follower = this.followers.get(id);
    try {
      const limitMs = STATUS_MS + (keys.length > 0 ? LOOKUPS_MS : 0);
      const status = (await follower?.control.status(keys, limitMs)) ?? null;
      // Another peer may have come to live in this folder.
      if (status === null || status.self.id !== id) return { id, status: null };
      follower?.take(status);
      return { id, status };
    } catch {
      return { id, status: null };
    }
  }

  private tell(seen: Seen): void {
    if (isOfView(seen)) this.version++;
    for (const listener of [...this.listeners]) listener(seen);
  }
}

function isOfView({ event }: Seen): boolean {
  return event === null || tellsOfView(event);
}
