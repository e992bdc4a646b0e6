/** Plays what befalls a calm ring alone, and asks whether all is well. */
import type { FileRead, Owed } from "../checks/files.ts";
import { type CheckResult, checkRing } from "../checks/ring.ts";
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import type { Outcome } from "../protocol/model/events.ts";
import { askAndWait, readFile } from "./asking.ts";
import { PATIENCE_MS } from "./clients.ts";
import type { Epilogue } from "./epilogue.ts";
import { contentOf, keyOf } from "./names.ts";
import type { Fail } from "./promises.ts";
import type { RandomGenerator } from "./random-generator.ts";
import { type Stage, snapshots } from "./stage.ts";

/** All is well again so long after a heal. */
const WELL_MS = 3_000;
/** The old streams of one that moves hang for so long. */
const MOVED_MS = 8_000;
/** One that starts again elsewhere does so before, while and after the others try its former self. */
const AWAY_MS = [0, 1_000, 2_500, 4_000] as const;
/** It is in by then, and what it holds is known. */
const STARTED_MS = 1_000;
/** While a cut lasts somebody asks for something this often: links fill with what waits for it. */
const ASKED_EVERY_MS = 400;
const REFUSALS = 12;
/** Three in a row of one peer are taken for its end. */
const REFUSED_EVERY_MS = 500;
/** One that begins again with nothing is in by then. */
const BACK_MS = [50, 400, 2_000] as const;
/** A leaver has at least this long to hand on what it has. */
const LEAVES_MS = 60_000;
/** Until those that were apart have given each other all they have. */
const MERGED_MS = 60_000;
/** By then a process has begun, and takes commands. */
const BEGUN_MS = 50;
const ASKED = 3;
const OWN_NAME = "epilogue.txt";
/** A name so long that its conflicts cannot have all of it. */
const LONG_NAME = `${"epilogue-".repeat(27)}.txt`;

/** What the run does and knows. */
export type Run = {
  /** Does an action of a scenario. */
  act(action: string): void;
  owed(): readonly Owed[];
  judge(owed: Owed, read: FileRead): CheckResult;
};

export class EpiloguePlayer {
  readonly #stage: Stage;
  readonly #ids: readonly number[];
  /** Until now no peer that runs may be held for dead. */
  #allReach = false;
  #stored = 0;

