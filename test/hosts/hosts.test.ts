import { afterAll, describe, expect, test } from "bun:test";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { Gate } from "../support/gate.ts";
import { FAULTS, type Fault, type FaultName } from "./faults.ts";
import { HostRing } from "./host-ring.ts";
import { whyNoHosts, whyNoPacketRules } from "./ip.ts";
import { LONG, playRound } from "./round.ts";

/** Real peers on hosts of their own, clients at work, and faults of the network between them. */

const SIZE = 6;
const LIMIT_MS = LONG ? 600_000 : 180_000;
/** Rings that are tried at the same time, and the faults that each goes through: with more, two processors are late. */
const RINGS: readonly (readonly FaultName[])[] = [
  ["halves", "moved address", "no UDP at one", "short packets, lost one way"],
  ["frozen owner", "isolated", "no UDP at all", "resets of TCP"],
];

/** Which of them is closed by a key: the other is open to all. */
const CLOSED = 0;

const noHosts = whyNoHosts();
const noRules = noHosts === "" ? whyNoPacketRules() : "";
const seed = Number(process.env["P2P_SEED"] ?? Date.now() % 1_000_000);

/** A ring for several tests, one after the other; a new one after a test that has failed. */
class SharedRing {
  constructor(private readonly isClosed: boolean) {}

  readonly #gate = new Gate(1);
  #ring: HostRing | null = null;

  async use(body: (ring: HostRing) => Promise<void>): Promise<void> {
    await this.#gate.enter();
    try {
      this.#ring ??= await HostRing.open(SIZE, this.isClosed);
      await body(this.#ring);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.#gate.leave();
    }
  }

  async close(): Promise<void> {
    await this.#ring?.close();
    this.#ring = null;
  }
}

const why = noHosts === "" ? "" : `, left out: ${noHosts}`;
describe.skipIf(noHosts !== "")(`six peers on six hosts (seed ${seed})${why}`, () => {
  const rings = RINGS.map((faults, i) => ({ faults, ring: new SharedRing(i === CLOSED) }));
  afterAll(() => Promise.all(rings.map(({ ring }) => ring.close())));

  for (const { faults, ring } of rings) {
    for (const [i, name] of faults.entries()) {
      const { needsRules }: Fault = FAULTS[name];
      const noTool = needsRules === true && noRules !== "";
      test.concurrent.skipIf(noTool)(
        `keep what they acknowledged: ${name}${noTool ? `, left out: ${noRules}` : ""}`,
        () =>
          ring.use(async (open) => {
            expect(await playRound(open, name, new RandomGenerator(seed + i))).toEqual([]);
          }),
        LIMIT_MS,
      );
    }
  }
});
