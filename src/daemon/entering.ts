/** Coming into a ring of which only an address is known: the peer there says what ring it is. */

import { NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Start } from "../protocol/model/io.ts";
import type { Folder } from "../store/folder.ts";
import type { Introduced, Transport } from "../transport/types.ts";
import { formatAddress } from "../wire/address.ts";
import type { PeerOptions } from "./options.ts";
import { checkFolder } from "./place.ts";

/** A peer is asked which ring it is of for so long, again and again; one answer takes so long at most. */
const INTRODUCTION_MS = 3_000;
const ONE_ANSWER_MS = 400;
/** A peer that was in the ring before asks for so long: the whole ring may just be starting again. */
const RESTART_PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 250;

/**
 * Asks the peer at an address for its ring. If it gives no answer, a peer that has been in a ring looks
 * for the other members that it knows: the one through which it once joined may be gone for good.
 * @throws Failure if it gives no answer, and there is nobody else
 */
export async function enterRing(
  { host, port }: { readonly host: string; readonly port: number },
  options: PeerOptions,
  folder: Folder,
  transport: Transport,
): Promise<{ config: RingConfig; start: Start; id: number }> {
  const remembered = waysBack(options, folder);
  let answered: Introduced;
  try {
    answered = await introduced(host, port, remembered === null ? folder : null, transport);
  } catch (error) {
    if (remembered === null) throw error;
    return remembered;
  }
  const { ring, from, introduction } = answered;
  const { bits, strategy, replicationFactor, proposedId } = introduction;
  const { identity } = folder;
  checkFolder(folder.dir, identity, null, ring);
  if (bits <= NUMBERED_BITS) {
    throw new Failure(
      `The ring at ${formatAddress(host, port)} has numbered peers: join it with a number, as in p2p join 15 4 30.`,
    );
  }
  const pingIntervalMs = options.pingIntervalMs ?? introduction.pingIntervalMs;
  const start: Start = {
    kind: "join",
    contact: from.address,
    contactName: "The peer",
    proposed: identity === null,
  };
  const config = { ring, bits, strategy, pingIntervalMs, replicationFactor };
  return { config, start, id: identity?.id ?? proposedId };
}

/**
 * Waits for the peer through which this one joins, for as long as its command line says. What is wrong
 * there after that is for the join itself to say.
 * @param say is given one sentence, if there is anything to wait for
 */
export async function awaitContact(
  { start, basePort, waitMs }: PeerOptions,
  host: string,
  transport: Transport,
  say: (sentence: string) => void,
): Promise<void> {
  if (waitMs === null || (start.kind !== "join" && start.kind !== "enter")) return;
  const at = start.kind === "join" ? { host, port: basePort + start.known } : { ...start };
  const giveUpAt = performance.now() + waitMs;
  let said = false;
  for (;;) {
    const left = giveUpAt - performance.now();
    if (left <= 0) return;
    const asked = performance.now();
    const limitMs = Math.min(ONE_ANSWER_MS, left);
    const answered = await transport.introduce(at.host, at.port, limitMs).catch(() => null);
    if (answered !== null) return;
    if (!said) {
      say(`Waiting up to ${waitMs / 1000} s for the peer at ${formatAddress(at.host, at.port)}.`);
    }
    said = true;
    const rest = Math.min(ASK_AGAIN_MS - (performance.now() - asked), giveUpAt - asked);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)));
  }
}

/**
 * What a numbered ring is like, by the word of the peer through which this one joins; where that says
 * nothing now, what the command line says.
 */
export async function configOfKnown(
  config: RingConfig,
  { start, basePort, copies }: PeerOptions,
  host: string,
  transport: Transport,
): Promise<RingConfig> {
  if (start.kind !== "join" || copies !== null) return config;
  try {
    const known = await transport.introduce(host, basePort + start.known, ONE_ANSWER_MS);
    if (known.ring !== config.ring || known.introduction.bits !== config.bits) return config;
    const { strategy } = known.introduction;
    return { ...config, strategy, replicationFactor: known.introduction.replicationFactor };
  } catch {
    // The join itself says best what is wrong there.
    return config;
  }
}

/** How a peer comes back without anybody's help; null for one that knows nobody, or not what its ring is like. */
function waysBack(
  { pingIntervalMs }: PeerOptions,
  { identity, restored, left }: Folder,
): { config: RingConfig; start: Start; id: number } | null {
  const config = identity?.config ?? null;
  if (identity === null || config === null || config.bits <= NUMBERED_BITS) return null;
  const { id } = identity;
  // One that left goes in through whom it was told.
  if (left) return null;
  if (!restored.some((member) => member.id !== id)) return null;
  const own = { ...config, pingIntervalMs: pingIntervalMs ?? config.pingIntervalMs };
  return { config: own, start: { kind: "found" }, id };
}

/** @param patient the folder of a peer that can only wait for an answer, if it was in the ring before */
async function introduced(
  host: string,
  port: number,
  patient: Folder | null,
  transport: Transport,
): Promise<Introduced> {
  const began = performance.now();
  const returns = patient !== null && !patient.left && patient.restored.length > 0;
  const giveUpAt = began + (returns ? RESTART_PATIENCE_MS : 0);
  for (;;) {
    const asked = performance.now();
    try {
      return await transport.introduce(host, port, ONE_ANSWER_MS);
    } catch (error) {
      const now = performance.now();
      // One that refuses does not run; one that is silent may just be starting, and asked again.
      const silent = now - asked >= ONE_ANSWER_MS && now - began < INTRODUCTION_MS;
      if (!silent && now >= giveUpAt) throw error;
      if (!silent) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}
