/**
 * Stories: text files that say what is done to a ring, and what each peer prints for it. Every step
 * runs until the ring is calm again; then the lines of the step are compared, peer by peer. A line
 * `...` stands for whatever else is printed.
 */
import { brokenChecks, checkRing, type PeerSnapshot } from "../checks/ring.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import type { Start } from "../protocol/io.ts";
import { isExpected } from "../protocol/member.ts";
import { snapshot } from "../protocol/snapshot.ts";
import type { SimLine } from "./host.ts";
import { LOCAL_NETWORK, type NetworkConfig } from "./network.ts";
import { World } from "./world.ts";

export type Step = {
  /** The line's number in the file, from 1. */
  readonly number: number;
  readonly action: string;
  /** The lines that must be printed for it, as written: `  8   text`, or `  8 ! text` for standard error. */
  readonly expected: readonly string[];
};

/** Takes a story apart: an action at the margin, the lines it brings indented below; `#` is a comment. */
export function parseStory(text: string): Step[] {
  const steps: { number: number; action: string; expected: string[] }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trimEnd();
    if (line === "" || line.trimStart().startsWith("#")) continue;
    if (!line.startsWith(" ")) steps.push({ number: index + 1, action: line, expected: [] });
    else steps.at(-1)?.expected.push(normal(line));
  }
  return steps;
}

/** Plays a story and writes it down again with the lines that were printed: how a new one is begun. */
export function tellStory(text: string, seed: number, network = LOCAL_NETWORK): string {
  const player = new StoryPlayer(seed, network);
  const told = parseStory(text).flatMap(({ action }) => [action, ...player.play(action), ""]);
  return told.join("\n");
}

/** Plays a story. @returns what went otherwise, as readable text; null if all was as written */
export function playStory(text: string, seed: number, network = LOCAL_NETWORK): string | null {
  const player = new StoryPlayer(seed, network);
  for (const step of parseStory(text)) {
    const printed = player.play(step.action);
    if (step.action === "calm") {
      const broken = player.brokenChecks();
      if (broken !== null) return `line ${step.number}: calm\n${broken}`;
      if (step.expected.length === 0) continue;
    }
    const difference = compareLines(step.expected, printed);
    if (difference !== null) return `line ${step.number}: ${step.action}\n${difference}`;
  }
  return null;
}

/** Pings are told by their absence from stories, unless a story asks for them. */
class StoryPlayer {
  #intervalMs = 1_000;
  #world: World | null = null;
  #shown = 0;
  #pings = false;
  readonly #seed: number;
  readonly #network: NetworkConfig;

  constructor(seed: number, network: NetworkConfig) {
    this.#seed = seed;
    this.#network = network;
  }

