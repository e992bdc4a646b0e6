/** The course of a run of chaos: wait, store, kill and heal, again and again, and read back. */

import type { Situation } from "../checks/history.ts";
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { Clients, endingsOf } from "./clients.ts";
import { copiesKept, untilCopied } from "./copied.ts";
import { type Corpus, drawFiles } from "./corpus.ts";
import { Fault } from "./fault.ts";
import { namesIn, readBack, type StoredFile, storeFiles } from "./files.ts";
import type { Seen } from "./follower.ts";
import { untilHealed } from "./heal.ts";
import { type Broken, historyBroken, sayBroken } from "./judge.ts";
import type { LabRing } from "./lab-ring.ts";
import { CLIENT_NAMES, FEWEST_LIVING, SETTLE_MS } from "./limits.ts";
import type { ChaosReport, FaultReport } from "./report.ts";
import { type Kill, watchersOf } from "./schedule.ts";
import { untilSteady } from "./steady.ts";

export type AttackPlan = {
  readonly seed: number;
  readonly ids: readonly number[];
  readonly schedule: readonly Kill[];
  readonly everyMs: number;
  /** No kill after so long. */
  readonly forMs: number | null;
  /** Each victim loses its data folder; the next is killed when every file has all its copies again. */
  readonly loseDisks: boolean;
  /** How many clients are at work. */
  readonly load: number;
  readonly corpus: Corpus;
  /** How long each wait for the ring may take. */
  readonly limitMs: number;
  /** A folder for the files on their way. */
  readonly spool: string;
};

/** So that the clients' names are not the schedule's numbers, nor the files', again. */
const CLIENTS_SALT = 0x9e3779b9;

export class Attack {
  /** The victim that has not been started again yet. */
  down: number | null = null;
  private readonly faults: FaultReport[] = [];
  private halted = false;
  /** Who ran from when on, for the history of the clients. */
  private readonly situations: Situation[] = [];
  private clients: Clients | null = null;

  /** @param tell is given a sentence about each step */
  constructor(
    private readonly ring: LabRing,
    private readonly plan: AttackPlan,
    private readonly tell: (sentence: string) => void,
  ) {}

  /** No peer is killed any more, and nothing more is asked. */
  halt(): void {
    this.halted = true;
    this.clients?.halt();
  }

  /** Runs to the end, or to the first check that fails. Rejects only for what is a bug. */
  async run(): Promise<ChaosReport> {
    const { ids, seed, spool } = this.plan;
    const early = await this.steady(true);
    if (early !== null) {
      return this.report([], {
        inconclusive: `the ring did not come together: ${sayBroken(early)}`,
      });
    }
    if (this.plan.loseDisks && (await copiesKept(this.ring.watch, ids)) < 2) {
      const inconclusive = "with one copy of each file, a lost disk would lose files for good";
      return this.report([], { inconclusive });
    }
    this.tell(`${ids.length} peers, all checks hold; storing files`);
    let files: StoredFile[];
    try {
      files = await storeFiles(this.ring.watch, ids, seed, spool, this.plan.corpus);
      this.clients = await this.callClients();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return this.report([], { inconclusive: error.message });
    }
    this.tell(`${files.length} files stored`);
    // A receipt may have been given for two copies of three.
    const short = this.plan.loseDisks ? await this.copied() : null;
    const broken = short ?? (await this.killMeanwhile(this.clients));
    if (broken !== null || this.faults.length === 0) return this.report(files, { broken });
    return await this.readAll(files, this.clients);
  }

  private async killMeanwhile(clients: Clients): Promise<Broken | null> {
    this.note();
    clients.start();
    const broken = await this.killAll().finally(() => clients.halt());
    // What a ring that has not healed still owes them may never come.
    if (broken === null) await clients.stop();
    return broken;
  }

  /** They have names of their own. */
  private async callClients(): Promise<Clients> {
    const { ids, seed } = this.plan;
    const { watch } = this.ring;
    const taken = await namesIn(watch, ids);
    const names = drawFiles(seed ^ CLIENTS_SALT, taken, { count: CLIENT_NAMES }).map(
      ({ name }) => name,
    );
    const ring = { living: () => this.ring.living(), control: (id: number) => watch.control(id) };
    return new Clients(ring, names, seed, this.plan.load);
  }

  /** Takes down who runs, for the history of the clients. @param without one that is about to end */
  private note(without: number | null = null): void {
    const running = this.ring.living().filter((id) => id !== without);
    this.situations.push({ from: epochNow(), running, frozen: [], severed: [] });
  }

