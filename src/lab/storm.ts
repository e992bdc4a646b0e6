/**
 * Plays the faults of a plan, each at its time, however many are on at once. Each is written down before it
 * is done. Before and after one that destroys a copy, or after which others belong to the ring, all waits
 * until the ring is whole; what comes later is as much later then.
 */
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Deeds } from "./deeds.ts";
import { destroys, TRAITS } from "./fault-traits.ts";
import { HEAL_ERROR_MS, type Healing } from "./healing.ts";
import type { Broken } from "./judge.ts";
import type { LabRing } from "./lab-ring.ts";
import { COPIED_POLL_MS, GIVE_BACK_MS } from "./limits.ts";
import type { PlannedFault } from "./run-lines.ts";
import type { RunWriter } from "./run-writer.ts";
import type { Standing } from "./standing.ts";

export type StormOptions = {
  readonly run: RunWriter;
  readonly ring: LabRing;
  readonly deeds: Deeds;
  readonly healing: Healing;
  readonly standing: Standing;
  /** Waits until all that run agree and every file has its copies. @returns what did not come to hold */
  readonly calm: () => Promise<Broken | null>;
  /** How long the ring may take to heal when nothing hard is on any more. */
  readonly limitMs: number;
  readonly tell: (sentence: string) => void;
};

type Step = {
  readonly at: number;
  readonly fault: PlannedFault;
  readonly what: "begin" | "end";
};

export class Storm {
  private halted = false;
  private broken: Broken | null = null;
  /** When a hard fault last began or ended, or the ring was last known to be right. */
  private hardAt = epochNow();
  /** What is under way at each fault: it ends only when it has begun. */
  private readonly underWay = new Map<number, Promise<void>>();
  /** Those that are on, as they were done. */
  private readonly on = new Map<number, PlannedFault>();

  constructor(private readonly options: StormOptions) {}

  halt(): void {
    this.halted = true;
  }

  /** @returns the check that did not come to hold, or null when all is undone */
  async play(plan: readonly PlannedFault[]): Promise<Broken | null> {
    let begin = epochNow();
    for (const step of stepsOf(plan)) {
      await this.until(begin + step.at);
      if (this.isOver) break;
      const isCareful = TRAITS[step.fault.kind].sort === "careful";
      const waited = epochNow();
      if (isCareful && step.what === "begin") await this.untilCalm();
      if (this.isOver) break;
      this.follow(step);
      if (isCareful) await this.untilCalm(step.what === "end" ? step.fault : null);
      if (isCareful) begin += epochNow() - waited;
    }
    if (!this.isOver) await this.settle();
    if (!this.halted) this.measure(plan);
    return this.broken;
  }

  /** Starts those that are down, and has those leave that have come, as far as there is time. Never rejects. */
  async giveBack(): Promise<void> {
    const { ring } = this.options;
    const left = [...this.on.values()].flatMap(({ kind, peers }) => {
      if (kind === "join") return peers.map((id) => ring.quit(id));
      return TRAITS[kind].isDown && kind !== "freeze" ? peers.map((id) => ring.start(id)) : [];
    });
    const all = Promise.allSettled(left);
    await Promise.race([all, Bun.sleep(GIVE_BACK_MS)]);
  }

  private get isOver(): boolean {
    return this.halted || this.broken !== null;
  }