  /** Does one action and lets the ring calm down. @returns what was printed meanwhile */
  play(action: string): string[] {
    const words = action.split(/\s+/);
    this.#act(action, words);
    if (this.#world === null) return [];
    runUntilCalm(this.#world);
    const lines = this.#world.lines.slice(this.#shown);
    this.#shown = this.#world.lines.length;
    return lines.filter((l) => this.#pings || !l.fold).map(written);
  }

  /** What does not hold of the ring, or null. */
  brokenChecks(): string | null {
    const checks = checkRing(snapshots(this.#ring()));
    const broken = brokenChecks(checks);
    if (broken.length === 0) return null;
    return Object.entries(checks)
      .map(([name, result]) => (result.ok ? "" : `  ${name}: ${result.why}`))
      .filter((line) => line !== "")
      .join("\n");
  }

  #ring(): World {
    if (this.#world === null) throw new Error("a story begins with `ring` and its ids");
    return this.#world;
  }

  #act(action: string, words: readonly string[]): void {
    const ids = words
      .slice(1)
      .filter((w) => /^\d+$/.test(w))
      .map(Number);
    const [first = Number.NaN, second = Number.NaN] = ids;
    switch (words[0]) {
      case "interval":
        this.#intervalMs = first * 1_000;
        return;
      case "show":
        this.#pings = true;
        return;
      case "ring":
        this.#found(ids);
        return;
      case "calm":
        return;
      case "file":
        this.#ring().workingDirectory.set(words[1] ?? "", contentOf(words[1] ?? "", second));
        return;
      case "join":
        // Pairs of a joiner and the peer it knows: `join 15 via 4 and 16 via 9`.
        for (let i = 0; i < ids.length; i += 2) {
          const known = joinThrough(this.#ring(), ids[i + 1] ?? Number.NaN);
          this.#ring().startPeer(ids[i] ?? Number.NaN, known);
        }
        return;
      case "quit":
        for (const id of ids) this.#ring().type(id, "Quit");
        return;
      case "kill":
        for (const id of ids) this.#ring().kill(id);
        return;
      case "restart":
        for (const id of ids) this.#restart(id, action.includes("without"));
        return;
      case "freeze":
        for (const id of ids) this.#ring().freeze(id);
        return;
      case "thaw":
        for (const id of ids) this.#ring().thaw(id);
        return;
      default:
        if (words[1] !== "types") throw new Error(`a story does not know how to "${action}"`);
        this.#ring().type(Number(words[0]), words.slice(2).join(" "));
    }
  }

  /** Starts peers as the assignment does: each knows its two successors, in whatever order. */
  #found(ids: readonly number[]): void {
    const config: RingConfig = {
      ring: 12_000,
      bits: NUMBERED_BITS,
      strategy: "successor",
      pingIntervalMs: this.#intervalMs,
      copies: 3,
    };
    const world = new World(config, this.#network, this.#seed);
    this.#world = world;
    const sorted = [...ids].sort((a, b) => a - b);
    for (const id of ids) world.startPeer(id, initOf(world, sorted, id));
  }

  #restart(id: number, withoutFolder: boolean): void {
    const world = this.#ring();
    const host = world.hosts.get(world.addressOf(id));
    if (host === undefined) throw new Error(`peer ${id} was never started`);
    if (host.peer !== null) world.kill(id);
    if (withoutFolder) world.wipe(id);
    world.startPeer(id, host.start);
  }
}

/** The first line of the assignment for a peer: its id and its two successors in the ring of `ids`. */
export function initOf(world: World, ids: readonly number[], id: number): Start {
  const at = ids.indexOf(id);
  const successors = [1, 2].map((i) => {
    const next = ids[(at + i) % ids.length] ?? id;
    return { id: next, address: world.addressOf(next) };
  });
  return { kind: "init", successors };
}

export function joinThrough(world: World, known: number): Start {
  const contact = world.addressOf(known);
  return { kind: "join", contact, contactName: `Peer ${known}`, proposed: false };
}

/** What the living and unfrozen peers say of themselves. */
export function snapshots(world: World): PeerSnapshot[] {
  return world.living().flatMap(({ peer, frozen }) => {
    if (peer === null || frozen || peer.phase === "joining" || peer.phase === "starting") return [];
    const { self, bits, strategy, successors, predecessors, members } = snapshot(peer);
    // One that is only expected is known by name alone.
    const heard = members.filter((m) => !isExpected(m));
    const neighbours = { successors, predecessors };
    return [{ id: self.id, bits, strategy, ...neighbours, members: heard, lookups: [] }];
  });
}

/** Runs until all checks hold and nothing has been printed for a while, or for as long as healing may take. */
export function runUntilCalm(world: World): void {
  const stillMs = 2_500;
  const limit = world.now + 3 * world.config.pingIntervalMs + 60_000;
  let lines = -1;
  while (world.now < limit) {
    world.run(world.now + stillMs);
    const printed = world.lines.filter((l) => !l.fold).length;
    const broken = brokenChecks(checkRing(snapshots(world)));
    if (printed === lines && broken.length === 0) return;
    lines = printed;
  }
}

/** A content that depends on its name and size alone. */
function contentOf(name: string, size: number): { size: number; sha256: string } {
  const sum = `${name}${size}`.replace(/\D/g, "");
  return { size, sha256: sum.padStart(64, "0").slice(0, 64) };
}

function written(line: SimLine): string {
  return normal(`  ${line.peer} ${line.error ? "!" : ""} ${line.text}`);
}

/** Stands for whatever else is printed. */
const OTHERS = "  ...";

/** `  8   text` and `  8 ! text`, with the peer's number in a column of four. */
function normal(line: string): string {
  const parts = /^\s*(\d+)\s+(!?)\s*(.*)$/.exec(line);
  if (parts === null) return line;
  const [, id = "", mark = "", text = ""] = parts;
  return `  ${id.padEnd(3)} ${mark || " "} ${text}`;
}

/**
 * Compares peer by peer, since lines of different peers have no order among each other. With `...`
 * only the last lines count, of the peers that are named: where two deaths race, either may come first.
 */
function compareLines(expected: readonly string[], printed: readonly string[]): string | null {
  const byPeer = (lines: readonly string[]) => {
    const peers = new Map<number, string[]>();
    for (const line of lines) {
      const id = Number.parseInt(line, 10);
      peers.set(id, [...(peers.get(id) ?? []), line]);
    }
    return peers;
  };
  const want = byPeer(expected.filter((l) => l !== OTHERS));
  let have = byPeer(printed);
  if (expected.includes(OTHERS)) {
    have = new Map([...want].map(([id, lines]) => [id, (have.get(id) ?? []).slice(-lines.length)]));
  }
  const differing = [...new Set([...want.keys(), ...have.keys()])].filter(
    (id) => want.get(id)?.join("\n") !== have.get(id)?.join("\n"),
  );
  if (differing.length === 0) return null;
  const parts = differing.map((id) => {
    const missing = (want.get(id) ?? []).map((l) => `-${l}`);
    const extra = (have.get(id) ?? []).map((l) => `+${l}`);
    return [...missing, ...extra].join("\n");
  });
  return `${parts.join("\n")}\nIn the order of time, all that was printed:\n${printed.join("\n")}`;
}
