/**
 * Plans: what a seed draws. A ring of its own size and kind, a network, and faults of kinds and at
 * times of its own, as actions in the words of stories; so a plan that fails is a story already.
 */
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import { Chance } from "./chance.ts";
import type { NETWORKS } from "./network.ts";

export type PlannedAction = { readonly at: number; readonly action: string };

export type Plan = {
  readonly seed: number;
  readonly config: RingConfig;
  readonly network: keyof typeof NETWORKS;
  readonly driftPerMillion: number;
  readonly ids: readonly number[];
  /** In the order of their times, in virtual milliseconds. */
  readonly actions: readonly PlannedAction[];
};

/** The ring's own founding takes so long at most; faults begin then. */
const FOUNDING_MS = 8_000;
/** The share of a plan's messages that goes through the real wire format. */
export const WIRE_PER_MILLE = 20;
/** The last fault is left to itself for so long before all faults end. */
export const SETTLE_AFTER_MS = 2_000;
/** Between two faults: in the same instant, within a trial, after it, or when all is long calm. */
const PAUSES_MS = [0, 1, 20, 400, 2_000, 6_000, 25_000] as const;

/** The kinds of fault; each seed takes to some of them. */
const KINDS = [
  "kill",
  "kill-neighbours",
  "kill-many",
  "kill-for-good",
  "restart",
  "freeze",
  "thaw",
  "freeze-half",
  "quit",
  "join",
  "join-gap",
  "store",
  "store-again",
  "store-and-kill",
  "request",
  "cut",
  "twins",
  "cut-one-way",
  "mend",
  "slow",
  "hang",
  "refuse",
] as const;
type Kind = (typeof KINDS)[number];

/** Draws the plan of a seed. The same seed gives the same plan, always. */
export function drawPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const all = Array.from({ length: 256 }, (_, i) => i);
  const size = chance.pick([3, 4, 5, 8, 12, 16, 24, 40]);
  const ids = chance.sample(all, size);
  const config: RingConfig = {
    ring: 12_000,
    bits: NUMBERED_BITS,
    strategy: chance.pick(["successor", "finger", "direct"]),
    pingIntervalMs: chance.pick([500, 1_000, 5_000]),
    copies: 3,
  };
  const drafter = new Drafter(chance, ids);
  const kinds = chance.sample(KINDS, chance.between(3, KINDS.length));
  const count = chance.between(3, 24);
  const actions: PlannedAction[] = [];
  let at = FOUNDING_MS + 2 * config.pingIntervalMs;
  for (let i = 0; i < count; i++) {
    const action = drafter.draft(chance.pick(kinds));
    if (action === null) continue;
    for (const words of action) {
      const [, later = "0", rest = words] = /^after (\d+) (.*)$/.exec(words) ?? [];
      at += Number(later);
      actions.push({ at, action: rest });
    }
    at += chance.pick(PAUSES_MS);
  }
  return {
    seed,
    config,
    network: chance.pick(["local", "wide", "hostile"]),
    driftPerMillion: chance.pick([0, 200]),
    ids,
    actions,
  };
}

/** A plan as a story's text, to be kept in the tests and played again. */
export function planAsStory(plan: Plan, why: string): string {
  return [
    `# ${why}`,
    `seed ${plan.seed}`,
    `network ${plan.network}`,
    `drift ${plan.driftPerMillion}`,
    `wire ${WIRE_PER_MILLE}`,
    `strategy ${plan.config.strategy}`,
    `interval ${plan.config.pingIntervalMs / 1_000}`,
    `ring ${plan.ids.join(" ")}`,
    ...plan.actions.map(({ at, action }) => `at ${at} ${action}`),
    `at ${(plan.actions.at(-1)?.at ?? FOUNDING_MS) + SETTLE_AFTER_MS} settle`,
    "calm",
    "",
  ].join("\n");
}

/** Remembers what it has planned, so that most of its faults hit something. */
class Drafter {
  readonly #up: Set<number>;
  readonly #down = new Set<number>();
  readonly #frozen = new Set<number>();
  #files = 0;
  #buried = false;
  /** Links are cut, or were: who leaves for good now may be the only one that both sides know. */
  #cut = false;
  #everCut = false;

  constructor(
    private readonly chance: Chance,
    ids: readonly number[],
  ) {
    this.#up = new Set(ids);
  }

