/** What a peer says at its start of who can join its ring, and how. */
import { INVITE_MS } from "../control/limits.ts";
import type { StartInput } from "../protocol/model/io.ts";
import type { Address } from "../protocol/model/member.ts";
import { formatAddress } from "../wire/address.ts";
import { isHere } from "./closing.ts";
import type { Console } from "./console.ts";
import type { Lock } from "./lock.ts";
import type { PeerOptions } from "./options.ts";

/**
 * Says that a ring is open to all, where it is; and how to join one that was just founded. An invite is shown at the
 * terminal alone: no log has it.
 */
export async function tellHowToJoin(
  terminal: Pick<Console, "print" | "say">,
  { start, insecure, host, advertise }: PeerOptions,
  { address, id, restored }: StartInput,
  lock: Lock,
  port: number,
): Promise<void> {
  const here = isHere({ host, advertise });
  if (insecure) terminal.say(openSentence(address, here));
  // One that comes back says whom it has found.
  const isFirst = !restored.some((member) => member.id !== id);
  if (start.kind === "enter" && isFirst && !here) terminal.say(firewallSentence(port, advertise));
  if (start.kind !== "found") return;
  const isInvited = lock.isNew && isFirst;
  const word = isInvited ? await lock.invite(address, INVITE_MS, false) : address;
  terminal.print(`p2p join ${word}`);
  if (lock.shown.by === "key" && !isInvited)
    terminal.say("Who has not this ring's key joins with an invite: p2p invite writes one.");
  if (!isFirst) return;
  if (isInvited)
    terminal.say(
      "Ring founded, closed: the line above, typed on another machine within a day, joins it. Who has that word is in.",
    );
  else {
    // Beyond this machine each peer says where it listens, and that it may.
    const more = here
      ? ""
      : ` with --host ADDRESS and ${insecure ? "--insecure" : "the same key"} behind it,`;
    terminal.say(
      `This is the first peer of a new ring: the line above, typed elsewhere,${more} joins it.`,
    );
  }
  if (!here) terminal.say(firewallSentence(port, advertise));
}

/** Members call each other: what they need of a machine, and of whatever stands before it. */
function firewallSentence(port: number, advertise: PeerOptions["advertise"]): string {
  const opened = `Open port ${port} for TCP and UDP in a firewall of this machine`;
  if (advertise === null) return `${opened}.`;
  const at = formatAddress(advertise.host, advertise.port ?? port);
  return `${opened}, and have what comes to ${at} led there.`;
}

function openSentence(address: Address, here: boolean): string {
  const who = here ? "every user of this machine" : "whoever reaches this machine";
  return `This ring is open (--insecure): ${who} can join it at ${address}, and read, change and remove its files.`;
}
