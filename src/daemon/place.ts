/** Where a peer listens and keeps its things, and how it comes into its ring, from its command line. */

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { DRAWN_BITS, NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Start } from "../protocol/model/io.ts";
import type { Identity } from "../store/saved-state.ts";
import { formatAddress, isEverywhere } from "../wire/address.ts";
import type { PeerOptions } from "./options.ts";

export const DEFAULT_BASE_PORT = 12_000;
/** The first port above those of numbered peers. */
export const FIRST_DRAWN_PORT = 12_256;
/** Ports tried for a peer with a drawn id. */
export const DRAWN_PORTS = 1_024;
const DEFAULT_COPIES = 3;
const FOUNDED_INTERVAL_MS = 5_000;

/** The folder that a peer uses unless told otherwise. */
export function dataFolder({ dataDir, start, basePort }: PeerOptions): string {
  if (dataDir !== null) return dataDir;
  if (start.kind === "found" || start.kind === "enter") return join(".p2p", "peer");
  const name = basePort === DEFAULT_BASE_PORT ? `${start.id}` : `${basePort}-${start.id}`;
  return join(".p2p", name);
}

/** The host that others are told of: one of the machine's own where the peer binds to all of them. */
export function reachableHost(host: string): string {
  if (!isEverywhere(host)) return host;
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outward = all.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  const others = host === "::" ? outward : [];
  const shown = outward.find(({ family }) => family === "IPv4") ?? others[0];
  return shown?.address ?? (host === "::" ? "::1" : "127.0.0.1");
}

/** The configuration of a numbered ring. */
export function numberedConfig(options: PeerOptions): RingConfig {
  return {
    ring: options.basePort,
    bits: NUMBERED_BITS,
    strategy: options.route ?? "successor",
    pingIntervalMs: options.pingIntervalMs ?? FOUNDED_INTERVAL_MS,
    replicationFactor: options.copies ?? DEFAULT_COPIES,
  };
}

/** The configuration of a ring that this peer founds, or founded from the same folder. */
export function foundedConfig(options: PeerOptions, identity: Identity | null): RingConfig {
  return {
    ring: identity?.ring ?? drawRing(),
    bits: DRAWN_BITS,
    strategy: options.route ?? "direct",
    pingIntervalMs: options.pingIntervalMs ?? FOUNDED_INTERVAL_MS,
    replicationFactor: options.copies ?? DEFAULT_COPIES,
  };
}

/** How a numbered peer comes into its ring. */
export function numberedStart(options: PeerOptions, host: string): Start {
  const { start, basePort } = options;
  const at = (id: number) => formatAddress(host, basePort + id);
  if (start.kind === "init") {
    const successors = [start.first, start.second].map((id) => ({ id, address: at(id) }));
    return { kind: "init", successors };
  }
  if (start.kind !== "join") return { kind: "found" };
  const { known } = start;
  return { kind: "join", contact: at(known), contactName: `Peer ${known}`, proposed: false };
}

/** @throws Failure if the folder is another peer's */
export function checkFolder(
  dir: string,
  identity: Identity | null,
  id: number | null,
  ring: number | null,
): void {
  if (identity === null) return;
  const other = id !== null && identity.id !== id;
  if (!other && (ring === null || identity.ring === ring)) return;
  throw new Failure(
    `The data folder ${dir} belongs to Peer ${identity.id} of ring ${identity.ring}: choose another with --data.`,
  );
}

/** A position drawn at random. */
export function drawId(bits: number): number {
  return Math.floor(randomBytes(6).readUIntBE(0, 6) / 2 ** (48 - bits));
}

/** 64 random bits, as an instance id. */
export function drawInstance(): string {
  return randomBytes(8).toString("hex");
}

/** 32 random bits for the protocol's choices. */
export function drawSeed(): number {
  return randomBytes(4).readUInt32BE(0);
}

function drawRing(): number {
  // Numbers up to 65,535 are those of numbered rings.
  return Math.max(drawSeed(), 65_536);
}
