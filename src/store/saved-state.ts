/** What a peer remembers from one run to the next: who it is, and whom it knew. */
import { HIGHEST_INCARNATION } from "../protocol/model/bounds.ts";
import type { RingConfig, Strategy } from "../protocol/model/config.ts";
import { MEMBER_STATES, type Member, makeMember } from "../protocol/model/member.ts";
import { parseAddress } from "../wire/address.ts";
import { FOLDER_VERSION, refuseNewer } from "./older.ts";

/** Durable before it is used. */
export type Identity = {
  /** The peer's position. */
  readonly id: number;
  /** The number that names its ring. */
  readonly ring: number;
  /** The highest incarnation used under this id. */
  readonly incarnation: number;
  /** What its ring is like; null in a folder that was written before this was kept. */
  readonly config: RingConfig | null;
};

const STRATEGIES: readonly Strategy[] = ["successor", "finger", "direct"];

/** The members last known. `left`: the peer has left its ring in good order. */
export type SavedView = { readonly members: readonly Member[]; readonly left: boolean };

/**
 * When the peer last was in its ring and knew all that went on there, and when the youngest removal that its ring may have forgotten was given its version, in epoch milliseconds; null if there is none.
 */
export type Alive = { readonly at: number; readonly forgotten: number | null };

export function formatAlive({ at, forgotten }: Alive): string {
  return `${JSON.stringify({ v: 1, at, forgotten })}\n`;
}

/** @returns null for anything but what a peer wrote */
export function parseAlive(value: unknown): Alive | null {
  if (!isRecord(value)) return null;
  const { at, forgotten } = value;
  if (!isWhole(at) || !(forgotten === null || isWhole(forgotten))) return null;
  return { at, forgotten };
}

/** Rings are told apart by 32 bits. */
const MAX_RING = 2 ** 32 - 1;
/** Positions fit 48 bits. */
export const MAX_ID = 2 ** 48 - 1;

/** A ring as the folder has it: its names there stay, whatever the program calls the same things. */
type SavedConfig = Omit<RingConfig, "replicationFactor"> & { readonly copies: number };

/** The identity as a line of JSON. */
export function formatIdentity({ config, ...identity }: Identity): string {
  const saved = config === null ? null : savedConfig(config);
  return `${JSON.stringify({ v: FOLDER_VERSION, ...identity, config: saved })}\n`;
}

function savedConfig({ replicationFactor, ...config }: RingConfig): SavedConfig {
  return { ...config, copies: replicationFactor };
}

/** @returns null for anything but an identity that a peer wrote. @throws NewerFormat */
export function parseIdentity(value: unknown): Identity | null {
  if (!isRecord(value)) return null;
  const { v, id, ring, incarnation } = value;
  refuseNewer(v, FOLDER_VERSION);
  if (!isWhole(id, MAX_ID) || !isWhole(ring, MAX_RING)) return null;
  if (!isWhole(incarnation, HIGHEST_INCARNATION)) return null;
  return { id, ring, incarnation, config: parseConfig(value["config"], ring) };
}

function parseConfig(value: unknown, ring: number): RingConfig | null {
  if (!isRecord(value)) return null;
  const { bits, strategy: name, pingIntervalMs, copies: replicationFactor } = value;
  const strategy = STRATEGIES.find((known) => known === name);
  if (!isWhole(bits, 48) || bits === 0 || strategy === undefined) return null;
  if (
    !isWhole(pingIntervalMs, 2 ** 32 - 1) ||
    !isWhole(replicationFactor, 255) ||
    pingIntervalMs * replicationFactor === 0
  )
    return null;
  return { ring, bits, strategy, pingIntervalMs, replicationFactor };
}

/** The view as text, members without their hashes, which follow from the rest. */
export function formatView(view: SavedView): string {
  const members = view.members.map((m) => [m.id, m.incarnation, m.instance, m.state, m.address]);
  return `${JSON.stringify({ v: 1, left: view.left, members })}\n`;
}

/** @returns null for anything but a view that a peer wrote; one bad member makes the whole bad */
export function parseView(value: unknown): SavedView | null {
  if (!isRecord(value)) return null;
  const { left, members } = value;
  if (typeof left !== "boolean" || !Array.isArray(members)) return null;
  const parsed: Member[] = [];
  for (const fields of members) {
    const member = parseMember(fields);
    if (member === null) return null;
    parsed.push(member);
  }
  return { left, members: parsed };
}

function parseMember(fields: unknown): Member | null {
  if (!Array.isArray(fields)) return null;
  const [id, incarnation, instance, name, address]: unknown[] = fields;
  const state = MEMBER_STATES.find((known) => known === name);
  if (!isWhole(id, MAX_ID) || !isWhole(incarnation, HIGHEST_INCARNATION)) return null;
  if (state === undefined) return null;
  if (typeof instance !== "string" || !/^[0-9a-f]{16}$/.test(instance)) return null;
  if (typeof address !== "string" || parseAddress(address) === null) return null;
  return makeMember({ id, incarnation, instance, state, address });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** True of a whole number from 0 to `max`. */
export function isWhole(value: unknown, max: number = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max;
}
