/** Coming into a closed ring with an invite: the peer that wrote it gives the ring's key for it. */
import { Failure } from "../protocol/model/failure.ts";
import type { Address } from "../protocol/model/member.ts";
import { drawOwnKeys } from "../seal/credentials.ts";
import type { Invite } from "../seal/invite.ts";
import { keyText, parseKey } from "../seal/key-text.ts";
import { keyOf } from "../seal/keyring.ts";
import { Secret } from "../seal/secret.ts";
import { resolveHost } from "../transport/bind.ts";
import { Refused, runErrand } from "../transport/errand.ts";
import { ipFamily, parseAddress } from "../wire/address.ts";
import { readKeyBook } from "./key-book.ts";
import { lockedOutSentence, unknownInvite } from "./locked-out.ts";
import type { PeerOptions } from "./options.ts";
import { dataFolder } from "./place.ts";

/** What is said to one who shows an invite: the key, and the names of the ring's keys until now. */
export type Welcome = { readonly key: Uint8Array; readonly former: readonly string[] };

const NOT_HOLDING = ["expired", "used"] as const;

export function welcomeLine({ key, former }: Welcome): string {
  return JSON.stringify({ v: 1, key: keyText(key), former });
}

/**
 * Redeems an invite.
 * @returns the ring's key
 * @throws Failure where the peer does not answer, or does not take the invite
 */
export async function redeem({ token, fingerprint, address }: Invite): Promise<Uint8Array> {
  const key = await keyOf(new Secret("invite", token), await drawOwnKeys());
  let line: string;
  try {
    line = await runErrand(address, key, JSON.stringify({ v: 1, redeem: true }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.why === "stranger") throw unknownInvite(address);
    throw new Failure(lockedOutSentence(address, error.why));
  }
  const refused = NOT_HOLDING.find((why) => line.includes(`"refused":"${why}"`));
  if (refused !== undefined) throw new Failure(lockedOutSentence(address, refused));
  const welcome = readWelcome(line);
  if (welcome === null || !welcome.former.includes(fingerprint))
    throw new Failure(`The peer at ${address} answered this invite with the key of another ring.`);
  return welcome.key;
}

function readWelcome(line: string): Welcome | null {
  try {
    const { key, former } = JSON.parse(line);
    if (!Array.isArray(former)) return null;
    return { key: parseKey(String(key), "The answer"), former: former.map(String) };
  } catch {
    return null;
  }
}

/**
 * What a command line with an invite comes to: where the peer listens, and the ring's key. A folder that has the
 * key already needs the invite no more.
 * @param hostGiven the command line says where to listen; else it is the address from which that peer is reached
 * @throws Failure where the invite is not taken
 */
export async function welcomed(
  options: PeerOptions,
  invite: Invite,
  hostGiven: boolean,
): Promise<PeerOptions> {
  const host = hostGiven ? options.host : await hostTowards(invite.address);
  const kept = readKeyBook(dataFolder(options));
  return { ...options, host, key: kept === null ? await redeem(invite) : options.key };
}

/** The address of this machine from which another is reached. */
async function hostTowards(address: Address): Promise<string> {
  const target = parseAddress(address);
  if (target === null) throw unknownInvite(address);
  const to = await resolveHost(target.host);
  try {
    // Nothing is sent: the system says which way it would take.
    const hostname = ipFamily(to) === 6 ? "::" : "0.0.0.0";
    const socket = await Bun.udpSocket({ hostname, connect: { hostname: to, port: target.port } });
    const { address: own } = socket.address;
    socket.close();
    return own;
  } catch {
    throw new Failure(`This machine knows no way to ${address}, where the invite leads.`);
  }
}
