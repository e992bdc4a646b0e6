/**
 * Swarm runs: a plan's faults are done to a ring; then they end, and everything that must hold has to
 * hold within a bound of virtual time. What must hold always is looked at all the way.
 */
import { brokenChecks, type CheckResult, checkRing, type PeerSnapshot } from "../checks/ring.ts";
import { type FileRecord, keyOfDigits } from "../protocol/files.ts";
import { Chance } from "./chance.ts";
import type { Host } from "./host.ts";
import { NETWORKS } from "./network.ts";
import { type Plan, SETTLE_AFTER_MS, WIRE_PER_MILLE } from "./plan.ts";
import { holdsNow, Promises } from "./promises.ts";
import { type RareState, Sometimes } from "./sometimes.ts";
import { Stage, snapshots } from "./stage.ts";

export type Failure = {
  /** The check that does not hold. */
  readonly check: string;
  readonly why: string;
  /** Virtual milliseconds from the start. */
  readonly at: number;
};

export type SwarmResult = {
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
};

/** Runs are looked at this often while faults go on. */
const LOOK_MS = 1_000;
/** After the last fault, calm takes ten ping intervals, and this for what does not follow the pings. */
const SETTLE_MS = 60_000;
const LOOKUPS_MS = 4_000;
const READ_MS = 12_000;
/** A copy that failed on its way is offered again every few seconds. */
const COPIES_MS = 20_000;

/** Plays a plan to its end, or to the first check that does not hold. */
export function runPlan(plan: Plan): SwarmResult {
  const run = new Run(plan);
  let failure: Failure | null = null;
  try {
    run.play();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    failure = error.failure;
  }
  const { world } = run.stage;
  return {
    failure,
    fingerprint: world.fingerprint.toString(),
    inputs: world.inputs,
    virtualMs: world.now,
    reached: run.sometimes.reached,
    faults: plan.actions.length,
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
  readonly #plan: Plan;
  readonly #chance: Chance;
  readonly #promises: Promises;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#chance = new Chance(plan.seed ^ 0x5eed);
    const { config, seed, driftPerMillion } = plan;
    const network = NETWORKS[plan.network];
    this.stage = new Stage({
      config,
      network,
      seed,
      driftPerMillion,
      wirePerMille: WIRE_PER_MILLE,
    });
    this.sometimes = new Sometimes(this.stage);
    this.#promises = new Promises(this.stage, this.sometimes, (check, why) =>
      this.#fail(check, why),
    );
  }

  play(): void {
    const { stage } = this;
    stage.found(this.#plan.ids);
    for (const { at, action } of this.#plan.actions) {
      this.#runTo(at);
      this.sometimes.look(action);
      this.#promises.look(action);
      stage.act(action);
    }
    this.#runTo(stage.world.now + SETTLE_AFTER_MS);
    stage.act("settle");
    this.#awaitCalm();
    this.#readBack();
    this.#checkCopies();
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
    if (living.length < 3) return;
    const alive = new Set(living.map((h) => h.address));
    for (const { peer, frozen, id } of living) {
      if (peer === null || frozen || this.sometimes.anyCut) continue;
      const knows = peer.view.members.some((m) => m.id !== id && alive.has(m.address));
      if (!knows && !this.sometimes.manyDown) this.#fail("R3", `peer ${id} knows nobody who lives`);
    }
  }

  #awaitCalm(): void {
    const { world } = this.stage;
    const end = world.now + 10 * world.config.pingIntervalMs + SETTLE_MS;
    let checks: Record<string, CheckResult> = {};
    do {
      world.run(world.now + LOOK_MS);
      checks = checkRing(snapshots(world));
      if (brokenChecks(checks).length === 0) checks = checkRing(this.#withLookups());
    } while (brokenChecks(checks).length > 0 && world.now < end);
    const broken = brokenChecks(checks)[0];
    const result = broken === undefined ? undefined : checks[broken];
    if (broken !== undefined && result?.ok === false) this.#fail(broken, result.why);
    const joining = world.living().find((h) => h.peer?.phase !== "in");
    if (joining !== undefined) this.#fail("R4", `peer ${joining.id} is not in the ring`);
  }

  #withLookups(): PeerSnapshot[] {
    const { world, outcomes } = this.stage;
    const asked = snapshots(world).map((peer) => {
      const key = this.#chance.below(256);
      return { peer, key, command: world.command(peer.id, { kind: "lookup", key }, null) };
    });
    world.run(world.now + LOOKUPS_MS);
    return asked.map(({ peer, key, command }) => {
      const outcome = outcomes.get(command);
      const none = { key, owner: null, hops: 0, route: [] };
      if (outcome?.kind !== "owner") return { ...peer, lookups: [none] };
      const { owner, route } = outcome;
      return { ...peer, lookups: [{ key, owner, hops: route.length - 1, route }] };
    });
  }

  /** D1: every acknowledged store is readable from every peer, at that version or a newer one. */
  #readBack(): void {
    const { world } = this.stage;
    world.run(world.now + 5_000);
    // What lies in the working directory stands in for no copy here.
    world.workingDirectory.clear();
    for (const record of this.#promised()) {
      const holders = [...world.hosts.values()].filter((h) => holdsNow(h, record));
      if (holders.length === 0) this.#fail("D1", `no disk has file ${record.name} any more`);
      for (const host of this.#chance.sample(world.living(), 3)) this.#read(host, record);
    }
  }

  /** The acknowledged versions, but for those of which every copy in the receipt was killed for good. */
  #promised(): FileRecord[] {
    const { buried } = this.stage;
    const acknowledged = [...this.#promises.acknowledged.values()];
    return acknowledged.filter((a) => !a.copies.every((id) => buried.has(id))).map((a) => a.record);
  }

  #read(host: Host, record: FileRecord): void {
    const { world, outcomes } = this.stage;
    const what = { kind: "request", name: record.name, key: record.key } as const;
    const command = world.command(host.id, what, null);
    const end = world.now + READ_MS;
    while (world.now < end && !outcomes.has(command)) world.run(world.now + 100);
    const outcome = outcomes.get(command);
    const how = outcome?.kind === "failed" ? outcome.why : (outcome?.kind ?? "no answer");
    if (outcome?.kind !== "received") {
      this.#fail("D1", `file ${record.name} at peer ${host.id}: ${how}`);
    } else if (!this.#promises.isVersion(record, outcome.sha256)) {
      this.#fail("D1", `peer ${host.id} got another content of file ${record.name}`);
    }
    this.filesRead += 1;
  }

  /** D2: every file is on the first of the living from its key on, as many as there should be. */
  #checkCopies(): void {
    const { world } = this.stage;
    const end = world.now + COPIES_MS;
    while (this.#missingCopy() !== null && world.now < end) world.run(world.now + LOOK_MS);
    const missing = this.#missingCopy();
    if (missing !== null) this.#fail("D2", missing);
  }

  #missingCopy(): string | null {
    const { world } = this.stage;
    const living = world.living();
    for (const record of this.#promised()) {
      const at = living.findIndex((h) => h.id >= keyOfDigits(record.name));
      const start = Math.max(at, 0);
      for (let i = 0; i < Math.min(world.config.copies, living.length); i++) {
        const holder = living[(start + i) % living.length];
        if (holder === undefined || holdsNow(holder, record)) continue;
        return `peer ${holder.id} has no copy of file ${record.name}`;
      }
    }
    return null;
  }

  #fail(check: string, why: string): never {
    throw new Broken({ check, why, at: this.stage.world.now });
  }
}
