/** The course of a run of chaos: wait, store, kill and heal, again and again, and read back. */

import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { endingsOf, type Load } from "./clients.ts";
import { copiesKept, untilCopied } from "./copied.ts";
import type { Corpus } from "./corpus.ts";
import { Fault } from "./fault.ts";
import { readBack, type StoredFile, storeFiles } from "./files.ts";
import type { Seen } from "./follower.ts";
import { untilHealed } from "./heal.ts";
import { HEAL_ERROR_MS } from "./healing.ts";
import { type Broken, sayBroken, tellsOfView } from "./judge.ts";
import type { LabRing } from "./lab-ring.ts";
import { COPIED_POLL_MS, FEWEST_LIVING, SETTLE_MS, STEADY_MS } from "./limits.ts";
import { callClients, type LoadOptions } from "./load.ts";
import type { Measured, PlannedFault } from "./run-lines.ts";
import type { RunEnd } from "./run-verdict.ts";
import type { RunWriter } from "./run-writer.ts";
import { watchersOf } from "./schedule.ts";
import { untilSteady } from "./steady.ts";

export type AttackPlan = LoadOptions & {
  readonly seed: number;
  readonly ids: readonly number[];
  /** One victim each. Of those that are to lose their disks the next is killed when every file has all its copies again. */
  readonly faults: readonly PlannedFault[];
  readonly everyMs: number;
  /** No kill after so long. */
  readonly forMs: number | null;
  readonly loseDisks: boolean;
  readonly corpus: Corpus;
  /** How long each wait for the ring may take. */
  readonly limitMs: number;
  /** A folder for the files on their way. */
  readonly spool: string;
};

const FINE: RunEnd = { broken: null, inconclusive: null };
/** Events bear the time at which they happened, by the clock that the kill was timed with. */
const KILL_ERROR_MS = 1;
const NOTHING = { detectMs: null, healMs: null, recopyMs: null, unavailableMs: null };

export class Attack {
  /** The victim that has not been started again yet. */
  down: number | null = null;
  private halted = false;
  private killed = 0;
  private clients: Load | null = null;
  private readonly unlisten: () => void;

  /**
   * @param run is given all that happens, the first line excepted
   * @param tell is given a sentence about each step
   */
  constructor(
    private readonly ring: LabRing,
    private readonly plan: AttackPlan,
    private readonly run: RunWriter,
    private readonly tell: (sentence: string) => void,
  ) {
    this.unlisten = ring.watch.listen(({ id, at, event }) => {
      if (event !== null && tellsOfView(event)) run.write({ type: "event", at, peer: id, event });
    });
  }

  /** No peer is killed any more, and nothing more is asked. */
  halt(): void {
    this.halted = true;
    this.clients?.halt();
    this.unlisten();
  }

  /** Runs to the end, or to the first check that fails. Rejects only for what is a bug. */
  async execute(): Promise<RunEnd> {
    try {
      return await this.all();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { ...FINE, inconclusive: error.message };
    }
  }

  private async all(): Promise<RunEnd> {
    const { ids, seed, spool, workload } = this.plan;
    const { watch } = this.ring;
    const early = await this.steady(true, Math.max(this.plan.limitMs, STEADY_MS));
    if (early !== null) {
      return { ...FINE, inconclusive: `the ring did not come together: ${sayBroken(early)}` };
    }
    if (this.plan.loseDisks && (await copiesKept(watch, ids)) < 2) {
      const inconclusive = "with one copy of each file, a lost disk would lose files for good";
      return { ...FINE, inconclusive };
    }
    this.run.writeViews(watch.snapshots(ids));
    this.tell(`${ids.length} peers, all checks hold; storing files`);
    const corpus = { ...this.plan.corpus, avoid: workload?.names ?? [] };
    const files = await storeFiles(watch, ids, seed, spool, corpus);
    this.tell(`${files.length} files stored`);
    const clients = await this.callClients();
    this.clients = clients;
    // A receipt may have been given for two copies of three.
    const short = this.plan.loseDisks ? await this.copied() : null;
    const broken = short ?? (await this.killMeanwhile(clients));
    if (broken !== null) return { ...FINE, broken };
    return this.killed === 0 ? FINE : await this.readAll(files, clients);
  }

  private async killMeanwhile(clients: Load): Promise<Broken | null> {
    this.note();
    clients.start();
    const broken = await this.killAll().finally(() => clients.halt());
    // What a ring that has not healed still owes them may never come.
    if (broken === null) await clients.stop();
    return broken;
  }

  private async callClients(): Promise<Load> {
    const { ids, seed } = this.plan;
    const { watch } = this.ring;
    const ring = { living: () => this.ring.living(), control: (id: number) => watch.control(id) };
    return await callClients(this.plan, this.ring, ring, ids, seed, (operation) => {
      this.run.write({ type: "operation", ...operation });
    });
  }

  /** Takes down who runs, for the history of the clients. @param without one that is about to end */
  private note(without: number | null = null): void {
    const running = this.ring.living().filter((id) => id !== without);
    this.run.write({ type: "situation", from: epochNow(), running, frozen: [], severed: [] });
  }

