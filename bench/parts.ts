/** The parts of the bench, each of which can be had alone. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { BenchClient } from "./client.ts";
import { type Copying, measureContents } from "./contents.ts";
import { openEcho } from "./echo.ts";
import type { Figures } from "./figures.ts";
import { openFramed } from "./framed.ts";
import { KIB, LARGE_PEERS, PEERS } from "./limits.ts";
import { measureMemory } from "./memory.ts";
import { measureSize, type Operations, warmUp } from "./operations.ts";
import { openOthers } from "./others/find.ts";
import type { Plan } from "./plan.ts";
import { quantile } from "./rates.ts";
import { openRawServe } from "./raw-serve.ts";
import { measureRestart } from "./restart.ts";
import { startRing, stopRing } from "./ring.ts";
import { openRingSystem } from "./ring-system.ts";
import { measureSealed } from "./sealed.ts";
import { measureSystem, measureSystems, warmSystem } from "./sockets.ts";
import { buildBare, measureStart, type Starting } from "./starts.ts";

/** What every part is given. */
export type Setting = {
  /** The command line of `p2p`. */
  readonly program: readonly string[];
  /** The command line of the bench's other processes, but for which. */
  readonly self: readonly string[];
  /** A folder for whatever it makes. */
  readonly dir: string;
  readonly plan: Plan;
  readonly figures: Figures;
  /** A folder in which other systems may be installed. */
  readonly others: string | null;
  /** Says how far it is. */
  readonly say: (what: string) => void;
};

export const PARTS = {
  sockets: measureSockets,
  messages: measureMessages,
  contents,
  starts,
  memory,
  restart,
  sealed: measureSealed,
} as const satisfies Record<string, (setting: Setting) => Promise<void>>;

/** What a program on the machine uses, beside what it could have at best. */
async function measureSockets(setting: Setting): Promise<void> {
  const { program, self, dir, plan, figures, say } = setting;
  const at = (name: string): string => join(dir, name);
  const turns = [
    { system: await openRawServe([...self, "serve"], at("raw.sock")), keeps: false },
    { system: await openRingSystem(program, at("3"), PEERS), keeps: true },
    { system: await openRingSystem(program, at("8"), LARGE_PEERS), keeps: true },
  ];
  const leftOut = (name: string): void => figures.note(`${name} is left out: it is not installed.`);
  const others = plan.others ? await openOthers(dir, setting.others, leftOut) : [];
  for (const system of others) turns.push({ system, keeps: true });
  await measureSystems(turns, plan, figures, say);
  for (const { system } of turns) await system.close();
}

/** The peers' own TCP. */
async function measureMessages(setting: Setting): Promise<void> {
  const { program, self, dir, plan, figures, say } = setting;
  // What speaks to it here is no peer, and has no key.
  const ring = await startRing(program, join(dir, "messages"), PEERS, program, [], ["--insecure"]);
  const [first] = ring.peers;
  if (first === undefined) throw new Error("the ring is empty");
  const echo = await openEcho([...self, "echo"]);
  const framed = { system: await openFramed([...self, "framed"]), keeps: false };
  const client = await BenchClient.open(first.status);
  const operations: Operations = { client, pids: ring.pids, figures };
  say("warming up");
  await warmUp(operations, plan.warmOperations);
  await echo.roundTrips(plan.echoes);
  await warmSystem(framed, plan);
  for (let round = 0; round < plan.rounds; round++) {
    say(`messages, round ${round + 1} of ${plan.rounds}`);
    const { each, ms } = await echo.roundTrips(plan.echoes);
    figures.add(
      { bench: "echo", bytes: KIB, inFlight: 1 },
      {
        operations: plan.echoes,
        medianMs: quantile(each, 0.5),
        p99Ms: quantile(each, 0.99),
        perSecond: (plan.echoes * 1_000) / ms,
      },
    );
    await measureSystem(framed, plan, round, figures);
    for (const size of plan.sizes) await measureSize(operations, size, round);
  }
  client.close();
  await echo.close();
  await framed.system.close();
  await stopRing(ring);
  rmSync(join(dir, "messages"), { recursive: true });
}

function contents({ program, self, dir, plan, figures, say }: Setting): Promise<void> {
  const copying: Copying = { program, self, dir, figures, bytes: plan.copyBytes };
  return measureContents(copying, plan.rounds, say);
}

async function starts({ program, dir, plan, figures, say }: Setting): Promise<void> {
  const starting: Starting = { program, bare: await buildBare(dir), dir, figures };
  for (let round = 0; round < plan.startRounds; round++) {
    say(`starts, round ${round + 1} of ${plan.startRounds}`);
    for (const size of plan.starts) await measureStart(starting, size);
  }
}

async function memory({ program, dir, plan, figures, say }: Setting): Promise<void> {
  say("memory");
  await measureMemory(program, dir, plan, figures);
}

async function restart({ program, dir, plan, figures, say }: Setting): Promise<void> {
  say("filling a peer");
  await measureRestart(program, dir, plan.restartFiles, plan.rounds, figures);
}
