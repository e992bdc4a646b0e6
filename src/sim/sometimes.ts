/**
 * Rare states that a set of runs must have reached, or it has tested nothing: each is noted when it is
 * seen. What is rare in one run is common in a thousand.
 */
import type { PeerEvent } from "../protocol/model/events.ts";
import type { Message } from "../protocol/model/messages.ts";
import type { Drawing } from "./drawing.ts";
import type { Host } from "./host.ts";
import { FILE_STATES, RareFiles } from "./rare-files.ts";
import type { Stage } from "./stage.ts";

export const RARE_STATES = [
  "both successors dead at once",
  "eight neighbours dead at once",
  "a join while its acceptor dies",
  "a lost acceptance and its retry",
  "a refuted death",
  "a freeze of a whole half",
  "two joins into one gap",
  "one id joined on both sides of a partition",
  "an owner killed during a store",
  "a partition that healed",
  "a whole ring started again",
  ...FILE_STATES,
] as const;

/** Those that only plans with clients reach. */
export const CLIENT_STATES = [
  "a message came late",
  "an operation was tried again at another peer",
  "an operation was stamped by two owners",
  "a file was read while something was wrong",
] as const;

/** And those that only hard plans do. */
export const HARD_STATES = ["a message came twice", "a peer moved while it ran"] as const;

/** All there are. */
export const ALL_STATES = [...RARE_STATES, ...CLIENT_STATES, ...HARD_STATES] as const;
export type RareState = (typeof ALL_STATES)[number];

/** The states that seeds must reach, by what they draw from. */
export function statesOf({
  operations,
  weights,
}: Pick<Drawing, "operations" | "weights">): readonly RareState[] {
  return [
    ...RARE_STATES,
    ...(operations > 0 ? CLIENT_STATES : []),
    ...(weights.move > 0 ? HARD_STATES : []),
  ];
}

/** What may keep a living peer from being heard. */
const TROUBLES: readonly string[] = ["cut", "hang", "slow", "move", "second"];
const LOSES_PEERS: readonly string[] = ["kill", "power-cut", "freeze", "quit"];

/** Word of a new member has gone round after so long, on any of the networks. */
const KNOWN_TO_ALL_MS = 5_000;

export class Sometimes {
  readonly #reached = new Set<RareState>();
  /** Eight or more adjacent peers have been down together. */
  manyDown = false;
  /** A liar has spoken: who is said to have left, in the leaver's own name, is believed to have. */
  lied = false;
  readonly #stage: Stage;
  readonly #cut = new Set<number>();
  readonly #refusedAt = new Map<number, number>();
  readonly #accepted = new Set<number>();
  readonly #joinedAt = new Map<Host, number>();
  #wasCut = false;
  readonly #files: RareFiles;