  private async readAll(files: readonly StoredFile[], clients: Load): Promise<RunEnd> {
    await Bun.sleep(SETTLE_MS);
    const broken = (await this.steady(true)) ?? (await this.copied());
    if (broken !== null) return { ...FINE, broken };
    this.tell("reading every file back from every peer");
    const { reads, losses } = await readBack(this.ring.watch, this.ring.living(), files);
    await clients.readAll();
    for (const loss of losses) this.run.write({ type: "loss", at: epochNow(), ...loss });
    this.run.write({ type: "read-back", at: epochNow(), files: files.length, reads });
    const control = this.ring.watch.control(this.ring.living()[0] ?? 0);
    if (control === undefined) throw new Failure("no peer runs");
    for (const ending of await endingsOf(control, clients.names)) {
      this.run.write({ type: "ending", ...ending });
    }
    return FINE;
  }

  private async killAll(): Promise<Broken | null> {
    const { faults, everyMs, forMs } = this.plan;
    const begin = epochNow();
    let next = begin;
    for (const fault of faults) {
      const due = Math.max(begin + fault.atMs, next);
      if (forMs !== null && due - begin > forMs) break;
      await Bun.sleep(Math.max(0, due - epochNow()));
      const living = this.ring.living();
      if (this.halted) break;
      const [victim] = fault.peers;
      if (victim === undefined || !living.includes(victim)) continue;
      if (living.length <= FEWEST_LIVING) {
        this.tell(`only ${living.length} peers live: no more is killed`);
        break;
      }
      next = epochNow() + everyMs;
      const broken = await this.killOne(fault, victim);
      if (broken !== null) return broken;
    }
    return null;
  }

  /** @returns the check that did not come to hold */
  private async killOne({ n, ...planned }: PlannedFault, victim: number): Promise<Broken | null> {
    const { run, ring } = this;
    const { watch } = ring;
    const others = ring.living().filter((id) => id !== victim);
    const before = watch.snapshots(others);
    await run.writeFirst({ type: "fault", at: epochNow(), fault: { n, ...planned } });
    const seen: Seen[] = [];
    let take = (each: Seen): void => void seen.push(each);
    const unlisten = watch.listen((each) => take(each));
    this.down = victim;
    this.killed += 1;
    this.note(victim);
    const at = await ring.kill(victim);
    const fault = new Fault(victim, at, watchersOf(victim, others), before, watch.tells);
    for (const each of seen) fault.observe(each);
    take = (each) => fault.observe(each);
    const giveUp = (): Broken | null => this.fallen(others);
    const healed = await untilHealed(watch, fault, others, this.plan.limitMs, giveUp);
    unlisten();
    const lostDisk = this.plan.loseDisks;
    const detectMs = fault.detectMs();
    const errorMs = lostDisk ? COPIED_POLL_MS + HEAL_ERROR_MS : KILL_ERROR_MS;
    const measured: Measured = { n, ...NOTHING, detectMs, errorMs };
    const measure = (more: Partial<Measured> = {}): void => {
      run.write({ type: "measured", at: epochNow(), ...measured, ...more });
    };
    if (!healed.ok) {
      measure();
      return healed.broken;
    }
    const { healMs } = healed;
    const back = await this.bringBack(victim, n);
    const broken = back.ok ? (lostDisk ? await this.copied() : null) : back.broken;
    const recopyMs = lostDisk && broken === null ? epochNow() - at : null;
    measure({ healMs, recopyMs });
    this.tell(
      `${n}: killed ${victim}${lostDisk ? " and lost its disk" : ""}, ` +
        `detected after ${ms(detectMs)}, healed after ${ms(healMs)}, back after ${ms(back.ok ? back.rejoinMs : null)}` +
        `${lostDisk ? `, all copied after ${ms(recopyMs)}` : ""}`,
    );
    return broken;
  }

  private async bringBack(
    victim: number,
    n: number,
  ): Promise<{ ok: true; rejoinMs: number } | { ok: false; broken: Broken }> {
    const begin = epochNow();
    try {
      if (this.plan.loseDisks) await this.ring.loseDisk(victim);
      await this.ring.start(victim);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const sentence = `peer ${victim}, started again, did not come back: ${why}`;
      return { ok: false, broken: { check: "R4", peers: [victim], why: sentence } };
    }
    this.down = null;
    this.note();
    this.run.write({ type: "undone", at: epochNow(), n });
    const broken = await this.steady(false);
    if (broken !== null) return { ok: false, broken };
    return { ok: true, rejoinMs: epochNow() - begin };
  }

  private async steady(lookups: boolean, limitMs = this.plan.limitMs): Promise<Broken | null> {
    const { ids } = this.plan;
    const giveUp = (): Broken | null => this.fallen(ids);
    return await untilSteady(this.ring.watch, () => ids, { limitMs, lookups, giveUp });
  }

  private async copied(): Promise<Broken | null> {
    const { ids, limitMs } = this.plan;
    // While files are stored some always lack a copy for a moment.
    const paused = this.clients?.busy === true;
    if (paused) await this.clients?.stop();
    const broken = await untilCopied(this.ring.watch, ids, limitMs, () => this.fallen(ids));
    if (paused) this.clients?.start();
    return broken;
  }

  /** A peer that ended by itself: nobody will start it again. */
  private fallen(ids: readonly number[]): Broken | null {
    const living = this.ring.living();
    const peers = ids.filter((id) => !living.includes(id));
    const first = peers[0];
    if (first === undefined) return null;
    const words = this.ring.lastWords(first);
    return { check: "R4", peers, why: `peer ${first} ended by itself${words && `: ${words}`}` };
  }
}

function ms(time: number | null): string {
  return time === null ? "-" : `${time.toFixed(1)} ms`;
}
