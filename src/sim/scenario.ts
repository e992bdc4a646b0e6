/** Plays scenarios in the simulator: each step until the ring is calm again; then its lines are compared. */
import { brokenChecks, checkRing } from "../checks/ring.ts";
import { SILENCE_MS, WATCH_MS } from "../protocol/membership/patience.ts";
import { NUMBERED_BITS, type Strategy } from "../protocol/model/config.ts";
import { LIMITS, SMALL_LIMITS } from "./host.ts";
import { LOCAL_NETWORK, NETWORKS, type NetworkConfig } from "./network.ts";
import { normal, OTHERS, parseScenario } from "./scenario-text.ts";
import { drawnRing, numberedRing, type SimLine, Stage, snapshots } from "./stage.ts";
import type { WireShare } from "./wire-trip.ts";

/** Plays a scenario. @returns what went otherwise, as readable text; null if all was as written */
export function playScenario(text: string, seed: number, network = LOCAL_NETWORK): string | null {
  const player = new ScenarioPlayer(seed, network);
  for (const step of parseScenario(text)) {
    const printed = player.play(step.action);
    if (step.action === "calm") {
      const broken = player.brokenChecks();
      if (broken !== null) return `line ${step.number}: calm\n${broken}`;
    }
    const unseen = step.action === "calm" || step.action.startsWith("at ");
    if (unseen && step.expected.length === 0) continue;
    const difference = compareLines(step.expected, printed);
    if (difference !== null) return `line ${step.number}: ${step.action}\n${difference}`;
  }
  return null;
}

/** Plays a scenario and writes it down again with the lines that were printed: how a new one is begun. */
export function tellScenario(text: string, seed: number, network = LOCAL_NETWORK): string {
  const player = new ScenarioPlayer(seed, network);
  const told = parseScenario(text).flatMap(({ action }) => [action, ...player.play(action), ""]);
  return told.join("\n");
}

class ScenarioPlayer {
  #intervalMs = 1_000;
  #seed: number;
  #network: NetworkConfig;
  #driftPerMillion = 0;
  #wire: WireShare = { perMille: 0, ofTalk: 0 };
  #limits = LIMITS;
  #bits = NUMBERED_BITS;
  #copies: number | null = null;
  #strategy: Strategy = "successor";
  #stage: Stage | null = null;
  #shown = 0;

  constructor(seed: number, network: NetworkConfig) {
    this.#seed = seed;
    this.#network = network;
  }

  /** Does one action, and lets the ring calm down unless its time is given. @returns what was printed */
  play(action: string): string[] {
    const [verb, ...rest] = action.split(/\s+/);
    if (verb === "interval") this.#intervalMs = Number(rest[0]) * 1_000;
    else if (verb === "seed") this.#seed = Number(rest[0]);
    else if (verb === "network") this.#network = networkOf(rest[0] ?? "");
    else if (verb === "drift") this.#driftPerMillion = Number(rest[0]);
    else if (verb === "wire") this.#wire = wireOf(rest.map(Number));
    else if (verb === "limits") this.#limits = rest[0] === "small" ? SMALL_LIMITS : LIMITS;
    else if (verb === "bits") this.#bits = Number(rest[0]);
    else if (verb === "copies") this.#copies = Number(rest[0]);
    else if (verb === "strategy") this.#strategy = strategyOf(rest[0] ?? "");
    else if (verb === "ring") this.#found(rest.map(Number));
    else if (verb === "at") this.#actAt(Number(rest[0]), rest.slice(1).join(" "));
    else if (verb !== "calm") this.#ring().act(action);
    if (this.#stage === null) return [];
    if (verb !== "at") runUntilCalm(this.#stage);
    const lines = this.#stage.lines.slice(this.#shown);
    this.#shown = this.#stage.lines.length;
    // Pings are told by their absence.
    return lines.filter((l) => !l.fold).map(written);
  }

  /** What does not hold of the ring, or null. */
  brokenChecks(): string | null {
    const checks = checkRing(snapshots(this.#ring().world));
    if (brokenChecks(checks).length === 0) return null;
    return Object.entries(checks)
      .flatMap(([name, result]) => (result.ok ? [] : [`  ${name}: ${result.why}`]))
      .join("\n");
  }

  #ring(): Stage {
    if (this.#stage === null) throw new Error("a scenario begins with `ring` and its ids");
    return this.#stage;
  }

  #found(ids: readonly number[]): void {
    const ring = this.#bits === NUMBERED_BITS ? numberedRing : drawnRing;
    const usual = ring(this.#intervalMs);
    const replicationFactor = this.#copies ?? usual.replicationFactor;
    const config = { ...usual, replicationFactor, strategy: this.#strategy };
    this.#stage = new Stage({
      config,
      network: this.#network,
      seed: this.#seed,
      driftPerMillion: this.#driftPerMillion,
      wire: this.#wire,
      limits: this.#limits,
    });
    this.#stage.found(ids);
  }

  #actAt(time: number, action: string): void {
    this.#ring().world.run(time);
    this.#ring().act(action);
  }
}

/** Runs until all checks hold and nothing has been printed for a while, or for as long as healing may take. */
export function runUntilCalm({ world, lines }: Stage): void {
  // On a cut link nothing is printed before silence is a verdict.
  const stillMs = world.network.isWhole ? 2_500 : WATCH_MS + SILENCE_MS + 500;
  const limit = world.now + 3 * world.config.pingIntervalMs + 60_000;
  let before = -1;
  while (world.now < limit) {
    world.run(world.now + stillMs);
    const printed = lines.filter((l) => !l.fold).length;
    const broken = brokenChecks(checkRing(snapshots(world)));
    if (printed === before && broken.length === 0) return;
    before = printed;
  }
}

function networkOf(name: string): NetworkConfig {
  if (name === "local" || name === "wide" || name === "hostile") return NETWORKS[name];
  throw new Error(`there is no network called "${name}"`);
}

/** `wire 20`: of all messages; `wire 1000 20`: another share of what peers tell each other all the time. */
function wireOf([perMille = 0, ofTalk = perMille]: readonly number[]): WireShare {
  return { perMille, ofTalk };
}

function strategyOf(name: string): Strategy {
  if (name === "successor" || name === "finger" || name === "direct") return name;
  throw new Error(`there is no strategy called "${name}"`);
}

function written(line: SimLine): string {
  return normal(`  ${line.peer} ${line.error ? "!" : ""} ${line.text}`);
}

/**
 * Compares peer by peer, since lines of different peers have no order among each other. With `...`
 * only the last lines count, of the peers that are named: where two deaths race, either may come first.
 */
function compareLines(expected: readonly string[], printed: readonly string[]): string | null {
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

function byPeer(lines: readonly string[]): Map<number, string[]> {
  const peers = new Map<number, string[]>();
  for (const line of lines) {
    const id = Number.parseInt(line, 10);
    peers.set(id, [...(peers.get(id) ?? []), line]);
  }
  return peers;
}