  constructor(
    stage: Stage,
    private readonly generator: RandomGenerator,
    private readonly run: Run,
    private readonly fail: Fail,
  ) {
    this.#stage = stage;
    this.#ids = stage.world.living().map((h) => h.id);
    stage.world.readers.push((host, event) => {
      if (!this.#allReach || event.event !== "member" || event.state !== "dead") return;
      if (this.#stage.runs(event.id)) {
        fail("R11", `peer ${host.id} holds peer ${event.id} for dead (${event.why}), which lives`);
      }
    });
  }

  play({ kind, holdMs }: Epilogue): void {
    if (this.#ids.length < 3) return;
    const [one = 0] = this.generator.sample(this.#ids, 1);
    const others = this.#ids.filter((id) => id !== one);
    switch (kind) {
      case "isolated":
        this.#cut([one], holdMs);
        return;
      case "halves":
        this.#cut(this.generator.sample(this.#ids, this.#ids.length >> 1), holdMs);
        return;
      case "no-udp":
        this.#withoutUdp([one], others, holdMs);
        return;
      case "no-udp-at-all":
        this.#withoutUdp(this.#ids, this.#ids, holdMs);
        return;
      case "refusals":
        this.#refusals();
        return;
      case "moved":
        this.run.act(`move ${one}`);
        this.#ask(MOVED_MS);
        this.#pass(WELL_MS);
        this.#askWell();
        return;
      case "restarted":
        for (const words of ["kill", "move"]) this.run.act(`${words} ${one}`);
        this.#ask(this.generator.pick(AWAY_MS));
        this.run.act(`restart ${one}`);
        this.#pass(STARTED_MS);
        this.#askWell();
        return;
      case "emptied":
        this.#emptied();
        return;
      case "founder":
        this.#founder(one, others);
        return;
      case "conflict":
        this.#conflict();
        return;
    }
  }

  /** A cut that heals: 3 s later everything is answered again. */
  #cut(side: readonly number[], holdMs: number): void {
    const rest = this.#ids.filter((id) => !side.includes(id));
    if (rest.length === 0) return;
    this.run.act(`cut ${side.join(" ")} from ${rest.join(" ")}`);
    this.#ask(holdMs);
    this.run.act("mend");
    this.#pass(WELL_MS);
    this.#askWell();
  }

  /** Without datagrams a ring works on streams alone. */
  #withoutUdp(ones: readonly number[], others: readonly number[], holdMs: number): void {
    this.#allReach = true;
    this.run.act(`cut udp ${ones.join(" ")} from ${others.join(" ")}`);
    this.#ask(holdMs);
    this.#askWell();
  }

  /** A link that breaks, and one refused dial, while all else comes through. */
  #refusals(): void {
    this.#allReach = true;
    for (let i = 0; i < REFUSALS; i++) {
      const [one = 0, other = 0] = this.generator.sample(this.#ids, 2);
      this.run.act(`refuse ${one} towards ${other} once`);
      this.#pass(REFUSED_EVERY_MS);
    }
    this.#askWell();
  }

  /** Where two disks have room, one of these two loses all it has, and is back at once. */
  #emptied(): void {
    const { world } = this.#stage;
    if (this.#anyFull) return;
    const name = this.#ownName;
    const { bits, replicationFactor } = world.config;
    const replicas =
      world.living()[0]?.peer?.membership.view.replicaSet(keyOf(name, bits), replicationFactor) ??
      [];
    const [lost = 0, other = 0] = this.generator.sample(
      replicas.map((m) => m.id),
      2,
    );
    for (const id of this.#ids) if (id !== lost && id !== other) this.run.act(`full ${id}`);
    this.#storeAs(name, lost);
    for (const words of ["kill", "wipe"]) this.run.act(`${words} ${lost}`);
    const rest = this.#ids.filter((id) => id !== lost);
    this.run.act(`join ${lost} via ${this.generator.pick(rest)}`);
    this.#pass(this.generator.pick(BACK_MS));
    const owed = this.run.owed().filter(({ least }) => least.name === name);
    for (const each of owed) this.#readAt(each, this.generator.pick(rest));
    this.#askAt(rest);
  }

  /** One that left in good order founds its ring again: it is back in the one that it left. */
  #founder(one: number, others: readonly number[]): void {
    const { world } = this.#stage;
    if (others.length < 3) return;
    this.run.act(`quit ${one}`);
    const end = world.now + LEAVES_MS;
    while (this.#stage.runs(one) && world.now < end) this.#pass(100);
    if (world.hostOf(one).exitCode !== 0) return;
    this.#store(others[0] ?? 0);
    world.startPeer(one, { kind: "found" });
    this.#pass(BEGUN_MS);
    this.#askAt([one]);
    this.#store(one);
    this.#askAt([...this.generator.sample(others, 1), one]);
  }

  /** Two stores on both sides of a cut: what lost the name is there, under a name of its own. */
  #conflict(): void {
    if (this.#anyFull) return;
    const side = this.generator.sample(this.#ids, this.#ids.length >> 1);
    const rest = this.#ids.filter((id) => !side.includes(id));
    this.run.act(`cut ${side.join(" ")} from ${rest.join(" ")}`);
    this.#pass(WELL_MS + MERGED_MS);
    for (const id of [side[0] ?? 0, rest[0] ?? 0]) this.#storeAs(LONG_NAME, id);
    this.run.act("mend");
    this.#pass(MERGED_MS);
    const conflicts = this.run.owed().filter(({ least }) => least.name === LONG_NAME);
    for (const owed of conflicts) this.#readAt(owed, this.generator.pick(this.#ids));
  }

  /** Everything that is asked is answered, and right; and all see the same ring. */
  #askWell(): void {
    for (const result of Object.values(checkRing(snapshots(this.#stage.world)))) {
      if (!result.ok) this.fail("D9", result.why);
    }
    const asked = this.generator.sample(this.#ids, ASKED);
    this.#askAt(asked);
    for (const id of asked) this.#store(id);
    this.#askAt(asked);
  }

  #askAt(ids: readonly number[]): void {
    const owed = this.run.owed();
    for (const id of ids) {
      for (const one of this.generator.sample(owed, ASKED)) this.#readAt(one, id);
    }
  }

  #readAt(owed: Owed, id: number): void {
    const result = this.run.judge(owed, readFile(this.#stage, id, owed, PATIENCE_MS));
    if (!result.ok) this.fail("D9", result.why);
  }

  #store(id: number): void {
    if (!this.#anyFull) this.#storeAs(this.#ownName, id);
  }

  /** A disk that is full may rightly be in the way of a majority. */
  get #anyFull(): boolean {
    return this.#stage.world.living().some((h) => h.disk.full);
  }

  get #ownName(): string {
    return this.#stage.world.config.bits === NUMBERED_BITS ? "9999" : OWN_NAME;
  }

  #storeAs(name: string, id: number): Extract<Outcome, { kind: "stored" }> {
    this.#stored += 1;
    const { bits } = this.#stage.world.config;
    const content = contentOf(name, 30_000 + this.#stored);
    const key = keyOf(name, bits);
    const what = { kind: "store", name, key, ...content, body: null, require: 0 } as const;
    const outcome = askAndWait(this.#stage, id, what, content, PATIENCE_MS);
    if (outcome?.kind === "stored") return outcome;
    const why = outcome?.kind === "failed" ? outcome.why : (outcome?.kind ?? "no answer");
    this.fail("D9", `a store of ${name} through peer ${id}: ${why}`);
  }

  /** Somebody asks for something now and then, however it ends. */
  #ask(forMs: number): void {
    const { world } = this.#stage;
    const owed = this.run.owed();
    const end = world.now + forMs;
    while (world.now < end) {
      const { name, key } = owed.length > 0 ? this.generator.pick(owed) : { name: "0000", key: 0 };
      world.command(this.generator.pick(this.#ids), { kind: "request", name, key }, null);
      this.#pass(Math.min(ASKED_EVERY_MS, end - world.now));
    }
  }

  #pass(ms: number): void {
    const { world } = this.#stage;
    world.run(world.now + ms);
  }
}
