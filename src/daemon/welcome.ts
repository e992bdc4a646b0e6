/** Coming into a closed ring with an invite: the peer that wrote it gives the ring's key for it. */
import { resolve } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import type { Address } from "../protocol/model/member.ts";
import { drawOwnKeys } from "../seal/credentials.ts";
import type { Invite } from "../seal/invite.ts";
import { keyText, parseKey } from "../seal/key-text.ts";
import { keyOf } from "../seal/keyring.ts";
import { Secret } from "../seal/secret.ts";
import { takeOwnFolder } from "../store/own-folder.ts";
import { readLivingProcess } from "../store/process-file.ts";
import { resolveHost } from "../transport/bind.ts";
import { Refused, runErrand } from "../transport/errand.ts";
import { ipFamily, parseAddress } from "../wire/address.ts";
import { type KeyBook, readKeyBook, writeKeyBook } from "./key-book.ts";
import { lockedOutSentence, unknownInvite } from "./locked-out.ts";
import type { PeerOptions } from "./options.ts";
import { dataFolder } from "./place.ts";

/** What is said to one who shows an invite. */
export type Welcome = {
  readonly key: Uint8Array;
  /** The next key, while it changes, and when it will hold alone; null while it does not. */
  readonly next: Uint8Array | null;
  readonly leftMs: number;
  /** The names of the ring's keys until now. */
  readonly former: readonly string[];
};

const NOT_HOLDING = ["expired", "used"] as const;

export function welcomeLine({ key, next, leftMs, former }: Welcome): string {
  const more = next === null ? {} : { next: keyText(next), leftMs };
  return JSON.stringify({ v: 1, key: keyText(key), ...more, former });
}

/**
 * Redeems an invite.
 * @returns the ring's keys
 * @throws Failure where the peer does not answer, or does not take the invite
 */
async function redeem({ token, fingerprint, address }: Invite): Promise<KeyBook> {
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
  const { key: now, next, leftMs } = welcome;
  const coming = next === null ? [] : [{ key: next, at: Date.now() + leftMs }];
  return { key: now, next: coming, former: [] };
}

function readWelcome(line: string): Welcome | null {
  try {
    const { key, next, leftMs, former } = JSON.parse(line);
    if (!Array.isArray(former)) return null;
    const answer = "The answer to the invite";
    return {
      key: parseKey(String(key), answer),
      next: next === undefined ? null : parseKey(String(next), answer),
      leftMs: Number.isFinite(leftMs) ? leftMs : 0,
      former: former.map(String),
    };
  } catch {
    return null;
  }
}

/**
 * What a command line with an invite comes to: where the peer listens. The ring's key is in its folder then, before
 * anything else is done, so that an invite that holds once is not lost; one that has that ring's key already needs
 * the invite no more.
 * @param hostGiven the command line says where to listen; else it is the address from which that peer is reached
 * @throws Failure where the invite is not taken
 */
export async function welcomed(
  options: PeerOptions,
  invite: Invite,
  hostGiven: boolean,
): Promise<PeerOptions> {
  const host = hostGiven ? options.host : await hostTowards(invite.address);
  const dir = resolve(dataFolder(options));
  const kept = readKeyBook(dir);
  const names = kept === null ? [] : [kept.key, ...kept.former].map(nameOf);
  // What a living peer has is its own to change.
  if (!names.includes(invite.fingerprint) && readLivingProcess(dir) === null) {
    const book = await redeem(invite);
    takeOwnFolder(dir);
    await writeKeyBook(dir, book);
  }
  return { ...options, host, key: null };
}

function nameOf(key: Uint8Array): string {
  return new Secret("ring", key).name;
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
