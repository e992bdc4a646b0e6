/** The course of chaos in a ring of another program: end one peer after the other, wait until what is printed is a ring again. */
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { Fault } from "./fault.ts";
import { ForeignFiles } from "./foreign-files.ts";
import type { ForeignNetwork } from "./foreign-network.ts";
import { untilHealed } from "./heal.ts";
import { type Broken, sayBroken } from "./judge.ts";
import { FEWEST_LIVING, FOREIGN_HOLD_INTERVALS, HOLD_MS } from "./limits.ts";
import type { PlannedFault, RunLine } from "./run-lines.ts";
import type { RunEnd } from "./run-verdict.ts";
import { watchersOf } from "./schedule.ts";
import { untilSteady } from "./steady.ts";

export type ForeignCourseOptions = {
  readonly network: ForeignNetwork;
  /** The working folder of its peers. */
  readonly dir: string;
  readonly ids: readonly number[];
  readonly plan: readonly PlannedFault[];
  readonly intervalMs: number;
  readonly everyMs: number;
  /** How long each wait for the ring to heal may take. */
  readonly limitMs: number;
  readonly write: (line: RunLine) => void;
  /** Is given a sentence about each step. */
  readonly tell: (sentence: string) => void;
};

export class ForeignCourse {
  /** Who was ended and is to be started again, and by which faults. */
  private readonly down = new Map<number, PlannedFault>();
  private readonly everEnded = new Set<number>();
  private halted = false;

  private readonly unlisten: () => void;

  constructor(private readonly options: ForeignCourseOptions) {
    const { network, write } = options;
    this.unlisten = network.view.listen(({ id, at, event }) => {
      if (event !== null) write({ type: "event", at, peer: id, event });
    });
  }

  /** Nobody is ended any more. */
  halt(): void {
    this.halted = true;
    this.unlisten();
  }

  /** Runs to the end, or to the first check that fails. Rejects only for what is a bug. */
  async execute(): Promise<RunEnd> {
    const { network, dir, ids, tell, write } = this.options;
    const early = await this.steady(network.limitMs);
    if (early !== null) {
      return { broken: null, inconclusive: `the ring did not come together: ${sayBroken(early)}` };
    }
    tell(`${ids.length} peers, ${displayNames(network.view.tells)} hold; storing files`);
    const files = new ForeignFiles(network, dir);
    const unjudged = await files.store(ids);
    tell(unjudged === null ? `${files.count} files stored` : `files are not judged: ${unjudged}`);
    this.note();
    const broken = await this.endAll();
    if (broken !== null) return { broken, inconclusive: null };
    const { reads, losses } =
      unjudged === null
        ? await files.readBack(network.living(), this.everEnded)
        : { reads: 0, losses: [] };
    for (const loss of losses) write({ type: "loss", at: epochNow(), ...loss });
    if (unjudged === null && reads === 0) tell("every holder of a file was ended: none is judged");
    write({ type: "read-back", at: epochNow(), files: reads, reads });
    return { broken: null, inconclusive: null };
  }

  private async endAll(): Promise<Broken | null> {
    const { plan, everyMs, network } = this.options;
    let next = epochNow();
    for (const fault of plan) {
      await Bun.sleep(Math.max(0, next - epochNow()));
      next = epochNow() + everyMs;
      if (this.halted) break;
      // Neighbours of one that is down follow it; whoever comes after them finds all up again.
      const isNext = fault.peers.some((id) => this.down.has(id)) || this.down.size > 1;
      const left = network.living().length - fault.peers.length;
      if (isNext || left < FEWEST_LIVING) {
        const broken = await this.startAll();
        if (broken !== null) return broken;
      }
      if (network.living().length - fault.peers.length < FEWEST_LIVING) continue;
      const broken = await this.strike(fault);
      if (broken !== null) return broken;
    }
    return await this.startAll();
  }

