/** Plays a scenario of test/transcripts with real processes, and compares what they print with it. */
import { parseScenario, type Step } from "../../src/sim/scenario-text.ts";
import { isPing } from "./peer-process.ts";
import { Stalls } from "./stalls.ts";
import { type TestRing, withRing } from "./test-ring.ts";

/** In a step that is done and calm, a line too many would have come by then, or shows in a later step. */
const STILL_MS = 100;
const STEP_LIMIT_MS = 30_000;
const ATTEMPTS = 3;

const VERBS = [
  "calm",
  "ring",
  "interval",
  "file",
  "join",
  "quit",
  "kill",
  "restart",
  "freeze",
  "thaw",
];

/** False of a scenario that does what only a simulator can: to the network, the clock, the very moment. */
export function canPlayOnProcesses(text: string): boolean {
  return parseScenario(text).every(({ action }) => {
    const [verb = "", second] = action.split(/\s+/);
    return VERBS.includes(verb) || second === "types";
  });
}

/**
 * Plays it; once more, and once more, where it went otherwise on a machine that stood still meanwhile.
 * @returns what went otherwise, as readable text; null if all was as written
 */
export async function playOnProcesses(text: string): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    const stalls = new Stalls();
    const difference = await playOnce(text);
    const stalled = stalls.end();
    if (difference === null || !stalled || attempt === ATTEMPTS) return difference;
  }
}

async function playOnce(text: string): Promise<string | null> {
  const steps = parseScenario(text);
  const interval = steps.find(({ action }) => action.startsWith("interval "))?.action;
  let difference: string | null = null;
  const play = async (ring: TestRing) => {
    const player = new Player(ring);
    for (const step of steps) {
      difference = await player.play(step).catch((error: unknown) => `${error}`);
      if (difference === null) continue;
      difference = `line ${step.number}: ${step.action}\n${difference}`;
      return;
    }
  };
  await withRing(play, [], Number(interval?.split(" ")[1] ?? 1));
  return difference;
}

type Lines = ReadonlyMap<number, readonly string[]>;

class Player {
  readonly #ring: TestRing;
  /** How many lines of each process have been compared. */
  readonly #shown = new Map<object, number>();

  constructor(ring: TestRing) {
    this.#ring = ring;
  }

  async play({ action, expected }: Step): Promise<string | null> {
    const ring = this.#ring;
    const words = action.split(/\s+/);
    const ids = words.filter((word) => /^\d+$/.test(word)).map(Number);
    const alive = ring.living;
    await this.#act(words, ids);
    if (ring.peers.size === 0) return null;
    // Whether others notice such a restart, and what they then print, is a matter of milliseconds.
    const unforeseeable = words[0] === "restart" && ids.some((id) => alive.includes(id));
    const want = byPeer(unforeseeable ? [] : expected);
    const loose = mayGoOtherwise(action);
    const compare = () =>
      loose ? finalPairsDiffer(want, this.#printed()) : linesDiffer(want, this.#printed());
    const calm = async () => {
      const here = await ring.wake
        .until("the lines", STEP_LIMIT_MS, () => (compare() === null ? true : null))
        .catch(() => false);
      if (here) await ring.calm(STEP_LIMIT_MS);
    };
    await calm();
    await Bun.sleep(STILL_MS);
    const difference = compare() ?? this.#pairsUntrue();
    for (const { printed, key } of this.#all()) this.#shown.set(key, printed.length);
    return difference;
  }

  async #act(words: readonly string[], ids: readonly number[]): Promise<void> {
    const ring = this.#ring;
    const [first = Number.NaN, second = Number.NaN] = ids;
    switch (words[0]) {
      case "interval":
      case "calm":
        return;
      case "ring":
        ring.init(ids);
        return;
      case "file":
        ring.file(words[1] ?? "", second);
        return;
      case "join":
        for (let i = 0; i < ids.length; i += 2) ring.join(ids[i] ?? first, ids[i + 1] ?? second);
        return;
      case "quit":
        for (const id of ids) ring.peer(id).type("Quit");
        for (const id of ids) {
          const { code } = await ring.peer(id).waitForEnd();
          if (code !== 0) throw new Error(`peer ${id} ended with ${code} after Quit`);
        }
        return;
      case "kill":
        return await ring.kill(...ids);
      case "restart":
        await ring.kill(...ids);
        for (const id of ids) ring.restart(id, words.includes("without"));
        return;
      case "freeze":
        for (const id of ids) ring.peer(id).signal("SIGSTOP");
        return;
      case "thaw":
        for (const id of ids) ring.peer(id).signal("SIGCONT");
        return;
      default:
        if (words[1] !== "types") throw new Error(`cannot play "${words.join(" ")}"`);
        ring.peer(first).type(words.slice(2).join(" "));
    }
  }

  #all() {
    return [...this.#ring.peers].map(([id, peer]) => ({ id, key: peer, printed: peer.printed }));
  }

  /** What was printed in this step, as a scenario writes it. */
  #printed(): Lines {
    const written = this.#all().flatMap(({ id, key, printed }) =>
      printed
        .slice(this.#shown.get(key) ?? 0)
        .filter(({ text, error }) => !(error ? text.startsWith("route ") : isPing(text)))
        .map(({ text, error }) => `  ${String(id).padEnd(3)} ${error ? "!" : " "} ${text}`),
    );
    return byPeer(written);
  }

