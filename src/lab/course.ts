/**
 * The course of a run of chaos with faults that overlap: wait, store, break while clients are at work, undo
 * all, and look whether anything was lost. All of it is in the run's file as it happens.
 */
import type { Operation } from "../checks/history.ts";
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { endingsOf, type Load } from "./clients.ts";
import { untilCopied } from "./copied.ts";
import type { Corpus } from "./corpus.ts";
import { Deeds } from "./deeds.ts";
import { readBack, type StoredFile, storeFiles } from "./files.ts";
import { Healing } from "./healing.ts";
import { Injector } from "./injector.ts";
import { type Broken, sayBroken, tellsOfView } from "./judge.ts";
import type { LabRing } from "./lab-ring.ts";
import { FULL_REMEMBERED_MS, SETTLE_MS } from "./limits.ts";
import { callClients, type LoadOptions } from "./load.ts";
import type { PlannedFault, RunLine } from "./run-lines.ts";
import type { RunEnd } from "./run-verdict.ts";
import type { RunWriter } from "./run-writer.ts";
import { Standing } from "./standing.ts";
import { untilSteady } from "./steady.ts";
import { Storm } from "./storm.ts";

export type CourseOptions = LoadOptions & {
  readonly ring: LabRing;
  readonly run: RunWriter;
  readonly seed: number;
  readonly ids: readonly number[];
  readonly plan: readonly PlannedFault[];
  readonly minAlive: number;
  readonly mayStrike: (id: number) => boolean;
  /** The files that are stored beforehand. */
  readonly corpus: Corpus;
  /** How long each wait for the ring may take. */
  readonly limitMs: number;
  /** A folder for the files on their way. */
  readonly spool: string;
  /** Is given a sentence about each step. */
  readonly tell: (sentence: string) => void;
};

const FINE: RunEnd = { broken: null, inconclusive: null };

export class Course {
  private readonly injector: Injector;
  private readonly standing: Standing;
  private readonly healing: Healing;
  private readonly deeds: Deeds;
  private clients: Load | null = null;
  private storm: Storm | null = null;
  private files: readonly StoredFile[] = [];
  private readonly unlisten: () => void;

  constructor(private readonly options: CourseOptions) {
    const { ring, ids, run, minAlive, mayStrike } = options;
    const cuts = () => ({ severed: this.injector.severed(), passing: this.injector.passing() });
    this.standing = new Standing(ids, cuts, (situation) => {
      run.write({ type: "situation", ...situation });
    });
    this.injector = new Injector(ring, () => this.standing.note());
    for (const id of ids) this.injector.came(id);
    this.healing = new Healing(ring.watch, () => this.standing.living);
    const { injector, standing } = this;
    const files = () => this.files;
    this.deeds = new Deeds({ ring, injector, standing, minAlive, mayStrike, files });
    this.unlisten = ring.watch.listen(({ id, at, event }) => {
      if (event !== null && tellsOfView(event)) run.write({ type: "event", at, peer: id, event });
    });
  }

  /** Runs to the end, or to the first check that fails. Rejects only for what is a bug. */
  async execute(): Promise<RunEnd> {
    try {
      return await this.all();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { broken: null, inconclusive: error.message };
    }
  }

  /** Nothing more is broken or asked, and all goes on, at once; those that are down are started. Never rejects. */
  async halt(isBorrowed: boolean): Promise<void> {
    this.clients?.halt();
    this.storm?.halt();
    this.deeds.halt();
    this.unlisten();
    this.healing.close();
    await this.deeds.letGo();
    if (isBorrowed) await this.storm?.giveBack();
  }

  private async all(): Promise<RunEnd> {
    const { ring, ids, run, seed, spool, tell, plan, workload } = this.options;
    const early = await this.steady();
    if (early !== null) {
      return { ...FINE, inconclusive: `the ring did not come together: ${sayBroken(early)}` };
    }
    run.writeViews(ring.watch.snapshots(ids));
    tell(`${ids.length} peers, all checks hold; storing files`);
    const corpus = { ...this.options.corpus, avoid: workload?.names ?? [] };
    this.files = await storeFiles(ring.watch, ids, seed, spool, corpus);
    tell(`${this.files.length} files stored`);
    const write = (operation: Operation) => run.write({ type: "operation", ...operation });
    const reachable = this.reachable();
    this.clients = await callClients(this.options, ring, reachable, ids, seed, write);
    this.standing.note();
    const broken = (await this.copied()) ?? (await this.breakAll(plan));
    if (broken !== null) return { broken, inconclusive: null };
    return await this.readAll(this.clients);
  }

