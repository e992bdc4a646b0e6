/** One large content into a ring and out of it, as it is typed at a peer and by command line, beside raw copies. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ContentWriter } from "../src/store/writer.ts";
import { cpuMicros, reaped, resetResident, residentBytes } from "./children.ts";
import { rawCopy, sendfileCopy, systemCopy } from "./copies.ts";
import { rawFanout } from "./fanout.ts";
import { type Figure, type Figures, RECEIVED, STORED } from "./figures.ts";
import { ATTEMPTS, MIB, PEERS, PIECE_BYTES } from "./limits.ts";
import { type Ring, type RunningPeer, startRing, stopRing } from "./ring.ts";

export type Copying = {
  readonly program: readonly string[];
  /** The command line of another process of the bench, but for which and what it is given. */
  readonly self: readonly string[];
  readonly dir: string;
  readonly figures: Figures;
  readonly bytes: number;
};

/** A content on the disk. */
export type Content = { readonly path: string; readonly sha256: string };

/** A content in a ring in which two have it: the peer that is to ask for it is the third. */
export type Large = {
  readonly name: string;
  readonly content: Content;
  readonly asker: RunningPeer;
  readonly holders: readonly RunningPeer[];
};

const NAME = "bench-large";

/** Stores and requests by turns with the raw copies. @param say hears how far it is */
export async function measureContents(
  copying: Copying,
  rounds: number,
  say: (what: string) => void,
): Promise<void> {
  const { program, dir, bytes, figures } = copying;
  const path = join(dir, "content");
  const content = { path, sha256: await writeRandom(path, bytes) };
  const all = await startRing(program, join(dir, "all"));
  const two = await startRing(program, join(dir, "two"), PEERS, program, ["--copies", "2"]);
  const large = await storeLarge(copying, two, content);
  for (let round = 0; round < rounds; round++) {
    say(`contents, round ${round + 1} of ${rounds}`);
    // On a machine that is too busy a store may not be confirmed in time: that round has none.
    await measureStore(copying, all, content, `${NAME}-${round}`).catch((error) =>
      figures.note(`In round ${round + 1}: ${error.message}`),
    );
    await measureRequest(copying, large);
  }
  await Promise.all([stopRing(all), stopRing(two)]);
}

/** Stores a content in a ring of two copies, and makes ready to request it. */
export async function storeLarge(copying: Copying, ring: Ring, content: Content): Promise<Large> {
  const [first] = ring.peers;
  if (first === undefined) throw new Error("the ring is empty");
  const store = ["store", content.path, "--name", NAME, "--require", "2"];
  for (let attempt = 1; ; attempt++) {
    const stored = await runProgram(copying, first, store).catch((error) => error);
    if (!(stored instanceof Error)) break;
    if (attempt === ATTEMPTS) throw stored;
  }
  const where = await first.control.where(NAME);
  const ids = where.kind === "where" ? where.replicas : [];
  const [holders, others] = [true, false].map((has) =>
    ring.peers.filter(({ status }) => ids.includes(status.self.id) === has),
  );
  const [asker] = others ?? [];
  if (asker === undefined) throw new Error(`all peers hold ${NAME}`);
  return { name: NAME, content, asker, holders: holders ?? [] };
}

/** A store with a copy at each of three peers, all of them synced, and the raw one; then both are taken away. */
async function measureStore(
  copying: Copying,
  ring: Ring,
  { path, sha256 }: Content,
  name: string,
): Promise<void> {
  const { figures, bytes, dir, self } = copying;
  const to = ring.peers.map((_, i) => join(dir, `received-${i}`));
  const raw = await rawFanout([...self, "receive"], path, to, sha256);
  for (const each of to) rmSync(each);
  const what = { bytes, inFlight: 1 };
  figures.add({ bench: RECEIVED, ...what }, { ...speed(bytes, raw.ms), cpuMicros: raw.cpuMicros });
  const [peer] = ring.peers;
  if (peer === undefined) throw new Error("the ring is empty");
  const before = cpuMicros(ring.pids);
  const args = ["store", path, "--name", name, "--require", String(PEERS)];
  const { ms, ...own } = await runProgram(copying, peer, args);
  const after = cpuMicros(ring.pids);
  const cpu = before === null || after === null ? null : after - before + own.cpuMicros;
  figures.add({ bench: STORED, ...what }, { ...speed(bytes, ms), cpuMicros: cpu });
  await peer.control.remove(name);
}

