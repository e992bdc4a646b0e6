/**
 * Whoever is only spoken of is greeted before it is taken in: a stream to the address that was named, on which whoever
 * listens there says who it is. A made-up member never answers, so it is in nobody's view, nobody waits for it, and
 * no gap is locked for it; a true one costs a round trip more. A ping would not do: who is about to join answers none.
 */
import { PROBES_AT_ONCE } from "../model/config.ts";
import type { Greeting, Met } from "../model/greeting.ts";
import { GREETED_BY_ALL, TRUSTED_ARRIVALS } from "../model/limits.ts";
import type { Address, Member } from "../model/member.ts";
import type { Peer } from "../state.ts";
import { probeMember } from "./probing.ts";

/** A greeting that has not come back by then does not: a dial's deadline. Milliseconds. */
export const GREETING_MS = 1_000;
/** However many are spoken of, there is room for what else goes on. */
const GREETED_AT_ONCE = PROBES_AT_ONCE / 2;

/**
 * True if members are taken in on the word of one that has just heard from them. In a small ring all greet a new member
 * themselves, so that one that lies brings in nobody that is not there; in a larger one that would be a stream from
 * each to each, so it is believed of as many as ever come at once.
 */
export function mayTrust({ membership: { view, arrivals } }: Peer): boolean {
  return view.size > GREETED_BY_ALL && arrivals.size < TRUSTED_ARRIVALS;
}

/**
 * Greets one that is spoken of, unless that is under way; `takeMet` gives back what is to be done then.
 * @returns false where too many are being greeted
 */
export function greet(peer: Peer, { id, address, instance }: Member, met: Met): boolean {
  const { greetings } = peer.membership;
  const known = greetings.get(instance);
  if (known !== undefined) {
    // One process has one id and one address: what comes first is tried first.
    const isSame = known.id === id && known.address === address;
    if (isSame && !known.waiting.some(({ kind }) => kind === met.kind)) known.waiting.push(met);
    return isSame;
  }
  if (greetings.size >= GREETED_AT_ONCE) return false;
  const until = peer.now + GREETING_MS;
  greetings.set(instance, { id, address, until, waiting: [met] });
  peer.deadlines.setEarlier("greeting", 0, until);
  peer.effects.push({ type: "greet", address });
  return true;
}

/** @returns what was waiting for one that says who it is, where it was greeted */
export function takeMet(peer: Peer, address: Address, id: number, instance: string): Met[] {
  const greeting = peer.membership.greetings.get(instance);
  if (greeting?.id !== id || greeting.address !== address) return [];
  end(peer, instance);
  return greeting.waiting;
}

/** An address cannot be reached from here: others may reach it. */
export function greetedInVain(peer: Peer, address: Address): void {
  for (const [instance, greeting] of peer.membership.greetings)
    if (greeting.address === address) giveUp(peer, instance, greeting);
}

/** Some have had their time. */
export function greetingsOverdue(peer: Peer): void {
  for (const [instance, greeting] of peer.membership.greetings) {
    if (greeting.until > peer.now) {
      peer.deadlines.set("greeting", 0, greeting.until);
      return;
    }
    giveUp(peer, instance, greeting);
  }
}

/** Who wants to come in asks again, and where it was let in there will be word of it. */
function giveUp(peer: Peer, instance: string, { waiting }: Greeting): void {
  end(peer, instance);
  for (const met of waiting)
    if (met.kind === "hearsay") probeMember(peer, met.said, "unverified", ["datagram"]);
}

function end(peer: Peer, instance: string): void {
  peer.membership.greetings.delete(instance);
  if (peer.membership.greetings.size === 0) peer.deadlines.clear("greeting", 0);
}