  private async breakAll(plan: readonly PlannedFault[]): Promise<Broken | null> {
    const { run, tell, ring, limitMs } = this.options;
    const calm = (): Promise<Broken | null> => this.calm();
    const { deeds, healing, standing } = this;
    this.storm = new Storm({ run, tell, deeds, healing, standing, calm, limitMs, ring });
    this.clients?.start();
    const broken = await this.storm.play(plan).finally(() => this.clients?.halt());
    // What a ring that has not healed still owes them may never come.
    if (broken !== null) return broken;
    await this.clients?.stop();
    await Bun.sleep(SETTLE_MS);
    return (await this.steady()) ?? (await this.copied());
  }

  private async readAll(clients: Load): Promise<RunEnd> {
    const { ring, run, tell } = this.options;
    tell("reading every file back from every peer");
    const { reads, losses } = await readBack(ring.watch, this.standing.living, this.files);
    await clients.readAll();
    for (const loss of losses) run.write({ type: "loss", at: epochNow(), ...loss });
    const files = this.files.length;
    run.write({ type: "read-back", at: epochNow(), files, reads });
    const control = ring.watch.control(this.standing.living[0] ?? 0);
    if (control === undefined) throw new Failure("no peer runs");
    for (const ending of await endingsOf(control, clients.names)) {
      run.write({ type: "ending", ...ending });
    }
    return FINE;
  }

  /** All that run agree, and every file has all its copies. */
  private async calm(): Promise<Broken | null> {
    return (await this.steady()) ?? (await this.copied());
  }

  private async steady(): Promise<Broken | null> {
    const { ring, limitMs } = this.options;
    const giveUp = (): Broken | null => this.fallen();
    const wait = { limitMs, lookups: true, giveUp };
    return await untilSteady(ring.watch, () => this.standing.living, wait);
  }

  private async copied(): Promise<Broken | null> {
    const { ring, limitMs } = this.options;
    // While files are stored some always lack a copy for a moment.
    const paused = this.clients?.busy === true;
    if (paused) await this.clients?.stop();
    const giveUp = (): Broken | null => this.fallen();
    const broken = await untilCopied(
      ring.watch,
      this.standing.living,
      limitMs,
      giveUp,
      this.fullOfLate(),
    );
    if (paused) this.clients?.start();
    return broken;
  }

  /** Whoever had no room for a copy is asked for it again only a minute later. */
  private fullOfLate(): number[] {
    const { lines } = this.options.run;
    const since = epochNow() - FULL_REMEMBERED_MS;
    return lines.flatMap((line) => {
      if (line.type !== "fault" || line.fault.kind !== "full-disk") return [];
      return line.at + line.fault.forMs > since ? line.fault.peers : [];
    });
  }

  /** A peer that ended by itself: nobody will start it again. */
  private fallen(): Broken | null {
    const { ring } = this.options;
    const there = ring.living();
    const peers = this.standing.living.filter((id) => !there.includes(id));
    const first = peers[0];
    if (first === undefined) return null;
    const words = ring.lastWords(first);
    return { check: "R4", peers, why: `peer ${first} ended by itself${words && `: ${words}`}` };
  }

  private reachable() {
    const { watch } = this.options.ring;
    return { living: () => this.standing.living, control: (id: number) => watch.control(id) };
  }
}

/** The first line of a run's file. */
export function headerOf(
  what: Pick<Extract<RunLine, { type: "run" }>, "seed" | "program" | "ids" | "copies" | "plan">,
  emulated = false,
): RunLine {
  return { type: "run", v: 1, at: epochNow(), ...what, ...(emulated ? { emulated } : {}) };
}
