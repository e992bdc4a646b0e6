/** One large content from a peer to another, as it is typed at a peer and by command line, beside raw copies. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { keyOf } from "../src/daemon/storing.ts";
import { ContentWriter } from "../src/store/writer.ts";
import { cpuMicros, reaped, resetResident, residentBytes } from "./children.ts";
import { rawCopy, sendfileCopy, systemCopy } from "./copies.ts";
import type { Figure, Figures } from "./figures.ts";
import { MIB, PIECE_BYTES } from "./limits.ts";
import type { Ring, RunningPeer } from "./ring.ts";

export type Copying = {
  readonly program: readonly string[];
  /** The command line of the raw copy's sender, but for the file. */
  readonly rawSender: readonly string[];
  readonly dir: string;
  readonly ring: Ring;
  readonly figures: Figures;
};

/** A content on the disk and in the ring; the peer that is to ask for it does not own it. */
export type Large = {
  readonly name: string;
  readonly bytes: number;
  readonly path: string;
  readonly sha256: string;
  readonly asker: RunningPeer;
  readonly owner: RunningPeer;
};

/** Makes a content of so many random bytes and stores it by command line. */
export async function storeLarge(copying: Copying, bytes: number): Promise<Large> {
  const { ring, dir, figures } = copying;
  const path = join(dir, "content");
  const sha256 = await writeRandom(path, bytes);
  const owners = [...ring.peers].sort((a, b) => a.status.self.id - b.status.self.id);
  const name = "bench-large";
  const key = keyOf(name, owners[0]?.status.bits ?? 0);
  const owner = owners.find(({ status }) => status.self.id >= key) ?? owners[0];
  const asker = owners.find((peer) => peer !== owner);
  if (owner === undefined || asker === undefined) throw new Error("the ring is too small");
  const ms = await runProgram(copying, asker, ["store", path, "--name", name]);
  figures.add({ bench: "store by command line", bytes, inFlight: 1 }, speed(bytes, ms));
  return { name, bytes, path, sha256, asker, owner };
}

/** One round: each way once, and the raw copies by turns with them. */
export async function measureLarge(copying: Copying, large: Large): Promise<void> {
  const { figures, dir, rawSender } = copying;
  const { bytes, path, asker, name } = large;
  const to = join(dir, "copy");
  const add = (bench: string, ms: number | null, more: Figure = {}): void => {
    if (ms !== null) figures.add({ bench, bytes, inFlight: 1 }, { ...speed(bytes, ms), ...more });
  };
  const raw = await fresh(to, () => rawCopy(rawSender, path, to));
  add("raw copy", raw.ms, { cpuMicros: raw.cpuMicros });
  const { ms, ...more } = await peerToPeer(large);
  add("peer to peer", ms, more);
  add("cp", await fresh(to, () => systemCopy(path, to)));
  add("sendfile", await fresh(to, () => sendfileCopy(path, to)));
  const command = () => runProgram(copying, asker, ["request", name, "-o", to]);
  add("request by command line", await fresh(to, command, () => checkHash(to, large.sha256)));
}

/** Has it typed at the asking peer, which leaves it in its working directory. */
async function peerToPeer(large: Large): Promise<Figure & { readonly ms: number }> {
  const { asker, owner, name, sha256 } = large;
  const path = join(asker.cwd, name);
  const pids = [asker.pid, owner.pid];
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

function speed(bytes: number, ms: number): Figure {
  return { medianMs: ms, mibPerSecond: (bytes * 1_000) / MIB / ms };
}

/** @returns milliseconds */
async function runProgram(
  { program }: Copying,
  peer: RunningPeer,
  args: readonly string[],
): Promise<number> {
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
  return performance.now() - start;
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

async function writeRandom(path: string, bytes: number): Promise<string> {
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
