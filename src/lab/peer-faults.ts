/**
 * What is to be on at one peer, and what it is known to have taken. A call that had no answer may have been
 * taken or not, and of a frozen peer it may be taken when it wakes: until the next answer either may be so.
 */
import type { LabFaults, LinkFault } from "../control/lab.ts";
import { FAULT_LEASE_MS, INJECT_MS } from "./limits.ts";

/** What is to be on, but for its lease. */
export type Wanted = {
  /** The ids of those from whom nothing is to come. */
  readonly cuts: ReadonlySet<number>;
  readonly links: readonly LinkFault[];
  readonly fullDisk: boolean;
};

export const NOTHING: Wanted = { cuts: new Set(), links: [], fullDisk: false };

export class PeerFaults {
  private wanted = NOTHING;
  private sure: ReadonlySet<number> = NOTHING.cuts;
  private readonly unsure = new Set<number>();
  private resets: readonly string[] = [];
  private version = 0;
  private takenVersion = 0;
  private pushing: Promise<boolean> | null = null;

  /** @param inject gives it to the peer; rejects where that does not answer */
  constructor(
    private readonly inject: (faults: LabFaults, limitMs: number) => Promise<void>,
    private readonly changed: () => void,
  ) {}

  /** It has something on, or may have. */
  get isOn(): boolean {
    return !this.isTaken || this.wanted.links.length > 0 || this.wanted.fullDisk;
  }

  get isTaken(): boolean {
    return this.version === this.takenVersion;
  }

  /** From whom nothing comes, or may not come. */
  get cuts(): ReadonlySet<number> {
    return new Set([...this.wanted.cuts, ...this.sure, ...this.unsure]);
  }

  /** Those of them from whom something may come all the same. */
  get passing(): readonly number[] {
    if (this.isTaken) return [];
    return [...this.cuts].filter((id) => !(this.wanted.cuts.has(id) && this.sure.has(id)));
  }

  /** As a call: what a peer is started with. */
  get early(): LabFaults {
    return { v: 1, leaseMs: FAULT_LEASE_MS, reset: [], ...this.body() };
  }

  want(wanted: Wanted): void {
    for (const cuts of [this.wanted.cuts, this.sure, wanted.cuts]) {
      for (const id of cuts) this.unsure.add(id);
    }
    this.wanted = wanted;
    this.version += 1;
  }

  reset(addresses: readonly string[]): void {
    this.resets = addresses;
    this.version += 1;
  }

  /** A new process, which was started with `early`. */
  begun(): void {
    this.settle(this.version, this.wanted);
  }

  /** Gives it what is wanted, until it has the latest. @returns false where it does not answer */
  push(): Promise<boolean> {
    this.pushing ??= this.pushAll().finally(() => {
      this.pushing = null;
    });
    return this.pushing;
  }

  private async pushAll(): Promise<boolean> {
    do {
      const { version, wanted, resets } = this;
      const faults = { ...this.early, reset: resets };
      try {
        await this.inject(faults, INJECT_MS);
      } catch {
        return false;
      }
      if (version === this.version) this.resets = [];
      if (version === this.version) this.settle(version, wanted);
    } while (!this.isTaken);
    return true;
  }

  private settle(version: number, { cuts }: Wanted): void {
    this.sure = cuts;
    this.unsure.clear();
    this.takenVersion = version;
    this.changed();
  }

  private body(): Pick<LabFaults, "links" | "fullDisk"> {
    return { links: this.wanted.links, fullDisk: this.wanted.fullDisk };
  }
}
