/** One fault, from before it to after it, while clients are at work; and what was wrong then. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RandomGenerator } from "../../src/sim/random-generator.ts";
import { Stalls } from "../support/stalls.ts";
import { Clients } from "./clients.ts";
import { wrongDeaths } from "./deaths.ts";
import { FAULTS, type Fault, type FaultName } from "./faults.ts";
import type { HostRing } from "./host-ring.ts";
import { unanswered, verdict } from "./verdict.ts";

/** Faults last as long as cuts do, not only as long as a test should. */
export const LONG = process.env["P2P_LONG"] === "1";

/** Clients are at work for so long before a fault, and after the views have agreed again. */
const BEFORE_MS = 500;
const AFTER_MS = LONG ? 8_000 : 1_000;
/** A client that does what is wanted at a certain time; more follow it. */
const ONE_MORE_CLIENT = 100;

/**
 * Plays a fault in a calm ring.
 * @returns each thing that was wrong, in a sentence
 */
export async function playRound(
  ring: HostRing,
  faultName: FaultName,
  generator: RandomGenerator,
): Promise<string[]> {
  const fault: Fault = FAULTS[faultName];
  // Few names, so that many operations meet on each.
  const first = `${faultName} 1`;
  const names = {
    lasting: [first, `${faultName} 2`, `${faultName} 3`],
    removed: [`${faultName}, removed`],
  };
  const clients = new Clients(ring, names, generator.bits());
  await clients.store(0, first, ONE_MORE_CLIENT);
  await Bun.sleep(BEFORE_MS);
  const began = Date.now();
  const stalls = new Stalls();
  const mend = await fault.inject(ring, generator, first);
  // While nobody has noticed, so that some of these get stuck on their way.
  const running = ring.numbers.filter((n) => !ring.peer(n).frozen);
  const early = running.map((n) => clients.store(n, first, ONE_MORE_CLIENT + n));
  await Bun.sleep((LONG ? fault.longSeconds : fault.seconds) * 1_000);
  const stalled = stalls.end();
  const deaths = fault.deathless === true && !stalled ? wrongDeaths(ring, began) : [];
  mend();
  const mended = performance.now();
  await ring.agree();
  const agreedMs = performance.now() - mended;
  await Bun.sleep(AFTER_MS);
  await Promise.all([clients.stop(), ...early]);
  await ring.calm();
  const { wrong, history } = await verdict(ring, clients, names);
  wrong.push(...deaths, ...unanswered(clients.operations, mended));
  console.log(
    `${faultName}: ${clients.operations.length} operations, agreed ${Math.round(agreedMs)} ms after its end`,
  );
  if (wrong.length > 0) {
    const path = join(
      tmpdir(),
      `p2p-history-${process.pid}-${faultName.replaceAll(" ", "-")}.json`,
    );
    await Bun.write(path, JSON.stringify(history));
    console.log(`${faultName}: its history is in ${path}`);
  }
  return wrong;
}
