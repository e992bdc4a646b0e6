/** Does each fault to the ring, and undoes it. */
import { basename } from "node:path";
import type { LabFaults } from "../control/lab.ts";
import { epochNow } from "../control/types.ts";
import { flipBit, type Kept, keptContent } from "./bit-flip.ts";
import { readOne, type StoredFile } from "./files.ts";
import type { Injector } from "./injector.ts";
import type { Broken } from "./judge.ts";
import type { LabRing } from "./lab-ring.ts";
import { FREEZE_SLACK_MS, START_AGAIN_MS, START_RETRY_MS } from "./limits.ts";
import { takenIds } from "./ports.ts";
import type { PlannedFault } from "./run-lines.ts";
import type { Standing } from "./standing.ts";

export type DeedsOptions = {
  readonly ring: LabRing;
  readonly injector: Injector;
  readonly standing: Standing;
  /** So many run and answer at any time. */
  readonly minAlive: number;
  /** Whether faults may strike a peer at all. */
  readonly mayStrike: (id: number) => boolean;
  /** Those of which a bit may be flipped. */
  readonly files: () => readonly StoredFile[];
};

export class Deeds {
  private halted = false;
  /** The contents that were spoilt, by the fault's number. */
  private readonly spoilt = new Map<number, Kept>();

  constructor(private readonly options: DeedsOptions) {}

  /** Nothing is started again any more. */
  halt(): void {
    this.halted = true;
  }

  /** The fault as it can be now, with those victims that are there; null where it cannot be. */
  async possible(fault: PlannedFault): Promise<PlannedFault | null> {
    const { standing, ring, minAlive } = this.options;
    const { living } = standing;
    if (fault.kind === "join") {
      const taken = await takenIds(ring.basePort, fault.peers);
      return taken.length > 0 || fault.peers.some((id) => standing.runs(id)) ? null : fault;
    }
    if (fault.kind === "bit-flip") return await this.flippable(fault);
    const isDown = ["kill", "freeze", "restart", "quit", "lose-disk"].includes(fault.kind);
    const peers = fault.peers.filter((id) => (isDown ? living.includes(id) : standing.runs(id)));
    if (peers.length === 0 || (isDown && living.length - peers.length < minAlive)) return null;
    return { ...fault, peers };
  }

  /** @returns when it was done, in epoch milliseconds. @throws Failure */
  async begin(fault: PlannedFault): Promise<number> {
    const { ring, injector, standing } = this.options;
    const { kind, peers, n } = fault;
    switch (kind) {
      case "kill":
      case "restart":
      case "lose-disk":
        return await this.kill(peers);
      case "freeze":
        for (const id of peers) standing.freezes(id);
        await Promise.all(peers.map((id) => ring.freeze(id, fault.forMs + FREEZE_SLACK_MS)));
        return epochNow();
      case "quit":
        await this.leave(peers);
        return epochNow();
      case "join":
        await Promise.all(peers.map((id) => this.start(id)));
        return epochNow();
      case "bit-flip": {
        const kept = this.spoilt.get(n);
        if (kept !== undefined) await flipBit(kept, ((n * 7919) % 1_000) / 1_000);
        return epochNow();
      }
      case "reset":
        await injector.reset(peers);
        return epochNow();
      default:
        await injector.begin(fault);
        return epochNow();
    }
  }

  /** @returns what did not come right of it, or null */
  async end(fault: PlannedFault): Promise<Broken | null> {
    const { ring, injector } = this.options;
    const { kind, peers } = fault;
    switch (kind) {
      case "lose-disk":
        await Promise.all(peers.map((id) => ring.loseDisk(id)));
        return await this.startAll(peers);
      case "kill":
      case "restart":
      case "quit":
        return await this.startAll(peers);
      case "freeze":
        await Promise.all(peers.map((id) => this.thaw(id)));
        return null;
      case "join":
        await this.leave(peers);
        return null;
      case "bit-flip":
        return await this.readBack(fault);
      case "reset":
        return null;
      default:
        await injector.end(fault);
        return null;
    }
  }

  /** Lets all go on, at once and as far as that is possible. Never rejects. */
  async letGo(): Promise<void> {
    const { standing, injector } = this.options;
    const thawed = standing.frozenIds.map((id) => this.thaw(id).catch(() => {}));
    await Promise.all([...thawed, injector.close().catch(() => {})]);
  }