/** Each way once, and the raw copies by turns with them. */
async function measureRequest(copying: Copying, large: Large): Promise<void> {
  const { figures, dir, self, bytes } = copying;
  const { asker, name } = large;
  const { path, sha256 } = large.content;
  const to = join(dir, "copy");
  const add = (bench: string, ms: number | null, more: Figure = {}): void => {
    if (ms !== null) figures.add({ bench, bytes, inFlight: 1 }, { ...speed(bytes, ms), ...more });
  };
  const raw = await fresh(to, () => rawCopy([...self, "send"], path, to));
  add("raw copy", raw.ms, { cpuMicros: raw.cpuMicros });
  const { ms, ...more } = await peerToPeer(large);
  add("peer to peer", ms, more);
  add("cp", await fresh(to, () => systemCopy(path, to)));
  add("sendfile", await fresh(to, () => sendfileCopy(path, to)));
  const command = () => runProgram(copying, asker, ["request", name, "-o", to]);
  const requested = await fresh(to, command, () => checkHash(to, sha256));
  add("request by command line", requested.ms);
}

/** Has it typed at the asking peer, which leaves it in its working directory. */
export async function peerToPeer(large: Large): Promise<Figure & { readonly ms: number }> {
  const { asker, holders, name } = large;
  const { sha256 } = large.content;
  const path = join(asker.cwd, name);
  const pids = [asker, ...holders].map(({ pid }) => pid);
  pids.forEach(resetResident);
  const before = pids.map((pid) => residentBytes(pid)?.now);
  const cpuBefore = cpuMicros(pids);
  const ended = Promise.withResolvers<number>();
  const events = await asker.control.events((event) => {
    if (event.event !== "outcome") return;
    const { outcome } = event;
    if (outcome.kind === "received" && outcome.sha256 === sha256) ended.resolve(performance.now());
    else ended.reject(new Error(`the request ended otherwise: ${JSON.stringify(outcome)}`));
  });
  const start = performance.now();
  await asker.control.type(`Request ${name}`);
  const ms = (await ended.promise) - start;
  const cpuAfter = cpuMicros(pids);
  events.close();
  const grown = pids.map((pid, i) => (residentBytes(pid)?.most ?? Number.NaN) - (before[i] ?? 0));
  await checkHash(path, sha256);
  rmSync(path);
  const most = Math.max(...grown);
  const cpu = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore;
  return { ms, cpuMicros: cpu, grownBytes: Number.isNaN(most) ? null : most };
}

export function speed(bytes: number, ms: number): Figure {
  return { medianMs: ms, mibPerSecond: (bytes * 1_000) / MIB / ms };
}

/** What a command took: milliseconds, and its own processor time. */
type Took = { readonly ms: number; readonly cpuMicros: number };

async function runProgram(
  { program }: Copying,
  peer: RunningPeer,
  args: readonly string[],
): Promise<Took> {
  const start = performance.now();
  const child = reaped(
    Bun.spawn([...program, ...args, "--data", join(peer.cwd, "data")], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    }),
  );
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`p2p ${args[0]} failed: ${said}`);
  const ms = performance.now() - start;
  return { ms, cpuMicros: Number(child.resourceUsage()?.cpuTime.total ?? 0) };
}

/** Has a copy made where none is, and takes it away again. */
async function fresh<T>(
  path: string,
  copy: () => Promise<T>,
  check: () => Promise<void> = async () => {},
): Promise<T> {
  rmSync(path, { force: true });
  const copied = await copy();
  await check();
  rmSync(path, { force: true });
  return copied;
}

export async function writeRandom(path: string, bytes: number): Promise<string> {
  const writer = new ContentWriter(path);
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, bytes - at));
    for (let i = 0; i < piece.length; i += RANDOM_BYTES) {
      crypto.getRandomValues(piece.subarray(i, Math.min(piece.length, i + RANDOM_BYTES)));
    }
    await writer.write(piece);
  }
  await writer.finish(false);
  return writer.sha256();
}

/** As much as the system gives at a time. */
const RANDOM_BYTES = 65_536;

async function checkHash(path: string, sha256: string): Promise<void> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(path).stream()) hasher.update(piece);
  if (hasher.digest("hex") !== sha256) throw new Error(`${path} is not what was stored`);
}