  /** At any calm, the last two successors that a peer has named are the two that it has. */
  #pairsUntrue(): string | null {
    const { living, peers } = this.#ring;
    for (const id of living) {
      const said = lastPair(peers.get(id)?.lines ?? []);
      const at = living.indexOf(id);
      const true_ = [1, 2].map((i) => living[(at + i) % living.length] ?? id);
      if (said.length > 0 && said.join() !== true_.join()) {
        return `peer ${id} last named ${said}, but its successors are ${true_}`;
      }
    }
    return null;
  }
}

/** Two things in one instant have no order on real machines; and a restart may or may not be noticed. */
function mayGoOtherwise(action: string): boolean {
  return /^(kill|quit|join) .*( and | together)/.test(action) || action.startsWith("restart");
}

function byPeer(lines: readonly string[]): Lines {
  const peers = new Map<number, string[]>();
  for (const line of lines) {
    const id = Number.parseInt(line, 10);
    peers.set(id, [...(peers.get(id) ?? []), comparable(line)]);
  }
  return peers;
}

/** Contents have another hash than in a scenario, and a receipt on a busy machine may lack the last copy. */
function comparable(line: string): string {
  return line.replace(/sha256 .*/, "").replace(/[23] of 3 copies, on .*, (\d+ bytes)/, "$1");
}

function linesDiffer(want: Lines, have: Lines): string | null {
  const parts = [...new Set([...want.keys(), ...have.keys()])]
    .filter((id) => want.get(id)?.join("\n") !== have.get(id)?.join("\n"))
    .flatMap((id) => [
      ...(want.get(id) ?? []).map((line) => `-${line}`),
      ...(have.get(id) ?? []).map((line) => `+${line}`),
    ]);
  return parts.length === 0 ? null : parts.join("\n");
}

function finalPairsDiffer(want: Lines, have: Lines): string | null {
  const parts = [...want.keys()].flatMap((id) => {
    const [wanted, had] = [want, have].map((lines) => lastPair(lines.get(id) ?? []).join());
    return wanted === had ? [] : [`-  ${id} ends with ${wanted}`, `+  ${id} ends with ${had}`];
  });
  return parts.length === 0 ? null : parts.join("\n");
}

/** The first and second successor that the last two lines about them name. */
function lastPair(lines: readonly string[]): number[] {
  return ["first", "second"].flatMap((which) => {
    const line = lines.findLast((l) => new RegExp(`My (new )?${which} successor is`).test(l));
    return line === undefined ? [] : [Number(line.split(" ").at(-1))];
  });
}
