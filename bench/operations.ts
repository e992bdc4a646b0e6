/** Stores and requests over the peers' own TCP, one at a time and many in flight. */

import { cpuMicros } from "./children.ts";
import type { BenchClient, Given } from "./client.ts";
import type { Figures } from "./figures.ts";
import { IN_FLIGHT, KIB, MIB, NAMES, PEERS } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { type Operation, quantile, run } from "./rates.ts";

/** A store is work for all peers, and as good as so many requests. */
const STORE_WORTH = 4;

export type Operations = {
  readonly client: BenchClient;
  /** Of the ring's processes. */
  readonly pids: readonly number[];
  readonly figures: Figures;
};

/** Has every link dialled and the code of both sides compiled before any clock starts. */
export async function warmUp({ client }: Operations, count: number): Promise<void> {
  const stores = Math.ceil(count / STORE_WORTH);
  const files = makeFiles(client, KIB, "warm", Math.min(stores, NAMES));
  await run(stores, IN_FLIGHT, store(client, files));
  await run(count, IN_FLIGHT, request(client, files));
}

/** Stores and requests contents of one size. @param round makes the names new */
export async function measureSize(
  operations: Operations,
  { bytes, alone, many }: Plan["sizes"][number],
  round: number,
): Promise<void> {
  const { client } = operations;
  const series = `${bytes}-${round}`;
  const one = makeFiles(client, bytes, `${series}-one`, Math.min(alone, NAMES));
  await measure(operations, "store", bytes, one.length, 1, store(client, one));
  if (many > 0) {
    const stores = Math.min(Math.ceil(many / STORE_WORTH), NAMES);
    const files = makeFiles(client, bytes, series, stores);
    await measure(operations, "store", bytes, stores, IN_FLIGHT, store(client, files));
    await measure(operations, "request", bytes, many, IN_FLIGHT, request(client, files));
  }
  await measure(operations, "request", bytes, alone, 1, request(client, one));
}

async function measure(
  { client, pids, figures }: Operations,
  bench: string,
  bytes: number,
  count: number,
  inFlight: number,
  operation: Operation,
): Promise<void> {
  const all = [process.pid, ...pids];
  const before = cpuMicros(all);
  const shortBefore = client.short;
  const { ms, each } = await run(count, inFlight, operation);
  const after = cpuMicros(all);
  figures.add(
    { bench, bytes, inFlight },
    {
      operations: count,
      medianMs: quantile(each, 0.5),
      p99Ms: quantile(each, 0.99),
      perSecond: (count * 1_000) / ms,
      mibPerSecond: (count * bytes * 1_000) / MIB / ms,
      cpuMicros: before === null || after === null ? null : (after - before) / count,
      ...(bench === "store" ? { short: client.short - shortBefore } : {}),
    },
  );
}

export type File = { readonly name: string; readonly key: number; readonly given: Given };

/** Files that share most of their bytes, and no hash. */
export function makeFiles(
  client: BenchClient,
  bytes: number,
  series: string,
  count: number,
): File[] {
  const base = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += RANDOM_BYTES) {
    crypto.getRandomValues(base.subarray(at, Math.min(bytes, at + RANDOM_BYTES)));
  }
  return Array.from({ length: count }, (_, i) => {
    const name = `bench-${series}-${i}`;
    // One large content does not need to be there many times.
    const content = count === 1 ? base : base.slice();
    new DataView(content.buffer).setUint32(0, i);
    const sha256 = new Bun.CryptoHasher("sha256").update(content).digest("hex");
    return { name, key: client.keyOf(name), given: { bytes: content, sha256 } };
  });
}

/** As much as the system gives at a time. */
const RANDOM_BYTES = 65_536;

/** Stores the file of each number, in so many copies. */
export function store(
  client: BenchClient,
  files: readonly File[],
  copies: number = PEERS,
): Operation {
  return (number, done) => {
    const file = files[number % files.length];
    if (file === undefined) return done("there is no file to store");
    client.store(file.name, file.key, file.given, copies, done);
  };
}

function request(client: BenchClient, files: readonly File[]): Operation {
  return (number, done) => {
    const file = files[number % files.length];
    if (file === undefined) return done("there is no file to request");
    client.request(file.name, file.key, file.given.sha256, done);
  };
}
