/** `p2p ring --exec`: another program's peers in the same terminal, seen through what they print. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { SILENCE_MS } from "../foreign/limits.ts";
import { Failure } from "../protocol/model/failure.ts";
import { count, displayTable } from "../terminal/display.ts";
import { ForeignNetwork, type ForeignPlan, type ForeignVoice } from "./foreign-network.ts";
import { type Broken, sayBroken } from "./judge.ts";
import { FOREIGN_TYPED_MS } from "./limits.ts";
import { checkPorts } from "./ports.ts";
import { Screen } from "./screen.ts";
import { type RingSession, runSession, type Together } from "./session.ts";
import { untilSteady } from "./steady.ts";
import { Stop } from "./stop.ts";
import type { TypedRing } from "./typed-ring.ts";

export type ForeignRingOptions = {
  /** The program and its first arguments. */
  readonly command: readonly string[];
  /** In ascending order, each from 0 to 255. */
  readonly ids: readonly number[];
  readonly intervalMs: number;
  /** The working folder of the peers. */
  readonly dir: string;
  /** How long to go on after it is steady; null until the input or the user ends it. */
  readonly forMs: number | null;
  readonly color: boolean;
};

/** The peers of the assignment listen on this and their id. */
export const FOREIGN_BASE_PORT = 12_000;

/**
 * Starts a ring of another program's peers and shows it until it is ended, with all that they started.
 * @returns the exit code: 0, or 1 if the ring did not come together
 * @throws Failure if it cannot be started: a port in use, a program that is not there
 */
export async function runForeignRing(options: ForeignRingOptions): Promise<number> {
  const { command, ids, intervalMs } = options;
  const dir = resolve(options.dir);
  if (!existsSync(dir)) throw new Failure(`There is no folder ${dir}: check --dir.`);
  await checkPorts(FOREIGN_BASE_PORT, ids);
  const stop = new Stop();
  const screen = new Screen(options.color);
  const rights = { ownFolder: false, user: null, ownWorld: false };
  const plan: ForeignPlan = { command, dir, intervalMs, terminal: false, ...rights };
  const session = new ForeignSession(plan, ids, screen, dir);
  try {
    return await runSession(session, options.forMs, screen, stop);
  } finally {
    screen.muted = true;
    const left = await session.network.stop();
    screen.muted = false;
    if (left > 0) {
      screen.complain(`${count(left, "process", "processes")} of the program could not be ended.`);
    }
    stop.release();
  }
}

class ForeignSession implements RingSession {
  readonly goesOnUnsteady = true;
  readonly unattended = null;
  readonly live = null;
  readonly heard = (): boolean => false;
  readonly welcome = null;
  readonly ring: TypedRing;
  network: ForeignNetwork;
  private readonly voice: ForeignVoice;

  constructor(
    private readonly plan: ForeignPlan,
    private readonly ids: readonly number[],
    private readonly screen: Screen,
    readonly cwd: string,
  ) {
    this.voice = {
      line: (id, text) => screen.line(id, text),
      note: (id, text) => screen.note(id, text),
    };
    this.network = new ForeignNetwork(plan, this.voice);
    this.ring = typedRing(() => this.network);
  }

  comeTogether = async (): Promise<Together> => {
    const { ids, plan } = this;
    const begun = performance.now();
    this.network.found(ids);
    const silence = Bun.sleep(SILENCE_MS + plan.intervalMs).then(() => this.network.silent);
    const steady = this.steady();
    const isSilent = await Promise.race([silence, steady.then(() => false)]);
    if (isSilent) return await this.atTerminals();
    const broken = await steady;
    if (broken !== null) return { steady: false, say: broken };
    const took = Math.round(performance.now() - begun);
    const say = `ring of ${ids.length} is steady after ${took} ms, by what its peers print`;
    return { steady: true, say };
  };

  /** It may keep its output as long as it is at no terminal. */
  private async atTerminals(): Promise<Together> {
    const { ids, plan } = this;
    this.screen.complain(
      "At pipes the program prints nothing: once more, each peer at a terminal.",
    );
    await this.network.stop();
    this.network = new ForeignNetwork({ ...plan, terminal: true }, this.voice);
    this.network.found(ids);
    const broken = await this.steady();
    if (broken !== null) return { steady: false, say: broken };
    return { steady: true, say: `ring of ${ids.length} is steady, by what its peers print` };
  }

  /** @returns a sentence about what does not hold, or null */
  private async steady(): Promise<string | null> {
    const { network, ids } = this;
    const giveUp = (): Broken | null => network.fallen(ids);
    const limit = { limitMs: network.limitMs, lookups: false, giveUp };
    const broken = await untilSteady(network.view, () => ids, limit);
    return broken === null ? null : `The ring did not come together: ${sayBroken(broken)}.`;
  }
}

function typedRing(network: () => ForeignNetwork): TypedRing {
  return {
    words: ["Store", "Request", "Quit"],
    peers: () => network().peers(),
    signal: (id, signal) => void network().signal(id, signal),
    start: (id, known) => network().start(id, known),
    untilEnded: (id, limitMs) => network().untilEnded(id, limitMs),
    type: (id, line, wait) => typeAt(network(), id, line, wait),
    status: (wait) => statusOf(network(), wait),
  };
}

async function typeAt(
  network: ForeignNetwork,
  id: number,
  line: string,
  wait: boolean,
): Promise<void> {
  const [verb = "", file = ""] = line.trim().toLowerCase().split(/\s+/);
  const done = network.told(
    (from, told) =>
      (verb === "store" && told.kind === "stored" && told.file === file) ||
      (verb === "request" && told.kind === "received" && told.file === file && from === id),
    FOREIGN_TYPED_MS,
  );
  network.type(id, line);
  if (wait && (verb === "store" || verb === "request")) await done;
}

async function statusOf(network: ForeignNetwork, wait: boolean): Promise<readonly string[]> {
  const { view } = network;
  const living = network.living();
  const limitMs = wait ? network.limitMs : 0;
  const broken = await untilSteady(view, () => living, { limitMs, lookups: false });
  const told = new Map((await view.ask(living)).map((peer) => [peer.id, peer]));
  const rows = network.peers().map(({ id, pid, state }) => {
    const ids = (list: readonly number[] | undefined): string => list?.join(" ") || "-";
    const peer = told.get(id);
    const pids = state === "ended" ? "-" : String(pid);
    return [String(id), pids, ids(peer?.successors), ids(peer?.predecessors), state];
  });
  const header = ["peer", "pid", "pings", "pinged by", "state"];
  const names = [...view.tells]
    .sort()
    .join(", ")
    .replace(/, (\w+)$/, " and $1");
  const hold = `${names} hold of ${count(living.length, "peer")}, by what they print`;
  const last = broken === null ? hold : sayBroken(broken);
  return [...displayTable(header, rows), living.length === 0 ? "no peer is running" : last];
}
