/**
 * Simulated runs: a plan's faults are done to a ring; then they end, and everything that must hold has to
 * hold within a bound of virtual time. What must hold always is looked at all the way.
 */
import {
  type FileRead,
  type Owed,
  owedBy,
  owedByDisks,
  readRight,
  replicasEnough,
  storesKept,
} from "../checks/files.ts";
import type { History } from "../checks/history.ts";
import { executedOnce } from "../checks/once.ts";
import { historyHolds } from "../checks/order.ts";
import { brokenChecks, type CheckResult, checkRing } from "../checks/ring.ts";
import { COMPARE_EVERY_MS } from "../protocol/model/config.ts";
import { lookUpAll, readFile } from "./asking.ts";
import { Chronicle } from "./chronicle.ts";
import { epilogueInWords } from "./epilogue.ts";
import { EpiloguePlayer } from "./epilogue-player.ts";
import { type Host, LIMITS, SMALL_LIMITS, type Stepping } from "./host.ts";
import { Ledger } from "./ledger.ts";
import { keyOf } from "./names.ts";
import { NETWORKS } from "./network.ts";
import { type Plan, SETTLE_AFTER_MS } from "./plan.ts";
import { Pledged } from "./pledged.ts";
import { type Fail, Promises } from "./promises.ts";
import { RandomGenerator } from "./random-generator.ts";
import { type RareState, Sometimes } from "./sometimes.ts";
import { Stage, snapshots } from "./stage.ts";

export type Failure = {
  /** The check that does not hold. */
  readonly check: string;
  readonly why: string;
  /** Virtual milliseconds from the start. */
  readonly at: number;
};

export type RunResult = {
  readonly failure: Failure | null;
  /** Of all that happened: the same for the same plan, on every machine. */
  readonly fingerprint: string;
  /** Inputs given to peers. */
  readonly inputs: number;
  readonly virtualMs: number;
  /** The rare states that the run has reached. */
  readonly reached: ReadonlySet<RareState>;
  readonly faults: number;
  readonly filesRead: number;
  /** Operations of clients, and the reads among them that were answered. */
  readonly operations: number;
  readonly reads: number;
  /** What the clients saw, and how things stood meanwhile. */
  readonly history: History;
};

/** Runs are looked at this often while faults go on. */
const LOOK_MS = 1_000;
/** After the last fault, calm takes ten ping intervals, and this for what does not follow the pings. */
const SETTLE_MS = 60_000;
const READ_MS = 12_000;
/** A copy that failed on its way is offered again every few seconds. */
const REPLICAS_MS = 20_000;
/** Clients have so long for what they still have to do in calm. */
const CLIENTS_MS = 60_000;
/** One that was full is asked again after so long whether it has room. */
const ROOM_MS = 1.25 * COMPARE_EVERY_MS;

/**
 * Plays a plan to its end, or to the first check that does not hold.
 * @param stepping how peers are given their inputs, if not by the plain step
 */
export function runPlan(plan: Plan, stepping?: Stepping): RunResult {
  const run = new Run(plan, stepping);
  let failure: Failure | null = null;
  try {
    run.play();
  } catch (error) {
    // A peer that throws has ended; that it did is worth the same scenario as any other failure.
    const threw = { check: "threw", why: String(error), at: run.stage.world.now };
    failure = error instanceof Broken ? error.failure : threw;
  }
  const { world } = run.stage;
  return {
    failure,
    fingerprint: world.fingerprint.toString(),
    inputs: world.inputs,
    virtualMs: world.now,
    reached: run.sometimes.reached,
    faults: plan.actions.filter(({ action }) => !action.startsWith("client ")).length,
    operations: run.stage.clients.operations.length,
    reads: run.stage.clients.reads,
    history: run.history(),
    filesRead: run.filesRead,
  };
}

class Broken extends Error {
  constructor(readonly failure: Failure) {
    super(`${failure.check}: ${failure.why}`);
  }
}

class Run {
  readonly stage: Stage;
  readonly sometimes: Sometimes;
  filesRead = 0;
  readonly #chronicle: Chronicle;
  readonly #plan: Plan;
  readonly #generator: RandomGenerator;
  readonly #ledger: Ledger;
  readonly #promises: Promises;

  constructor(plan: Plan, stepping: Stepping | undefined) {
    this.#plan = plan;
    this.#generator = new RandomGenerator(plan.seed ^ 0x5eed);
    const { config, seed, driftPerMillion, wire } = plan;
    const network = NETWORKS[plan.network];
    const limits = plan.small ? SMALL_LIMITS : LIMITS;
    const given = stepping === undefined ? {} : { stepping };
    this.stage = new Stage({ config, network, seed, driftPerMillion, wire, limits, ...given });
    this.sometimes = new Sometimes(this.stage);
    this.#ledger = new Ledger(this.stage);
    this.#chronicle = new Chronicle(this.stage);
    const fail: Fail = (check, why) => this.#fail(check, why);
    this.#promises = new Promises(this.stage, this.#ledger, this.sometimes, fail);
    new Pledged(this.stage, fail);
  }