  constructor(stage: Stage) {
    this.#stage = stage;
    stage.world.readers.push((host, event) => this.#hear(host, event));
    stage.world.post.observers.push((_, message) => this.#see(message));
    stage.world.post.late.push((_, again) =>
      this.#reached.add(again ? "a message came twice" : "a message came late"),
    );
    stage.world.commits.push((_, { also }) => {
      if (also.length > 0) this.#reached.add("an operation was stamped by two owners");
    });
    this.#files = new RareFiles(stage);
  }

  get reached(): ReadonlySet<RareState> {
    const { triedAgain, readsInTrouble } = this.#stage.clients;
    if (triedAgain > 0) this.#reached.add("an operation was tried again at another peer");
    if (readsInTrouble > 0) this.#reached.add("a file was read while something was wrong");
    return new Set([...this.#reached, ...this.#files.reached]);
  }

  /** True of a peer that a partition has touched: what it knows is not expected to be right. */
  cutOff(id: number): boolean {
    return this.#cut.has(id);
  }

  /** True once any link has been troubled: also those who join behind a cut may be alone there. */
  get anyCut(): boolean {
    return this.#cut.size > 0;
  }

  /** True of a peer whose links have just broken and refused, which nothing tells from deaths behind them. */
  refusedLately(id: number): boolean {
    const at = this.#refusedAt.get(id) ?? Number.NEGATIVE_INFINITY;
    return this.#stage.world.now < at + KNOWN_TO_ALL_MS;
  }

  /** Looks at the world just before an action is done to it. */
  look(action: string): void {
    const [verb = ""] = action.split(" ");
    const ids = (action.match(/\d+/g) ?? []).map(Number);
    if (verb === "kill" || verb === "power-cut") this.#lookAtKill(ids);
    if (verb === "kill" || verb === "power-cut") this.#files.look(ids, verb === "power-cut");
    if (verb === "freeze") this.#lookAtFreeze(ids);
    if (verb === "move") this.#lookAtMove(ids);
    if (verb === "lie") this.lied = true;
    if (LOSES_PEERS.includes(verb)) this.#lookAtRest(ids);
    else if (verb === "refuse") {
      for (const id of ids) this.#refusedAt.set(id, this.#stage.world.now);
    } else if (TROUBLES.includes(verb)) {
      for (const id of ids) this.#cut.add(id);
      this.#wasCut ||= verb === "cut";
    } else if (verb === "twin") {
      this.#reached.add("one id joined on both sides of a partition");
    } else if (verb === "mend") {
      if (this.#wasCut) this.#reached.add("a partition that healed");
    } else if (verb === "restart") {
      if (this.#stage.world.living().length <= 1 && ids.length > 1) {
        this.#reached.add("a whole ring started again");
      }
    }
  }

  #see(message: Message): void {
    if (message.tag !== "join-answer") return;
    const { outcome, request } = message;
    if (outcome.kind === "busy") this.#reached.add("two joins into one gap");
    if (outcome.kind !== "accepted") return;
    if (this.#accepted.has(request)) this.#reached.add("a lost acceptance and its retry");
    this.#accepted.add(request);
  }

  #lookAtKill(ids: readonly number[]): void {
    const up = this.#stage.world.living();
    const dead = new Set(ids);
    let longest = 0;
    let row = 0;
    for (let i = 0; i < 2 * up.length; i++) {
      row = dead.has(up[i % up.length]?.id ?? -1) ? row + 1 : 0;
      longest = Math.max(longest, Math.min(row, up.length));
    }
    if (longest >= 2 && up.length > ids.length) this.#reached.add("both successors dead at once");
    if (longest >= 8) this.#reached.add("eight neighbours dead at once");
    for (const { id, peer } of up) {
      if (!dead.has(id) || peer === null) continue;
      if (peer.lifecycle.lock !== null) this.#reached.add("a join while its acceptor dies");
      if (peer.replication.placements.size > 0) this.#reached.add("an owner killed during a store");
    }
  }

  /** With eight adjacent peers down, or hardly any left, those that are left may lose each other. */
  #lookAtRest(ids: readonly number[]): void {
    const { now } = this.#stage.world;
    // One that has just come in is not known to all yet.
    const all = this.#stage.world
      .living()
      .filter((h) => now - (this.#joinedAt.get(h) ?? now) > KNOWN_TO_ALL_MS);
    const leaves = (h: Host) => h.peer?.phase === "leaving";
    const down = all.map((h) => h.frozen || leaves(h) || ids.includes(h.id));
    let row = 0;
    for (let i = 0; i < 2 * all.length; i++) {
      row = down[i % all.length] ? row + 1 : 0;
      if (row >= 8) this.manyDown = true;
    }
    if (down.filter((d) => !d).length < 3) this.manyDown = true;
  }

  #lookAtFreeze(ids: readonly number[]): void {
    const up = this.#stage.world.living();
    const frozen = up.filter((h) => h.frozen || ids.includes(h.id)).length;
    if (up.length >= 4 && frozen * 2 >= up.length) this.#reached.add("a freeze of a whole half");
  }

  #lookAtMove(ids: readonly number[]): void {
    const runs = this.#stage.world.living().some((h) => ids.includes(h.id));
    if (runs) this.#reached.add("a peer moved while it ran");
  }

  #hear(host: Host, event: PeerEvent): void {
    const { peer } = host;
    if (event.event === "joined") this.#joinedAt.set(host, this.#stage.world.now);
    if (event.event !== "member" || peer === null) return;
    if (event.id === host.id && event.memberIncarnation > 1 && event.why === "returned") {
      this.#reached.add("a refuted death");
    }
  }
}
