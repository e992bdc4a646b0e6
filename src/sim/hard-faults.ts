/**
 * Faults as real networks and machines have them, in the words of scenarios: links that flap, carry one
 * way or one channel only and are mended after seconds, short sleeps, resets, machines that move. Most
 * of them hit the peers that keep what the clients work on, and end while other faults go on.
 */
import { Bursts } from "./bursts.ts";
import type { Rest } from "./file-faults.ts";
import type { HardKind } from "./hard-kinds.ts";
import { isTaken, keyOf, replicaSetAmong, wordOf } from "./names.ts";
import type { RandomGenerator } from "./random-generator.ts";

/** How long a cut is held: less than a probe, until the cut off are held for dead, and up to 40 s. */
const HOLDS_MS = [300, 1_500, 4_000, 8_000, 14_000, 27_000, 40_000] as const;
/** Sleeps: most are shorter than the next deadline, so that no timer tells of them. */
const SLEEPS_MS = [60, 300, 450, 900, 1_600, 3_000, 4_900, 12_000, 30_000] as const;
const FLAPS_MS = [30, 250, 700, 2_500] as const;
/** A peer is restarted within a probe, or when all know that it is gone. */
const AWAY_MS = [5, 300, 3_000, 20_000] as const;
/** About as long as it takes until those who are left hold the others for dead, and longer. */
const TOGETHER_AWAY_MS = [300, 4_900, 6_500, 12_000] as const;
/** Amid a hand-off, or just after it. */
const HANDED_ON_MS = [1, 5, 20, 80, 400] as const;
/** One new member, or as many as are asked for a name. */
const CROWDS = [1, 5] as const;
/** Enough that a ring is left when three leave. */
const MANY_PEERS = 7;
/** Ages of a removal, in days, around its limit of 30. */
const AGES_DAYS = [28.9, 29.1, 29.99, 30.01, 31, 60] as const;

/** A peer, and the others that it is cut off from. */
type Sides = { readonly side: readonly number[]; readonly rest: readonly number[] };

/** Whom a fault may hit: all that run, two of them, and one that owns a name. */
type Drawn = {
  readonly up: readonly number[];
  readonly one: number;
  readonly other: number;
  readonly owner: number;
};

export class HardDrafter {
  readonly #bursts: Bursts;
  #made = 0;

  /** @param names what the clients work on @param bits the circle has 2^bits positions */
  constructor(
    private readonly generator: RandomGenerator,
    private readonly rest: Rest,
    private readonly names: readonly string[],
    private readonly bits: number,
  ) {
    this.#bursts = new Bursts(generator, names);
  }

