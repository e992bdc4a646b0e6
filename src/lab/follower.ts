/** Follows one peer through its control socket: its events as they come, and from them what it knows. */
import { existsSync } from "node:fs";
import type { PeerSnapshot } from "../checks/ring.ts";
import { type ControlClient, controlClient } from "../control/client.ts";
import type { EventReader } from "../control/event-reader.ts";
import { controlPathToCall } from "../control/path.ts";
import { snapshotOf } from "../control/snapshot.ts";
import type { LoggedEvent, Status } from "../control/types.ts";
import { afterEvent, tellsOfView } from "./judge.ts";
import {
  CONTROL_RETRY_GROWTH,
  CONTROL_RETRY_MS,
  CONTROL_SLOW_RETRY_MS,
  MAX_RECENT_EVENTS,
} from "./limits.ts";

/** What was seen at a peer: an event, or, where `event` is null, its whole status. */
export type Seen = {
  readonly id: number;
  /** Epoch milliseconds with fractions, by the peer's own clock. */
  readonly at: number;
  readonly event: LoggedEvent | null;
  /** What is known of the peer from then on; null before its first status. */
  readonly snapshot: PeerSnapshot | null;
};

export class Follower {
  readonly control: ControlClient;
  /** Null until the peer has answered. */
  snapshot: PeerSnapshot | null = null;
  /** The peer has a durable incarnation, and so is in its ring. */
  joined = false;
  private statusAt = 0;
  /** Events that a status still on its way may not know of. */
  private recent: LoggedEvent[] = [];
  private reader: EventReader | null = null;
  private closed = false;

  /** @param tell called for everything seen, in the order in which it came */
  constructor(
    readonly id: number,
    readonly dir: string,
    private readonly tell: (seen: Seen) => void,
  ) {
    this.control = controlClient(dir);
    void this.follow();
  }

  close(): void {
    this.closed = true;
    this.reader?.close();
  }

  /** Takes the peer's own word about itself, unless something newer is known. */
  take(status: Status): void {
    if (status.at < this.statusAt || this.closed || status.self.id !== this.id) return;
    this.statusAt = status.at;
    this.joined ||= status.self.incarnation > 0;
    const { id } = this;
    // A status says all that was so when it was made, and may come after younger events.
    this.snapshot = snapshotOf(status);
    this.tell({ id, at: status.at, event: null, snapshot: this.snapshot });
    this.recent = this.recent.filter((event) => event.at > status.at);
    for (const event of this.recent) this.snapshot = afterEvent(this.snapshot, event);
  }

  /** Until it is closed: a peer that starts, or whose stream was cut, is asked again. */
  private async follow(): Promise<void> {
    for (let tries = 0; !this.closed; tries++) {
      if (await this.attend()) tries = 0;
      const waitMs = CONTROL_RETRY_MS * (1 + tries / CONTROL_RETRY_GROWTH);
      await Bun.sleep(Math.min(waitMs, CONTROL_SLOW_RETRY_MS));
    }
  }

  /** @returns whether the peer answered */
  private async attend(): Promise<boolean> {
    try {
      // Cheaper than calling where there is no control socket.
      if (!existsSync(controlPathToCall(this.dir))) return false;
      this.reader = await this.control.events((event) => this.see(event));
      if (this.closed) this.reader.close();
      else this.take(await this.control.status());
      await this.reader.ended;
      return true;
    } catch {
      return false;
    } finally {
      this.reader?.close();
    }
  }

  private see(event: LoggedEvent): void {
    if (this.closed) return;
    if (tellsOfView(event) && event.at > this.statusAt) this.remember(event);
    if (event.event === "joined") {
      this.joined = true;
      void this.refresh();
    }
    this.tell({ id: this.id, at: event.at, event, snapshot: this.snapshot });
  }

  private remember(event: LoggedEvent): void {
    this.recent.push(event);
    if (this.recent.length > MAX_RECENT_EVENTS) this.recent.shift();
    if (this.snapshot !== null) this.snapshot = afterEvent(this.snapshot, event);
  }

  /** A peer that comes in takes on a whole table, for which there are no events. */
  private async refresh(): Promise<void> {
    try {
      this.take(await this.control.status());
    } catch {
      // Then its stream has ended as well, and it is asked again.
    }
  }
}