  private async readAll(files: readonly StoredFile[], clients: Clients): Promise<ChaosReport> {
    await Bun.sleep(SETTLE_MS);
    const broken = (await this.steady(true)) ?? (await this.copied());
    if (broken !== null) return this.report(files, { broken });
    this.tell("reading every file back from every peer");
    const result = await readBack(this.ring.watch, this.ring.living(), files);
    await clients.readAll();
    const judged = await this.judgeClients(clients);
    return { ...this.report(files, judged), readBack: result };
  }

  private async judgeClients(
    clients: Clients,
  ): Promise<{ broken: Broken | null } | { inconclusive: string }> {
    const { situations } = this;
    const control = this.ring.watch.control(this.ring.living()[0] ?? 0);
    try {
      if (control === undefined) throw new Failure("no peer runs");
      const endings = await endingsOf(control, clients.names);
      const broken = historyBroken({ operations: clients.operations, situations, endings });
      return { broken };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { inconclusive: `what became of the clients' files is not known: ${error.message}` };
    }
  }

  private async killAll(): Promise<Broken | null> {
    const { schedule, everyMs, forMs } = this.plan;
    const begin = epochNow();
    let next = begin;
    for (const { atMs, victim } of schedule) {
      const due = Math.max(begin + atMs, next);
      if (forMs !== null && due - begin > forMs) break;
      await Bun.sleep(Math.max(0, due - epochNow()));
      const living = this.ring.living();
      if (this.halted) break;
      if (!living.includes(victim)) continue;
      if (living.length <= FEWEST_LIVING) {
        this.tell(`only ${living.length} peers live: no more is killed`);
        break;
      }
      next = epochNow() + everyMs;
      const broken = await this.killOne(victim, epochNow() - begin);
      if (broken !== null) return broken;
    }
    return null;
  }

  /** @returns the check that did not come to hold */
  private async killOne(victim: number, atMs: number): Promise<Broken | null> {
    const { watch } = this.ring;
    const others = this.ring.living().filter((id) => id !== victim);
    const before = watch.snapshots(others);
    const seen: Seen[] = [];
    let take = (each: Seen): void => void seen.push(each);
    const unlisten = watch.listen((each) => take(each));
    this.down = victim;
    this.note(victim);
    const at = await this.ring.kill(victim);
    const fault = new Fault(victim, at, watchersOf(victim, others), before, watch.tells);
    for (const each of seen) fault.observe(each);
    take = (each) => fault.observe(each);
    const giveUp = (): Broken | null => this.fallen(others);
    const healed = await untilHealed(watch, fault, others, this.plan.limitMs, giveUp);
    unlisten();
    const lostDisk = this.plan.loseDisks;
    const detectMs = fault.detectMs();
    const report = { victim, atMs, detectMs, rejoinMs: null, lostDisk, recopyMs: null };
    if (!healed.ok) {
      this.faults.push({ ...report, healMs: null });
      return healed.broken;
    }
    const { healMs } = healed;
    const back = await this.bringBack(victim);
    const rejoinMs = back.ok ? back.rejoinMs : null;
    const broken = back.ok ? (lostDisk ? await this.copied() : null) : back.broken;
    const recopyMs = lostDisk && broken === null ? epochNow() - at : null;
    this.faults.push({ ...report, healMs, rejoinMs, recopyMs });
    this.tell(
      `${this.faults.length}: killed ${victim}${lostDisk ? " and lost its disk" : ""}, ` +
        `detected after ${ms(detectMs)}, healed after ${ms(healMs)}, back after ${ms(rejoinMs)}` +
        `${lostDisk ? `, all copied after ${ms(recopyMs)}` : ""}`,
    );
    return broken;
  }

  private async bringBack(
    victim: number,
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
    const broken = await this.steady(false);
    if (broken !== null) return { ok: false, broken };
    return { ok: true, rejoinMs: epochNow() - begin };
  }

  private async steady(lookups: boolean): Promise<Broken | null> {
    const { ids, limitMs } = this.plan;
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

  private report(
    files: readonly StoredFile[],
    outcome: { broken?: Broken | null; inconclusive?: string },
  ): ChaosReport {
    const { seed, ids } = this.plan;
    return {
      seed,
      ids,
      faults: this.faults,
      files: files.length,
      readBack: null,
      operations: this.clients?.counts() ?? null,
      broken: outcome.broken ?? null,
      inconclusive: outcome.inconclusive ?? null,
    };
  }
}

function ms(time: number | null): string {
  return time === null ? "-" : `${time.toFixed(1)} ms`;
}