  /** The actions of one fault, or null where there is nothing left for it to hit. */
  draft(kind: Kind): string[] | null {
    const up = [...this.#up].sort((a, b) => a - b);
    const one = this.chance.pick(up);
    const other = this.chance.pick(up);
    switch (kind) {
      case "kill":
        return this.#kill([one]);
      case "kill-neighbours":
        return this.#kill(this.#neighbours(up, 2));
      case "kill-many":
        return this.#kill(this.#neighbours(up, this.chance.between(3, 9)));
      case "kill-for-good": {
        // Once in a plan: two at once leave a copy of whatever had three.
        if (this.#buried || this.#everCut || up.length <= 5) return null;
        this.#buried = true;
        const ids = this.#neighbours(up, this.chance.between(1, 2));
        for (const id of ids) this.#up.delete(id);
        return [`kill ${ids.join(" ")} for good`];
      }
      case "restart":
        return this.#restart();
      case "freeze":
        return this.#freeze([one]);
      case "freeze-half":
        return this.#freeze(this.chance.sample(up, up.length >> 1));
      case "thaw":
        return this.#thaw();
      case "quit":
        if (up.length <= 3 || this.#cut) return null;
        this.#up.delete(one);
        return [`quit ${one}`];
      case "join":
        return this.#join([this.#freeId()], up);
      case "join-gap": {
        const first = this.#freeId();
        return this.#join(
          [first, first + 1].filter((id) => id < 256),
          up,
        );
      }
      case "store":
        return this.#store(one, this.#files++);
      case "store-and-kill": {
        const file = this.#files++;
        const owner = up.find((id) => id >= file % 256) ?? up[0] ?? one;
        const kill = this.#kill([owner]) ?? [];
        const late = this.chance.pick([1, 3, 20, 60]);
        return [...this.#store(one, file), ...kill.map((words) => `after ${late} ${words}`)];
      }
      case "store-again":
        return this.#files === 0 ? null : this.#store(one, this.chance.below(this.#files));
      case "request": {
        if (this.#files === 0) return null;
        const name = String(this.chance.below(this.#files)).padStart(4, "0");
        return [`${one} types Request ${name}`];
      }
      case "cut": {
        if (!this.#mayCut()) return null;
        const side = this.chance.sample(up, this.chance.between(1, Math.max(1, up.length - 1)));
        const rest = up.filter((id) => !side.includes(id));
        return rest.length === 0 ? null : [`cut ${side.join(" ")} from ${rest.join(" ")}`];
      }
      case "twins": {
        if (!this.#mayCut()) return null;
        const side = this.chance.sample(up, up.length >> 1);
        const rest = up.filter((id) => !side.includes(id));
        if (side.length === 0 || rest.length === 0) return null;
        const id = this.#freeId();
        const [here, there] = [this.chance.pick(side), this.chance.pick(rest)];
        this.#up.add(id);
        return [
          `cut ${[...side, id].join(" ")} from ${rest.join(" ")}`,
          `join ${id} via ${here}`,
          `twin ${id} via ${there}`,
        ];
      }
      case "cut-one-way":
        return one === other || !this.#mayCut() ? null : [`cut ${one} towards ${other}`];
      case "slow":
        return one === other
          ? null
          : [`slow ${one} towards ${other} by ${this.chance.between(50, 900)}`];
      case "hang":
        return one === other ? null : [`hang ${one} towards ${other}`];
      case "refuse":
        return one === other ? null : [`refuse ${one} towards ${this.#next(up, one)}`];
      case "mend":
        this.#cut = false;
        return ["mend"];
    }
  }

  #mayCut(): boolean {
    if (this.#buried) return false;
    this.#cut = true;
    this.#everCut = true;
    return true;
  }

  /** Each store of a name has another size, and so another content. */
  #store(origin: number, file: number): string[] {
    const name = String(file).padStart(4, "0");
    return [`file ${name} ${this.chance.between(1, 2_000_000)}`, `${origin} types Store ${name}`];
  }

  #kill(ids: readonly number[]): string[] | null {
    const victims = ids.slice(0, Math.max(0, this.#up.size - 1));
    if (victims.length === 0) return null;
    for (const id of victims) {
      this.#up.delete(id);
      this.#frozen.delete(id);
      this.#down.add(id);
    }
    return [`kill ${victims.join(" ")}`];
  }

  #restart(): string[] | null {
    if (this.#down.size === 0) return null;
    const ids = this.chance.sample([...this.#down], this.chance.between(1, this.#down.size));
    for (const id of ids) {
      this.#down.delete(id);
      this.#up.add(id);
    }
    return [`restart ${ids.join(" ")}`];
  }

  #freeze(ids: readonly number[]): string[] | null {
    if (ids.length === 0) return null;
    for (const id of ids) this.#frozen.add(id);
    return [`freeze ${ids.join(" ")}`];
  }

  #thaw(): string[] | null {
    const ids = [...this.#frozen];
    this.#frozen.clear();
    return ids.length === 0 ? null : [`thaw ${ids.join(" ")}`];
  }

  #join(ids: readonly number[], up: readonly number[]): string[] {
    const pairs = ids.map((id) => `${id} via ${this.chance.pick(up)}`);
    for (const id of ids) this.#up.add(id);
    return [`join ${pairs.join(" and ")}`];
  }

  #freeId(): number {
    const taken = new Set([...this.#up, ...this.#down]);
    let id = this.chance.below(255);
    while (taken.has(id) || taken.has(id + 1)) id = (id + 2) % 255;
    return id;
  }

  #neighbours(up: readonly number[], count: number): number[] {
    const start = this.chance.below(up.length);
    return Array.from(
      { length: Math.min(count, up.length) },
      (_, i) => up[(start + i) % up.length] ?? 0,
    );
  }

  #next(up: readonly number[], id: number): number {
    return up[(up.indexOf(id) + 1) % up.length] ?? id;
  }
}