  private async kill(ids: readonly number[]): Promise<number> {
    const { ring, injector, standing } = this.options;
    let at = epochNow();
    for (const id of ids) {
      standing.ended(id);
      injector.ended(id);
      at = Math.min(at, await ring.kill(id));
    }
    return at;
  }

  private async thaw(id: number): Promise<void> {
    const { ring, standing } = this.options;
    await ring.thaw(id);
    standing.thawed(id);
  }

  private async leave(ids: readonly number[]): Promise<void> {
    const { ring, injector, standing } = this.options;
    for (const id of ids) standing.leaves(id);
    await Promise.all(ids.map((id) => ring.quit(id)));
    for (const id of ids) injector.ended(id);
    for (const id of ids) standing.ended(id);
  }

  private async startAll(ids: readonly number[]): Promise<Broken | null> {
    const all = await Promise.all(ids.map((id) => this.start(id)));
    return all.find((broken) => broken !== null) ?? null;
  }

  /** Through one that it can reach; as that one may be struck meanwhile, again until it is in. */
  async start(id: number): Promise<Broken | null> {
    const { injector, standing } = this.options;
    const end = performance.now() + START_AGAIN_MS;
    let why = "nobody is there whom it could join through";
    while (!this.halted) {
      const faults = injector.earlyFor(id);
      const known = this.contactFor(id);
      const isIn = known !== null && (await this.tryStart(id, known, faults));
      if (isIn === true) {
        injector.came(id);
        standing.came(id);
        return null;
      }
      if (isIn !== false) why = isIn;
      if (performance.now() > end) {
        injector.ended(id);
        return { check: "R4", peers: [id], why: `peer ${id} did not come in: ${why}` };
      }
      await Bun.sleep(START_RETRY_MS);
    }
    return null;
  }

  /** @returns true when it is in, else why it is not */
  private async tryStart(
    id: number,
    known: number,
    faults: LabFaults | null,
  ): Promise<true | string> {
    const { ring } = this.options;
    // The last try may have been given up, and its process have gone on.
    if (ring.living().includes(id) && ring.watch.get(id)?.joined === true) return true;
    try {
      await ring.start(id, { known, faults });
      return true;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** One across the ring, that it can speak to. */
  private contactFor(id: number): number | null {
    const { injector, standing } = this.options;
    const may = standing.living.filter((other) => other !== id && !injector.areApart(id, other));
    const next = Math.max(
      0,
      may.findIndex((other) => other > id),
    );
    return may[(next + Math.floor(may.length / 2)) % Math.max(1, may.length)] ?? null;
  }

  /** Where the one that was drawn has no large content, the next that has one. */
  private async flippable(fault: PlannedFault): Promise<PlannedFault | null> {
    const { ring, standing, files, mayStrike } = this.options;
    const all = files().map(({ sha256 }) => sha256);
    // Each time another.
    const sha256s = all.map((_, index) => all[(index + fault.n) % all.length] ?? "");
    const [drawn = 0] = fault.peers;
    const living = standing.living.filter(mayStrike);
    const first = Math.max(
      0,
      living.findIndex((id) => id >= drawn),
    );
    for (const id of [...living.slice(first), ...living.slice(0, first)]) {
      const kept = await keptContent(ring.dirOf(id), sha256s);
      if (kept === null) continue;
      this.spoilt.set(fault.n, kept);
      return { ...fault, peers: [id] };
    }
    return null;
  }

  /**
   * What was spoilt is handed out by nobody, and the peer finds it: when it is asked for it, or else when it
   * reads all that it has.
   */
  private async readBack({ peers, n }: PlannedFault): Promise<Broken | null> {
    const [id = 0] = peers;
    const { ring, files, standing } = this.options;
    const name = basename(this.spoilt.get(n)?.path ?? "");
    const file = files().find(({ sha256 }) => name.startsWith(sha256.slice(0, 16)));
    const others = standing.living.filter((other) => other !== id).slice(0, 1);
    for (const reader of file === undefined ? [] : [...others, id]) {
      const amiss = file && (await readOne(ring.watch, reader, file));
      if (!amiss) continue;
      const why = `file ${file.name} could not be read from peer ${reader}, after a bit of its copy at peer ${id} was flipped: ${amiss}`;
      return { check: "D1", peers: [reader], why };
    }
    const report = await ring.watch.control(id)?.scrub();
    const left = report?.damaged.filter(({ mended }) => !mended) ?? [];
    const [first] = left;
    if (first === undefined) return null;
    const why = `peer ${id} found its copy of ${first.name} damaged, and did not get another`;
    return { check: "D1", peers: [id], why };
  }
}