  /** What each kind does, to peers that were drawn for it. */
  readonly #drafts: Readonly<Record<HardKind, (drawn: Drawn) => string[] | null>> = {
    "cut-held": ({ up }) => this.#cut("", this.#halves(up)),
    "cut-owner": ({ up }) =>
      this.#cut("", this.#apart(this.#replicaSet(up).slice(0, this.generator.between(1, 2)))),
    "cut-pair": ({ one, other, owner }) =>
      this.#cut("", { side: [owner], rest: [owner === one ? other : one] }),
    "cut-and-kill": ({ owner }) => {
      const cut = this.#cut("", this.#apart([owner]));
      if (cut === null) return null;
      const kill = this.rest.kill([owner]) ?? [];
      return [...cut, ...kill.map((words) => `after ${this.generator.pick(AWAY_MS)} ${words}`)];
    },
    "cut-udp": ({ up, one }) =>
      this.#cut("udp ", this.generator.below(2) === 0 ? this.#halves(up) : this.#apart([one])),
    "cut-udp-one-way": ({ up, one }) => this.#cut("udp ", this.#oneWay(up, one), "towards"),
    "cut-tcp": ({ owner }) => this.#cut("tcp ", this.#apart([owner])),
    "cut-tcp-one-way": ({ up, owner }) => this.#cut("tcp ", this.#oneWay(up, owner), "towards"),
    flap: ({ owner }) => this.#flap(this.#apart([owner])),
    "freeze-briefly": ({ one }) => this.#sleep([one]),
    "freeze-owner": ({ up }) =>
      this.#sleep(this.#replicaSet(up).slice(0, this.generator.between(1, 2))),
    "kill-owner": ({ up }) =>
      this.rest.kill(this.#replicaSet(up).slice(0, this.generator.between(1, 2))),
    "restart-owner": ({ owner }) => this.#restart(owner, []),
    "join-owner": ({ up }) => this.#joinAsOwner(up),
    "refuse-owner": ({ up }) => this.#refuseOwner(up),
    "wake-together": ({ up }) => this.#backTogether(up, "freeze", "thaw"),
    "start-together": ({ up }) => this.#backTogether(up, "kill", "restart"),
    "leave-holders": ({ up }) => this.#leaveReplicas(up),
    reset: ({ one, other }) => [`reset ${one} from ${other}`],
    "reset-owner": ({ up, owner }) => [
      `reset ${owner} from ${up.filter((id) => id !== owner).join(" ")}`,
    ],
    "refuse-both": ({ one, other }) => [
      `refuse ${one} towards ${other}`,
      `refuse ${other} towards ${one}`,
    ],
    move: ({ owner }) => (this.rest.mayMove() ? [`move ${owner}`] : null),
    "move-anew": ({ owner }) =>
      this.rest.mayMove() ? this.#restart(owner, [`move ${owner}`]) : null,
    "second-address": ({ up, one }) => [
      `second ${one} for ${this.generator.sample(up, up.length >> 1).join(" ")}`,
    ],
    "change-content": ({ up, one }) => this.#changeContent(up, one),
    "many-origins": ({ up }) => this.#bursts.ofOrigins(up),
    "slow-disk": ({ owner }) => [
      `slow-disk ${owner} by ${this.generator.between(50, 3_000)}`,
      `later ${this.generator.pick(HOLDS_MS)} quick-disk ${owner}`,
    ],
    // Where a part of a ring runs cut off for as long as that, what was removed comes back with it.
    age: ({ up }) => (this.rest.areTogether() ? this.#age(up) : null),
  };

  /** @param up the peers that run, by ascending id, two at least */
  draft(kind: HardKind, up: readonly number[]): string[] | null {
    const [one = 0, other = 0] = this.generator.sample(up, 2);
    const owner = this.generator.pick(this.#replicaSet(up));
    return up.length < 2 ? null : this.#drafts[kind]({ up, one, other, owner });
  }

  /** A cut that is mended alone, after a while. */
  #cut(of: string, sides: Sides | null, how = "from"): string[] | null {
    if (sides === null || !this.#canPart(sides)) return null;
    const hold = this.generator.pick(HOLDS_MS);
    if (!this.rest.mayPart(hold)) return null;
    const words = `cut ${of}${sides.side.join(" ")} ${how} ${sides.rest.join(" ")}`;
    return [words, `later ${hold} mend ${words}`];
  }

  #flap(sides: Sides): string[] | null {
    const times = this.generator.between(3, 12);
    const every = this.generator.pick(FLAPS_MS);
    if (!this.#canPart(sides) || !this.rest.mayPart(2 * times * every)) return null;
    const words = `cut ${sides.side.join(" ")} from ${sides.rest.join(" ")}`;
    const turns = Array.from({ length: times }, (_, i) => [
      `later ${2 * i * every} ${words}`,
      `later ${(2 * i + 1) * every} mend ${words}`,
    ]);
    return turns.flat();
  }

  #sleep(ids: readonly number[]): string[] {
    const hold = this.generator.pick(SLEEPS_MS);
    return [`freeze ${ids.join(" ")}`, `later ${hold} thaw ${ids.join(" ")}`];
  }

  /** Is down for a while; what happens to it meanwhile is given. */
  #restart(id: number, meanwhile: readonly string[]): string[] {
    return [`kill ${id}`, ...meanwhile, `later ${this.generator.pick(AWAY_MS)} restart ${id}`];
  }

  /** A new member owns a name at once, of which it has nothing yet. */
  #joinAsOwner(up: readonly number[]): string[] | null {
    const name = this.generator.pick(this.names);
    const id = keyOf(name, this.bits);
    const [old = 0] = replicaSetAmong(up, name, this.bits);
    const ids = Array.from({ length: this.generator.pick(CROWDS) }, (_, i) => id + i);
    const come = ids.filter((one) => one < 2 ** this.bits && this.rest.comes(one));
    if (!come.includes(id)) return null;
    const joins = come.map((one) => `${one} via ${this.generator.pick(up)}`).join(" and ");
    return [`join ${joins}`, ...this.#bursts.of(name, id, [old, id])];
  }