  /** Does a step when the one before of the same fault is done; nothing waits for it. */
  private follow({ fault, what }: Step): void {
    const before = this.underWay.get(fault.n) ?? Promise.resolve();
    const step = before
      .then(() =>
        this.isOver ? undefined : what === "begin" ? this.begin(fault) : this.end(fault),
      )
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        const why = `${fault.kind} of ${fault.peers.join(" ")}: ${error.message}`;
        this.broken ??= { check: "R4", peers: fault.peers, why };
      });
    this.underWay.set(fault.n, step);
  }

  private async begin(planned: PlannedFault): Promise<void> {
    const { deeds, run, tell, healing, standing } = this.options;
    const fault = await deeds.possible(planned);
    if (fault === null || this.isOver) return;
    await run.writeFirst({ type: "fault", at: epochNow(), fault });
    if (this.isOver) return;
    const { sort, isDown } = TRAITS[fault.kind];
    const alone = this.hardOn().length === 0;
    if (sort !== "soft") healing.disturb();
    this.on.set(fault.n, fault);
    if (sort !== "soft") this.hardAt = epochNow();
    tell(`${fault.n}: ${sayFault(fault)}`);
    const at = await deeds.begin(fault);
    const noticed = isDown === true && fault.kind !== "quit" && alone;
    healing.began(fault.n, at, noticed ? fault.peers : []);
    // The living heal of a death while the victim is away.
    if (noticed && fault.kind !== "freeze") healing.heals(fault.n, at);
    standing.note();
  }

  private async end(planned: PlannedFault): Promise<void> {
    const { deeds, run, healing } = this.options;
    const fault = this.on.get(planned.n);
    if (fault === undefined) return;
    if (fault.kind === "kill") await this.untilHealed(fault);
    const broken = await deeds.end(fault);
    this.on.delete(fault.n);
    const at = epochNow();
    run.write({ type: "undone", at, n: fault.n });
    if (TRAITS[fault.kind].sort !== "soft") this.hardAt = at;
    if (broken !== null) this.broken ??= broken;
    const wasDeath = TRAITS[fault.kind].isDown === true && fault.kind !== "freeze";
    if (!wasDeath && this.hardOn().length === 0) healing.heals(fault.n, at);
    else healing.changed();
  }

  /**
   * A ring has to heal of a death before the victim is back, which would hide that it cannot; unless something
   * else breaks it meanwhile.
   */
  private async untilHealed({ n }: PlannedFault): Promise<void> {
    const { healing, limitMs } = this.options;
    const end = epochNow() + limitMs;
    while (!this.isOver && this.hardOn().every((other) => other.n === n)) {
      healing.changed();
      if (healing.brokenNow === null) return;
      if (epochNow() > end) {
        this.broken ??= await healing.askedNow();
        return;
      }
      await Bun.sleep(LOOK_MS);
    }
  }

  private hardOn(): PlannedFault[] {
    return [...this.on.values()].filter(({ kind }) => TRAITS[kind].sort !== "soft");
  }

  /** @param after the one of whose damage it waits */
  private async untilCalm(after: PlannedFault | null = null): Promise<void> {
    await this.settle();
    if (this.isOver) return;
    this.broken ??= await this.options.calm();
    if (after === null || this.broken !== null || !destroys(after.kind)) return;
    this.options.healing.recopied(after.n, epochNow());
  }

  /** Whatever was begun or undone is so. */
  private async settle(): Promise<void> {
    while (this.underWay.size > 0) {
      const all = [...this.underWay];
      await Promise.all(all.map(([, step]) => step));
      for (const [n, step] of all) if (this.underWay.get(n) === step) this.underWay.delete(n);
    }
  }

  private async until(at: number): Promise<void> {
    while (!this.isOver) {
      const left = at - epochNow();
      if (left <= 0) return;
      await Bun.sleep(Math.min(left, LOOK_MS));
      if (this.isOverdue()) this.broken ??= await this.options.healing.askedNow();
    }
  }

  /** Nothing hard has been on for so long that the ring should have healed, and by what is seen it has not. */
  private isOverdue(): boolean {
    const { healing, limitMs } = this.options;
    if (this.hardOn().length > 0 || epochNow() - this.hardAt < limitMs) return false;
    this.hardAt = epochNow();
    healing.changed();
    return healing.brokenNow !== null;
  }

  private measure(plan: readonly PlannedFault[]): void {
    const { run, healing } = this.options;
    healing.changed();
    const done = new Set(
      run.lines.flatMap((line) => (line.type === "fault" ? [line.fault.n] : [])),
    );
    for (const { n, kind } of plan) {
      if (!done.has(n)) continue;
      const errorMs = destroys(kind) ? COPIED_POLL_MS + HEAL_ERROR_MS : HEAL_ERROR_MS;
      const times = { ...healing.timesOf(n), unavailableMs: null, errorMs };
      run.write({ type: "measured", at: epochNow(), n, ...times });
    }
  }
}

/** A halt, or a check that fails, is noticed so soon. */
const LOOK_MS = 100;

/** In the order of their times; of one fault it begins before it ends. */
function stepsOf(plan: readonly PlannedFault[]): Step[] {
  const steps = plan.flatMap((fault): Step[] => [
    { at: fault.atMs, fault, what: "begin" },
    { at: fault.atMs + fault.forMs, fault, what: "end" },
  ]);
  return steps.sort((a, b) => a.at - b.at);
}

/** `partition 2 4 from 5 8 9 for 3 s`. */
export function sayFault({ kind, peers, others, amount, forMs }: PlannedFault): string {
  const to = kind === "one-way" ? "to" : "from";
  const who =
    others.length === 0 ? peers.join(" ") : `${peers.join(" ")} ${to} ${others.join(" ")}`;
  const much =
    amount === null ? "" : kind === "delay" ? ` of ${amount} ms` : ` of ${amount * 100}%`;
  const long = forMs === 0 ? "" : ` for ${forMs / 1000} s`;
  return `${kind}${much} ${who}${long}`;
}