  /** @returns the check that did not come to hold */
  private async strike(fault: PlannedFault): Promise<Broken | null> {
    const { network, write, limitMs, intervalMs, tell } = this.options;
    const { view } = network;
    const { n, kind, peers } = fault;
    const others = network.living().filter((id) => !peers.includes(id));
    const before = view.snapshots(others);
    const at = epochNow();
    const each = peers.map((id) => new Fault(id, at, watchersOf(id, others), before, view.tells));
    const [first] = each;
    if (first === undefined) throw new Failure(`Fault ${n} strikes nobody.`);
    const unlisten = view.listen((seen) => {
      for (const one of each) one.observe(seen);
    });
    write({ type: "fault", at, fault });
    for (const id of peers) {
      this.down.set(id, fault);
      this.everEnded.add(id);
      network.signal(id, kind === "freeze" ? "SIGSTOP" : "SIGKILL");
    }
    this.note();
    const giveUp = (): Broken | null => network.fallen(others);
    const holdMs = Math.max(HOLD_MS, FOREIGN_HOLD_INTERVALS * intervalMs);
    const healed = await untilHealed(view, first, others, limitMs, giveUp, holdMs);
    unlisten();
    if (this.halted) return null;
    const times = each.map((one) => one.detectMs());
    const detectMs = times.some((ms) => ms === null) ? null : Math.max(...times.map(Number));
    const healMs = healed.ok ? healed.healMs : null;
    // What is not said in a line of its own is seen in the next round of pings.
    const unknown = { recopyMs: null, unavailableMs: null, errorMs: intervalMs };
    write({ type: "measured", at: epochNow(), n, detectMs, healMs, ...unknown });
    const what = kind === "freeze" ? "froze" : "killed";
    if (!healed.ok) {
      tell(`${n}: ${what} ${displayList(peers)}: ${sayBroken(healed.broken)}`);
      return healed.broken;
    }
    const detected = `detected after ${showMs(detectMs)}, healed after ${showMs(healMs)}`;
    tell(`${n}: ${what} ${displayList(peers)}, ${detected}`);
    return null;
  }

  /** Whoever is down joins again, one after the other. */
  private async startAll(): Promise<Broken | null> {
    const { network, write } = this.options;
    for (const [id, { n, kind }] of [...this.down]) {
      if (this.halted) return null;
      try {
        if (kind === "freeze") network.signal(id, "SIGKILL");
        await network.start(id);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { check: "R4", peers: [id], why: `peer ${id} did not come back by join: ${why}` };
      }
      this.down.delete(id);
      const isLast = ![...this.down.values()].some((fault) => fault.n === n);
      if (isLast) write({ type: "undone", at: epochNow(), n });
      this.note();
      const broken = await this.steady();
      if (broken !== null) return broken;
    }
    return null;
  }

  private async steady(limitMs = this.options.limitMs): Promise<Broken | null> {
    const { network, ids } = this.options;
    const up = (): readonly number[] => ids.filter((id) => !this.down.has(id));
    const giveUp = (): Broken | null => network.fallen(up());
    return await untilSteady(network.view, up, { limitMs, lookups: false, giveUp });
  }

  /** Takes down who runs. */
  private note(): void {
    const { network, write } = this.options;
    const peers = network.peers();
    const those = (state: string): number[] =>
      peers.flatMap((peer) => (peer.state === state && !this.isKilled(peer.id) ? [peer.id] : []));
    const from = epochNow();
    const running = [...those("running"), ...those("frozen")].sort((a, b) => a - b);
    write({ type: "situation", from, running, frozen: those("frozen"), severed: [] });
  }

  private isKilled(id: number): boolean {
    return this.down.get(id)?.kind === "kill";
  }
}

function displayNames(checks: readonly string[]): string {
  return [...checks].sort().join(", ");
}

function showMs(ms: number | null): string {
  return ms === null ? "-" : `${ms.toFixed(0)} ms`;
}