  /** An owner that has just answered is taken for dead, hears of it late, and is still read from. */
  #refuseOwner(up: readonly number[]): string[] | null {
    const name = this.generator.pick(this.names);
    const [owner = 0, next = 0] = replicaSetAmong(up, name, this.bits);
    if (next === owner) return null;
    const others = up.filter((id) => id !== owner).join(" ");
    const late = this.generator.between(100, 900);
    return [
      `client 82 request ${wordOf(name)} via ${owner}`,
      `after 80 slow ${others} towards ${owner} by ${late}`,
      `refuse ${next} towards ${owner}`,
      ...this.#bursts.of(name, next, [owner]),
    ];
  }

  /** Most are away at a time, and the few that are left go on by themselves, until all are back. */
  #backTogether(up: readonly number[], ends: string, begins: string): string[] | null {
    const { generator } = this;
    if (up.length < 3) return null;
    const name = generator.pick(this.names);
    const away = generator.sample(
      up,
      generator.between(Math.max(2, up.length >> 1), up.length - 1),
    );
    const left = up.filter((id) => !away.includes(id));
    return [
      `${ends} ${away.join(" ")}`,
      `after ${generator.pick(TOGETHER_AWAY_MS)} ${this.#bursts.store(80, wordOf(name), generator.pick(left))}`,
      `after ${generator.pick(HANDED_ON_MS)} ${begins} ${away.join(" ")}`,
      ...this.#bursts.of(name, away[0] ?? 0, [generator.pick(left), ...away.slice(0, 3)]),
    ];
  }

  /** All that hold a name leave at once, but for one perhaps, which is killed with what they gave it. */
  #leaveReplicas(up: readonly number[]): string[] | null {
    const { generator, rest } = this;
    const [first = 0, ...others] = this.#replicaSet(up);
    if (up.length < MANY_PEERS || !rest.mayLeave()) return null;
    const killed = generator.below(2) === 0 ? generator.pick([first, ...others]) : null;
    const leavers = [first, ...others].filter((id) => id !== killed);
    for (const id of leavers) rest.leaves(id);
    const kill = killed === null ? [] : (rest.kill([killed]) ?? []);
    return [
      `quit ${leavers.join(" ")}`,
      ...kill.map((words) => `after ${generator.pick(HANDED_ON_MS)} ${words}`),
    ];
  }

  /** Of a name of its own, so that nobody asks what the right content is. */
  #changeContent(up: readonly number[], origin: number): string[] {
    const name = this.#ownName();
    const size = this.generator.between(70_000, 20_000_000);
    const after = this.generator.pick([0, 1, 5, 20, 300]);
    return [
      `file ${name} ${size}`,
      `${origin} types Store ${name}`,
      `after ${after} change ${name} ${size + this.generator.below(2)}`,
      ...(this.generator.below(2) === 0
        ? [`reset ${origin} from ${replicaSetAmong(up, name, this.bits)[0]}`]
        : []),
    ];
  }

  /** A removal grows old on all disks or on one, whose peer starts again and reads it. */
  #age(up: readonly number[]): string[] | null {
    const name = wordOf(this.generator.pick(this.names));
    const [old = 0, young = 0] = this.generator.sample(up, 2);
    const [more, less] = [this.generator.pick(AGES_DAYS), this.generator.pick(AGES_DAYS)];
    return [
      `client 80 remove ${name} via ${old} ${young}`,
      `after ${this.generator.pick([500, 5_000])} age ${name} ${less}`,
      `age ${name} ${more} at ${old}`,
      `restart ${old} ${young}`,
    ];
  }

  /** The peers that should hold one of the names, its owner first. */
  #replicaSet(up: readonly number[]): number[] {
    return replicaSetAmong(up, this.generator.pick(this.names), this.bits);
  }

  #halves(up: readonly number[]): Sides {
    return this.#apart(this.generator.sample(up, Math.max(1, up.length >> 1)));
  }

  #apart(side: readonly number[]): Sides {
    return { side, rest: this.rest.allBut(side) };
  }

  /** One towards all others, or all others towards one. */
  #oneWay(up: readonly number[], one: number): Sides {
    const side = [one];
    const rest = up.filter((id) => id !== one);
    const few = this.generator.below(2) === 0 ? rest : rest.slice(0, 1);
    return this.generator.below(2) === 0 ? { side, rest: few } : { side: few, rest: side };
  }

  #canPart({ side, rest }: Sides): boolean {
    return side.length > 0 && rest.length > 0;
  }

  #ownName(): string {
    for (;;) {
      this.#made += 1;
      const name = String(9_000 + (this.#made % 1_000));
      if (!isTaken(name, this.names)) return name;
    }
  }
}