  play(): void {
    const { stage } = this;
    stage.found(this.#plan.ids);
    for (const { at, action } of this.#plan.actions) {
      this.#runTo(at);
      this.#act(action);
    }
    this.#runTo(stage.world.now + SETTLE_AFTER_MS);
    stage.act("settle");
    this.#chronicle.note();
    this.#awaitCalm();
    this.#awaitClients();
    this.#readBack();
    this.#readEndings();
    this.#checkReplicas();
    this.#checkHistory();
    this.#playEpilogue();
  }

  /** D9 and R11: one thing alone, in calm. */
  #playEpilogue(): void {
    const { epilogue } = this.#plan;
    if (epilogue === null) return;
    const run = {
      act: (action: string) => this.#act(action),
      owed: () => this.#owed(),
      judge: (owed: Owed, read: FileRead) => readRight(owed, this.#ledger.known(), read),
    };
    const fail: Fail = (check, why) => this.#fail(check, `${epilogueInWords(epilogue)}: ${why}`);
    new EpiloguePlayer(this.stage, this.#generator, run, fail).play(epilogue);
  }

  #act(action: string): void {
    this.sometimes.look(action);
    this.#promises.look(action);
    this.#ledger.witness(action, () => this.stage.act(action));
    this.#chronicle.note();
  }

  history(): History {
    return this.#chronicle.history((record) => this.#ledger.isExcused(record));
  }

  #runTo(time: number): void {
    const { world } = this.stage;
    while (world.now < time) {
      world.run(Math.min(time, world.now + LOOK_MS));
      this.#checkAlways();
    }
  }

  /** R3, which holds at every moment: whoever is not alone knows somebody who lives. */
  #checkAlways(): void {
    const { world } = this.stage;
    const living = world.living().filter((h) => h.peer?.phase === "in");
    if (living.length < 3 || this.sometimes.lied) return;
    const alive = new Set(living.flatMap((h) => h.places));
    for (const { peer, frozen, id } of living) {
      if (peer === null || frozen || this.sometimes.anyCut) continue;
      if (this.sometimes.refusedLately(id)) continue;
      const hasCompany = peer.membership.view.members.some(
        (m) => m.id !== id && alive.has(m.address),
      );
      if (!hasCompany && !this.sometimes.manyDown)
        this.#fail("R3", `peer ${id} knows nobody who lives`);
    }
  }

  #awaitCalm(): void {
    const { world } = this.stage;
    const end = world.now + 10 * world.config.pingIntervalMs + SETTLE_MS;
    let checks: Record<string, CheckResult> = {};
    let again = false;
    do {
      world.run(world.now + LOOK_MS);
      again = this.stage.startShortAgain();
      checks = checkRing(snapshots(world));
      if (brokenChecks(checks).length === 0)
        checks = checkRing(lookUpAll(this.stage, this.#generator));
      again ||= brokenChecks(checks).length > 0 || this.#between() !== null;
    } while (again && world.now < end);
    const broken = brokenChecks(checks)[0];
    const result = broken === undefined ? undefined : checks[broken];
    if (broken !== undefined && result?.ok === false) this.#fail(broken, result.why);
    const between = this.#between();
    if (between !== null) this.#fail("R4", `peer ${between} is not in the ring`);
  }

  /** What clients were told to do while nobody answered takes its time. */
  #awaitClients(): void {
    const { world, clients } = this.stage;
    const end = world.now + CLIENTS_MS;
    while (!clients.idle && world.now < end) world.run(world.now + LOOK_MS);
  }

  /** The id of a peer that is still on its way into the ring, or out of it. */
  #between(): number | null {
    return this.stage.world.living().find((h) => h.peer?.phase !== "in")?.id ?? null;
  }

  /** D1: what was acknowledged is readable from every peer, at that write or a newer one. */
  #readBack(): void {
    const { world } = this.stage;
    world.run(world.now + 5_000);
    // What lies in the working directory stands in for no copy here.
    world.workingDirectory.clear();
    const known = this.#ledger.known();
    this.#ask("D1", storesKept(this.#ledger.owed(), known, this.#ledger.disks()));
    for (const owed of this.#owed()) {
      for (const host of this.#generator.sample(world.living(), 3)) {
        const read = this.#read(host, owed);
        this.#ask("D1", readRight(owed, this.#ledger.known(), read));
      }
    }
  }

  /** What each name of the clients stands for at the end. */
  #readEndings(): void {
    const [host] = this.#generator.sample(this.stage.world.living(), 1);
    if (host === undefined) return;
    for (const name of this.#chronicle.names()) {
      const key = keyOf(name, this.stage.world.config.bits);
      const read = this.#read(host, { name, key });
      if (read.kind === "read") this.#chronicle.noteEnding(name, read.sha256);
    }
  }

  #owed(): Owed[] {
    const ledger = this.#ledger;
    return owedBy(ledger.owed(), this.#ledger.known(), ledger.disks());
  }

  #read({ id }: Host, file: Pick<Owed, "name" | "key">): FileRead {
    this.filesRead += 1;
    return readFile(this.stage, id, file, READ_MS);
  }

  /** D2: every file is on the first of the living from its key on, as many as there should be. */
  #checkReplicas(): void {
    const { world } = this.stage;
    const asked = this.#plan.actions.some(({ action }) => action.startsWith("full "));
    const end = world.now + REPLICAS_MS + (asked ? ROOM_MS : 0);
    while (!this.#copies().ok && world.now < end) world.run(world.now + LOOK_MS);
    this.#ask("D2", this.#copies());
  }

  /** D6 and D7: what the clients were told fits together, and nothing was executed twice. */
  #checkHistory(): void {
    if (this.stage.clients.operations.length === 0) return;
    const history = this.history();
    this.#ask("D6", historyHolds(history));
    this.#ask("D7", executedOnce(history));
  }

  #copies(): CheckResult {
    const disks = this.#ledger.disks();
    const owed = [...this.#owed(), ...owedByDisks(disks)];
    return replicasEnough(owed, disks, this.stage.world.config.replicationFactor);
  }

  #ask(check: string, result: CheckResult): void {
    if (!result.ok) this.#fail(check, result.why);
  }

  #fail(check: string, why: string): never {
    throw new Broken({ check, why, at: this.stage.world.now });
  }
}
