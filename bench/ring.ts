/** A ring of real peers: one process each, in folders of their own, on loopback. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ControlClient, controlClient } from "../src/control/client.ts";
import type { Status } from "../src/control/types.ts";
import { readLivingProcess } from "../src/store/process-file.ts";
import { killChild, reaped } from "./children.ts";
import { LOOK_MS, PEERS, START_MS } from "./limits.ts";

export type RunningPeer = {
  readonly child: Bun.Subprocess;
  readonly pid: number;
  /** Its working directory; its data folder is `data` in it. */
  readonly cwd: string;
  readonly control: ControlClient;
  readonly status: Status;
};

export type Ring = {
  readonly peers: readonly RunningPeer[];
  /** Processes of all its peers. */
  readonly pids: readonly number[];
};

/**
 * Starts a ring and waits until every peer knows all.
 * @param program the command line of `p2p`
 * @param founder the same of the first peer
 * @param flags of the first peer
 * @param lock the flags of all peers that say what closes the ring
 */
export async function startRing(
  program: readonly string[],
  dir: string,
  size: number = PEERS,
  founder: readonly string[] = program,
  flags: readonly string[] = [],
  lock: readonly string[] = [],
): Promise<Ring> {
  const first = await startPeer(founder, join(dir, "0"), null, [...flags, ...lock]);
  const { host, port } = first.status.self;
  const peers = [first];
  for (let i = 1; i < size; i++) {
    peers.push(await startPeer(program, join(dir, String(i)), `${host}:${port}`, lock));
  }
  // What the first ones said at their start knows nothing of those who came later.
  const ready = await Promise.all(
    peers.map(async (peer) => ({
      ...peer,
      status: await untilStatus(peer.control, seesAll(size)),
    })),
  );
  return { peers: ready, pids: ready.map(({ pid }) => pid) };
}

/** Starts a peer, or one whose folder is there already. @param contact null founds a ring */
export async function startPeer(
  program: readonly string[],
  cwd: string,
  contact: string | null,
  flags: readonly string[] = [],
): Promise<RunningPeer> {
  mkdirSync(cwd, { recursive: true });
  const how = contact === null ? ["init"] : ["join", contact];
  const child = reaped(
    Bun.spawn([...program, ...how, ...flags, "--data", join(cwd, "data")], {
      cwd,
      stdin: "ignore",
      stdout: Bun.file(join(cwd, "out.txt")),
      stderr: Bun.file(join(cwd, "err.txt")),
    }),
  );
  const data = join(cwd, "data");
  const control = controlClient(data);
  // A folder that was used before has the process file of its last run until the new one is in.
  await until(`the peer in ${cwd} to be in`, () => {
    const found = readLivingProcess(data);
    return found !== null && found.processFile !== null && found.pid === child.pid;
  });
  return { child, pid: child.pid, cwd, control, status: await untilStatus(control, () => true) };
}

export async function stopRing(ring: Ring): Promise<void> {
  await Promise.all(ring.peers.map(({ child }) => killChild(child)));
}

function seesAll(size: number): (status: Status) => boolean {
  return ({ members }) =>
    members.length === size && members.every((m) => m.state === "alive" && m.incarnation > 0);
}

/** Asks a control socket until what it says is good. @throws Error if that takes too long */
export async function untilStatus(
  control: ControlClient,
  good: (status: Status) => boolean,
): Promise<Status> {
  let last: Status | null = null;
  await until("a peer's door", async () => {
    last = await control.status().catch(() => null);
    return last !== null && good(last);
  });
  if (last === null) throw new Error("a peer's control socket said nothing");
  return last;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > START_MS) throw new Error(`waited too long for ${what}`);
    await Bun.sleep(LOOK_MS);
  }
}
