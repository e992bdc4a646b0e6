/** What is done to a ring from another terminal: `p2p ring status`, `kill`, `logs`, `down` and their like. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { isLiving, processStart } from "../control/own.ts";
import { Failure } from "../protocol/model/failure.ts";
import { count, displayPeers, displayTable } from "../terminal/display.ts";
import { firstBroken, sayBroken } from "./judge.ts";
import { attachedRing } from "./lab-ring.ts";
import { LOG_POLL_MS, RING_DOWN_MS, RING_DOWN_POLL_MS, STEADY_MS } from "./limits.ts";
import type { NetworkPeer } from "./network.ts";
import { askRing } from "./ring-client.ts";
import { ringLogPath } from "./ring-log.ts";
import type { NamedRing } from "./ring-names.ts";
import { untilSteady } from "./steady.ts";

export type Deed = "kill" | "freeze" | "thaw" | "quit" | "restart" | "add";

/** Does something to peers of a ring, one after the other. @returns a sentence for each */
export async function doTo(
  ring: NamedRing,
  deed: Deed,
  ids: readonly number[],
): Promise<readonly string[]> {
  const said: string[] = [];
  for (const id of ids) said.push(await doOne(ring, deed, id));
  return said;
}

async function doOne(ring: NamedRing, deed: Deed, id: number): Promise<string> {
  const client = askRing(ring.dir);
  switch (deed) {
    case "kill":
      await client.kill(id, "SIGKILL");
      await untilEnded(ring, id);
      return `peer ${id} is killed`;
    case "freeze":
      await client.kill(id, "SIGSTOP");
      return `peer ${id} is frozen`;
    case "thaw":
      await client.kill(id, "SIGCONT");
      return `peer ${id} goes on`;
    case "quit":
      await quit(ring, id);
      return `peer ${id} has left`;
    case "restart":
      if (await isThere(ring, id)) await client.kill(id, "SIGKILL");
      await untilEnded(ring, id);
      await client.start(id);
      return `peer ${id} is back`;
    case "add":
      await client.start(id);
      return `peer ${id} has joined`;
  }
}

async function quit(ring: NamedRing, id: number): Promise<void> {
  const lab = await attachedRing(ring.dir);
  try {
    if (!lab.living().includes(id)) throw notRunning(id, ring);
    await lab.quit(id);
  } finally {
    lab.watch.close();
  }
}

async function isThere(ring: NamedRing, id: number): Promise<boolean> {
  const { peers } = await askRing(ring.dir).status();
  return peers.some((peer) => peer.id === id && peer.state !== "ended");
}

/** What was killed a moment ago may not have been collected yet. */
async function untilEnded(ring: NamedRing, id: number): Promise<void> {
  const limit = performance.now() + RING_DOWN_MS;
  while (await isThere(ring, id)) {
    if (performance.now() > limit) throw new Failure(`Peer ${id} was killed, and has not ended.`);
    await Bun.sleep(RING_DOWN_POLL_MS);
  }
}

function notRunning(id: number, { name }: NamedRing): Failure {
  return new Failure(`Peer ${id} does not run in ${name}: see p2p ring status.`);
}

export type RingState = {
  readonly name: string;
  readonly peers: readonly NetworkPeer[];
  /** The check that does not hold, in words; null where all do. */
  readonly broken: string | null;
  /** The same by its name, and at which peers. */
  readonly check: string | null;
  readonly at: readonly number[];
};

/**
 * Asks all its peers.
 * @param wait whether to give the checks time to hold
 */
export async function stateOf(ring: NamedRing, wait: boolean): Promise<RingState> {
  const { peers } = await askRing(ring.dir).status();
  const lab = await attachedRing(ring.dir);
  try {
    const living = lab.living();
    const early = wait
      ? await untilSteady(lab.watch, () => living, { limitMs: STEADY_MS, lookups: true })
      : firstBroken(living, await lab.watch.ask(living));
    const none = { check: "R4", peers: [], why: "no peer is running" };
    const broken = living.length === 0 ? none : early;
    return {
      name: ring.name,
      peers,
      broken: broken === null ? null : sayBroken(broken),
      check: broken?.check ?? null,
      at: broken?.peers ?? [],
    };
  } finally {
    lab.watch.close();
  }
}

/** A table of its peers, and which check does not hold. */
export function stateLines({ name, peers, broken }: RingState): string[] {
  const rows = peers.map(({ id, pid, state, dir }) => [
    String(id),
    state === "ended" ? "-" : String(pid),
    state,
    dir,
  ]);
  const running = peers.filter(({ state }) => state === "running").length;
  const holds = `${name}: all checks hold of ${count(running, "peer")}`;
  return [...displayTable(["peer", "pid", "state", "folder"], rows), broken ?? holds];
}

/** What is wrong with a ring, or that nothing is, in one sentence. */
export function checkLine({ name, broken, peers, at }: RingState): string {
  const running = peers.filter(({ state }) => state === "running").length;
  if (broken === null) return `${name}: R1 to R8 hold of ${count(running, "peer")}`;
  return `${name}: ${broken}${at.length === 0 ? "" : ` (${displayPeers(at)})`}`;
}

/** Ends a ring, and waits until its process is gone. @throws Failure if it does not end */
export async function down(ring: NamedRing): Promise<void> {
  const start = processStart(ring.pid);
  if (start === null) return;
  // One that does not answer is told by a signal, which ends its peers as well.
  await askRing(ring.dir)
    .stop()
    .catch(() => process.kill(ring.pid, "SIGTERM"));
  const limit = performance.now() + RING_DOWN_MS;
  while (isLiving(ring.pid, start)) {
    if (performance.now() > limit) {
      throw new Failure(`The ring ${ring.name}, process ${ring.pid}, has not ended: kill it.`);
    }
    await Bun.sleep(RING_DOWN_POLL_MS);
  }
}

/**
 * Prints what a detached ring has said.
 * @param follow go on until the ring ends, or this process is interrupted
 */
export async function printLog(ring: NamedRing, follow: boolean): Promise<void> {
  const path = ringLogPath(ring.dir);
  let seen = 0;
  const print = (): void => {
    const size = sizeOf(path, ring);
    // It has been set aside for a new one.
    if (size < seen) seen = 0;
    if (size === seen) return;
    const bytes = readFrom(path, seen, size);
    // The last line may be half written.
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    seen += whole.length;
    if (whole.length > 0) console.log(whole.toString().trimEnd());
  };
  print();
  if (!follow) return;
  const start = processStart(ring.pid);
  while (start !== null && isLiving(ring.pid, start)) {
    await Bun.sleep(LOG_POLL_MS);
    print();
  }
  print();
}

function sizeOf(path: string, { name }: NamedRing): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) return stat.size;
  throw new Failure(`The ring ${name} has a terminal of its own, and keeps no log.`);
}

function readFrom(path: string, from: number, until: number): Buffer {
  const bytes = Buffer.alloc(until - from);
  const file = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
  } finally {
    closeSync(file);
  }
}
