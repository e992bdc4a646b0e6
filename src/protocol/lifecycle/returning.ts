/**
 * The way back of a peer that left its ring in good order and is started again by the command that
 * founded it. It handed on all it had, so it must not go on as if it knew: it asks those whom it left,
 * and is taken in through one of them. Until then it is in no ring: it confirms nothing, and denies nothing.
 */

import { raiseTo } from "../membership/records.ts";
import { ownRoom } from "../membership/room.ts";
import { sendPing } from "../membership/ways.ts";
import { standingOf } from "../model/absence.ts";
import {
  AWAITED_FIRST_RETRY_MS,
  AWAITED_RETRY_MS,
  FORMER_ASKED,
  NUMBERED_BITS,
  REQUESTS_IN_FLIGHT,
  RETURN_MS,
} from "../model/config.ts";
import type { RequestCommand } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { Message } from "../model/messages.ts";
import { randomBits, randomSample } from "../model/random.ts";
import { sentences } from "../model/sentences.ts";
import { note, type Peer, send } from "../state.ts";
import { joinThrough } from "./joining.ts";
import type { Returning } from "./state.ts";

/** Asks those whom the peer left. @returns false if there is nobody to ask, or nothing to come back to */
export function beginReturn(peer: Peer): boolean {
  const { left, restored, start } = peer.start;
  const former = formerMembers(peer);
  if (left !== true || start.kind === "join" || start.kind === "formed") return false;
  if (former.length === 0) return false;
  const asked = randomSample(peer.random, former, FORMER_ASKED);
  const silent = new Map(asked.map((member) => [member.address, member]));
  const instances = new Set(restored.map(({ instance }) => instance));
  const until = peer.now + RETURN_MS;
  const retryMs = AWAITED_FIRST_RETRY_MS;
  peer.phase = "joining";
  peer.lifecycle.returning = { silent, instances, until, retryMs, restarted: [], commands: [] };
  // A stream tells at once where nobody listens, and gets through where datagrams do not.
  for (const address of silent.keys()) sendPing(peer, address, randomBits(peer.random), "stream");
  askFormer(peer);
  return true;
}

/** Asks again those who are silent, or gives up. */
export function returnOverdue(peer: Peer): void {
  const returning = searching(peer);
  if (returning === null) return;
  if (peer.now >= returning.until) goOn(peer, true);
  else askFormer(peer);
}

/** Any message of a former member says whether it is in the ring. */
export function hearFormer(peer: Peer, from: Member, message: Message): void {
  const returning = searching(peer);
  if (returning === null || from.id === peer.self.id) return;
  if (from.incarnation === 0) {
    // It looks for the ring like this peer, which tells it so.
    if (message.tag === "ping") {
      const { digest } = peer.membership.view;
      const room = ownRoom(peer);
      const { nonce } = message;
      const standing = standingOf(peer.membership.absence, peer.now);
      const pong = { tag: "pong", nonce, round: false, digest, room, ...standing } as const;
      send(peer, from.address, "datagram", pong);
    }
    silentNoMore(peer, from.address);
  } else if (from.state === "alive" && message.tag === "pong") {
    // One with named successors goes in by its command where the others have begun anew as well.
    if (peer.start.start.kind !== "init" || returning.instances.has(from.instance)) {
      peer.deadlines.clear("join", 0);
      joinThrough(peer, from.address, nameOf(peer, from), false);
    } else {
      if (returning.restarted.length < FORMER_ASKED) returning.restarted.push(from);
      silentNoMore(peer, from.address);
    }
  }
}

/** Nobody listens at the address of a former member, or it does not take this peer in. */
export function silentNoMore(peer: Peer, address: Address): void {
  const returning = searching(peer);
  if (returning === null) return;
  if (returning.silent.delete(address) && returning.silent.size === 0) goOn(peer, false);
}

/** The one that would have taken this peer in is gone: the others are asked. */
export function returnElsewhere(peer: Peer, contact: Address): void {
  peer.lifecycle.joining = null;
  peer.lifecycle.returning?.silent.delete(contact);
  if (peer.lifecycle.returning?.silent.size === 0) goOn(peer, true);
  else askFormer(peer);
}

/** Keeps a command until this peer is in a ring. @returns false if it is not on its way, or has enough of them */
export function waitForReturn(peer: Peer, command: number, what: RequestCommand): boolean {
  const commands = peer.lifecycle.returning?.commands;
  if (commands === undefined || commands.length >= REQUESTS_IN_FLIGHT) return false;
  commands.push({ command, what });
  return true;
}

/** Those known from an earlier run who have not left themselves. */
export function formerMembers(peer: Peer): Member[] {
  return peer.start.restored.filter((m) => m.id !== peer.self.id && m.state !== "left");
}

/** What a peer has found on its way back, as long as nobody takes it in and it has not gone on. */
function searching(peer: Peer): Returning | null {
  return peer.phase === "joining" && peer.lifecycle.joining === null
    ? peer.lifecycle.returning
    : null;
}

function askFormer(peer: Peer): void {
  const {
    lifecycle: { returning },
  } = peer;
  if (returning === null) return;
  for (const address of returning.silent.keys()) {
    sendPing(peer, address, randomBits(peer.random), "datagram");
  }
  peer.deadlines.set("join", 0, Math.min(peer.now + returning.retryMs, returning.until));
  returning.retryMs = Math.min(returning.retryMs * 2, AWAITED_RETRY_MS);
}

/** Nobody takes this peer in: it comes up by its own command, and says what it does not know. */
function goOn(peer: Peer, silence: boolean): void {
  const named = peer.start.start.kind === "init";
  const count = formerMembers(peer).length;
  // Where all the others are started anew by their commands too, there is nothing to say.
  if (!named) note(peer, sentences.returnedAlone(count));
  else if (silence) note(peer, sentences.returnedByName(count));
  peer.phase = "starting";
  peer.deadlines.clear("join", 0);
  raiseTo(peer, peer.membership.incarnationAsked + 1);
}

function nameOf(peer: Peer, { id }: Member): string {
  return peer.config.bits <= NUMBERED_BITS ? `Peer ${id}` : "The peer";
}

/** @returns whether it is still to be said that this peer has come back; once */
export function takeReturn({ lifecycle }: Peer): boolean {
  const { returns } = lifecycle;
  lifecycle.returns = false;
  return returns;
}
