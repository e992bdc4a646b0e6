/**
 * A ring is upgraded while it serves: peers of the release before and of this program beside each other,
 * under load, one after the other replaced, and back again.
 *
 * `P2P_LONG=1` replaces all six, not every second, and has each mixture stand for 5 s; `P2P_SEED` repeats
 * what is asked.
 */
import { describe, expect, test } from "bun:test";
import type { History, Situation } from "../../src/checks/history.ts";
import { ControlRefused } from "../../src/control/client.ts";
import type { ControlledClient } from "../../src/lab/asker.ts";
import { Clients, endingsOf } from "../../src/lab/clients.ts";
import { contentOf, drawFiles, sha256, type TestFile } from "../../src/lab/corpus.ts";
import { historyBroken } from "../../src/lab/judge.ts";
import { drawnOrders } from "../../src/lab/orders.ts";
import { Standing } from "../../src/lab/standing.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { PROGRAM } from "../support/program.ts";
import { released } from "../support/released.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

const TAG = "v0.2.0";
const IDS = [10, 50, 90, 130, 170, 210];
/** With their pauses some 25 operations a second, and more. */
const CLIENTS = 8;
const isLong = process.env["P2P_LONG"] !== undefined;
const REPLACED = isLong ? IDS : IDS.filter((_, at) => at % 2 === 0);
const STAND_MS = isLong ? 5_000 : 0;
const LIMIT_MS = 300_000;
const seed = Number(process.env["P2P_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const older = released(TAG);
const before = "program" in older ? older.program : "";
const left = "missing" in older ? ` (left out: ${older.missing})` : "";

describe.skipIf(left !== "")(`a ring of ${TAG} and of this program${left}`, () => {
  test(
    "has its peers replaced under load, there and back, and no operation fails",
    async () => {
      await withRing(async (ring) => {
        found(ring, before);
        await ring.calm();
        const files = await storeSome(ring);
        const history = await underLoad(ring, files, async (standing, relieve) => {
          for (const program of [PROGRAM, before]) {
            for (const id of REPLACED) {
              await relieve(id);
              await replace(ring, standing, id, program);
            }
          }
        });
        const failed = history.operations.filter(({ outcome }) => outcome.kind !== "done");
        expect(failed).toEqual([]);
        expect(history.operations.length).toBeGreaterThan(IDS.length);
        expect(historyBroken(history)).toBeNull();
        await expectKept(ring, files);
      });
    },
    LIMIT_MS,
  );
});

function found(ring: TestRing, program: string): void {
  for (const [at, id] of IDS.entries()) {
    const [first = id, second = id] = [1, 2].map((n) => IDS[(at + n) % IDS.length]);
    start(ring, id, ["init", id, first, second, 1, ...ring.basePort, "--insecure"], program);
  }
}

function start(
  ring: TestRing,
  id: number,
  args: readonly (string | number)[],
  program: string,
): void {
  const options = { args, cwd: ring.cwd, program: [program] };
  ring.peers.set(id, new PeerProcess(options, ring.wake));
}

/** One ends as it is told to, another program goes on in its folder, and the next waits until all is well. */
async function replace(
  ring: TestRing,
  standing: Standing,
  id: number,
  program: string,
): Promise<void> {
  const former = ring.peer(id);
  former.signal("SIGTERM");
  const { code } = await former.waitForEnd();
  expect({ id, code, errors: former.errors }).toMatchObject({ id, code: 0 });
  standing.ended(id);
  if (isLong) console.log(`    ${Date.now()} peer ${id} has left; it goes on with ${program}`);
  start(ring, id, former.args, program);
  // R1 to R8, and all copies of each file: D2.
  await ring.calm();
  standing.came(id);
  await Bun.sleep(STAND_MS);
}

/** Files of other names than those that clients change: what is acknowledged here must be there in the end. */
async function storeSome(ring: TestRing): Promise<TestFile[]> {
  const files = drawFiles(seed, new Set(), { count: 10, largest: 200_000 });
  for (const [at, file] of files.entries()) {
    const control = ring.control(IDS[at % IDS.length] ?? 0);
    const outcome = await control.store(file.name, new Blob([contentOf(file)]).stream());
    expect(outcome.kind).toBe("stored");
  }
  return files;
}

/** Nothing more is asked through that peer, and what was asked has its answer. */
type Relieve = (id: number) => Promise<void>;

/** @returns what clients asked meanwhile, and were told */
async function underLoad(
  ring: TestRing,
  files: readonly TestFile[],
  work: (standing: Standing, relieve: Relieve) => Promise<void>,
): Promise<History> {
  const situations: Situation[] = [];
  const tell = (situation: Situation): void => void situations.push(situation);
  const standing = new Standing(IDS, () => ({ severed: [], passing: [] }), tell);
  standing.note();
  const taken = new Set(files.map(({ name }) => name));
  const names = drawFiles(seed + 1, taken, { count: CLIENTS }).map(({ name }) => name);
  const reachable = {
    living: () => standing.living,
    control: (id: number) => telling(ring.control(id), id),
  };
  const clients = new Clients(reachable, drawnOrders(names, CLIENTS), seed);
  const isAsked = (id: number): boolean =>
    clients.operations.some(({ peer, end }) => peer === id && end === null);
  const began = performance.now();
  clients.start();
  await work(standing, async (id) => {
    standing.leaves(id);
    await ring.wake.until(`the answers of ${id}`, LIMIT_MS, () => (isAsked(id) ? null : true));
  });
  await clients.stop();
  const seconds = (performance.now() - began) / 1_000;
  const { operations } = clients;
  const rate = (operations.length / seconds).toFixed(1);
  console.log(
    `    seed ${seed}: ${operations.length} operations in ${seconds.toFixed(1)} s, ${rate} a second`,
  );
  await ring.calm();
  return { operations, situations, endings: await endingsOf(ring.control(IDS[0] ?? 0), names) };
}

/** Prints what a client is refused, in the peer's own words. */
function telling({ store, request, remove }: ControlledClient, id: number): ControlledClient {
  const tell = <T>(what: string, asked: Promise<T>): Promise<T> => {
    const began = performance.now();
    asked.catch((error: unknown) => {
      // That nobody has it is an answer.
      if (error instanceof ControlRefused && error.kind === "not-found") return;
      console.log(`    ${what} at ${id} after ${performance.now() - began} ms: ${error}`);
    });
    return asked;
  };
  return {
    store: (name, content) => tell(`store ${name}`, store(name, content)),
    request: (name) => tell(`request ${name}`, request(name)),
    remove: (name) => tell(`remove ${name}`, remove(name)),
  };
}

/** D1: each file, as it was stored, through each peer. */
async function expectKept(ring: TestRing, files: readonly TestFile[]): Promise<void> {
  for (const file of files) {
    for (const id of IDS) {
      const pieces: Uint8Array[] = [];
      const incoming = await ring.control(id).request(file.name);
      await incoming.read((piece) => void pieces.push(piece.slice()));
      expect(sha256(Buffer.concat(pieces))).toBe(sha256(contentOf(file)));
    }
  }
}
