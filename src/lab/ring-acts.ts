/** What is done to a ring from another terminal: `p2p ring kill`, `freeze`, `logs`, `down` and their like. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { isLiving } from "../control/own.ts";
import { Failure } from "../protocol/model/failure.ts";
import { displaySomePeers } from "../terminal/display.ts";
import { attachedRing } from "./lab-ring.ts";
import { LOG_POLL_MS, RING_DOWN_MS, RING_DOWN_POLL_MS } from "./limits.ts";
import type { NetworkPeer } from "./network.ts";
import { askRing } from "./ring-client.ts";
import { ringLogPath } from "./ring-log.ts";
import type { NamedRing } from "./ring-names.ts";

export type Deed = "kill" | "freeze" | "thaw" | "quit" | "restart" | "add";

/** What was done to a peer, as a sentence. */
export type Done = { readonly id: number; readonly said: string };

/**
 * Does something to peers of a ring: to all of them or, where it cannot be done to one, to none. Kills are of one
 * instant; what takes its time is done one after the other.
 * @throws Failure about the first to which it cannot be done
 */
export async function doTo(
  ring: NamedRing,
  deed: Deed,
  ids: readonly number[],
): Promise<readonly Done[]> {
  const { peers } = await askRing(ring.dir).status();
  for (const id of ids) checkDeed(deed, id, peers);
  const isShared = (id: number) => peers.some((peer) => peer.id === id && peer.shared === true);
  if (deed === "kill")
    return await Promise.all(ids.map((id) => doOne(ring, deed, id, isShared(id))));
  const done: Done[] = [];
  for (const id of ids) done.push(await doOne(ring, deed, id, isShared(id)));
  return done;
}

/** Before anything is done. @throws Failure with what can be done instead */
function checkDeed(deed: Deed, id: number, peers: readonly NetworkPeer[]): void {
  const state = peers.find((peer) => peer.id === id)?.state ?? null;
  if (deed === "add") {
    if (state === null || state === "ended") return;
    throw new Failure(`Peer ${id} is ${state}: there is nothing to add.`);
  }
  if (state === null) {
    const there = displaySomePeers(peers.map((peer) => peer.id));
    throw new Failure(`There is no peer ${id} in this ring: there are ${there}.`);
  }
  if (deed === "restart") return;
  if (state === "ended") {
    throw new Failure(`Peer ${id} has ended: start it again with p2p ring restart ${id}.`);
  }
  if (deed === "quit" && state === "frozen") {
    throw new Failure(`Peer ${id} is frozen and cannot leave: p2p ring thaw ${id} first.`);
  }
}

/** Of a death that is none of the system's. */
const EMULATED = " (emulated: others share its process)";

async function doOne(ring: NamedRing, deed: Deed, id: number, isShared: boolean): Promise<Done> {
  const client = askRing(ring.dir);
  switch (deed) {
    case "kill":
      await client.kill(id, "SIGKILL");
      await untilEnded(ring, id);
      return { id, said: `peer ${id} is killed${isShared ? EMULATED : ""}` };
    case "freeze":
      await client.kill(id, "SIGSTOP");
      return { id, said: `peer ${id} is frozen` };
    case "thaw":
      await client.kill(id, "SIGCONT");
      return { id, said: `peer ${id} goes on` };
    case "quit":
      await quit(ring, id);
      return { id, said: `peer ${id} has left` };
    case "restart":
      if (await isThere(ring, id)) await client.kill(id, "SIGKILL");
      await untilEnded(ring, id);
      await client.start(id);
      return { id, said: `peer ${id} is back` };
    case "add":
      await client.start(id);
      return { id, said: `peer ${id} has joined` };
  }
}

async function quit(ring: NamedRing, id: number): Promise<void> {
  const lab = await attachedRing(ring.dir);
  try {
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

/** Ends a ring, and waits until its process is gone. @throws Failure if it does not end */
export async function down(ring: NamedRing): Promise<void> {
  const { pid, start } = ring;
  if (!isLiving(pid, start)) return;
  // One that does not answer is told by a signal, which ends its peers as well.
  await askRing(ring.dir)
    .stop()
    .catch(() => (isLiving(pid, start) ? process.kill(pid, "SIGTERM") : false));
  const limit = performance.now() + RING_DOWN_MS;
  while (isLiving(pid, start)) {
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
  while (isLiving(ring.pid, ring.start)) {
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
