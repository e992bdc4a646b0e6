/**
 * What a lab has a peer do to itself: `PUT /lab/faults`. Only a peer that a lab has started knows the token
 * that each call has to bring; any other refuses. A call says all that is to be on, for as long as its lease.
 */
import { LINK_FAULT_KINDS, type LinkFault } from "../transport/link-faults.ts";

export type { LinkFault };

/** All that is on from a call on. What is not named is off. */
export type LabFaults = {
  readonly v: 1;
  /** Without another call it all ends after so long, in milliseconds: 100 to 60,000. */
  readonly leaseMs: number;
  readonly links: readonly LinkFault[];
  /** Addresses, as "127.0.0.1:12004": streams from and to them are reset, once. */
  readonly reset: readonly string[];
  /** Writes of new contents fail as on a full disk. */
  readonly fullDisk: boolean;
};

/** What a peer says in its status of what a lab has put in; left out where nothing is. */
export type StatusFaults = Pick<LabFaults, "links" | "fullDisk">;

/** The environment of a lab's children: the token, and what is on from their start, as JSON. */
export const LAB_TOKEN_VARIABLE = "P2P_LAB_TOKEN";
export const LAB_FAULTS_VARIABLE = "P2P_LAB_FAULTS";
/** The header of a call that carries the token. */
export const LAB_HEADER = "x-p2p-lab-token";

const MAX_ADDRESSES = 1_024;
/** Far beyond any network's delay, and below what would keep a peer from its ring. */
const MAX_DELAY_MS = 10_000;

/** @returns null for what is no such call */
export function parseLabFaults(value: unknown): LabFaults | null {
  if (!isRecord(value)) return null;
  const { v, leaseMs, links, reset, fullDisk } = value;
  if (v !== 1 || typeof fullDisk !== "boolean" || !isWithin(leaseMs, 100, 60_000)) return null;
  if (!isAddresses(reset) || !Array.isArray(links) || links.length > MAX_ADDRESSES) return null;
  const parsed: LinkFault[] = [];
  for (const link of links) {
    const fault = parseLink(link);
    if (fault === null) return null;
    parsed.push(fault);
  }
  return { v, leaseMs, links: parsed, reset, fullDisk };
}

function parseLink(value: unknown): LinkFault | null {
  if (!isRecord(value)) return null;
  const { from, amount } = value;
  const kind = LINK_FAULT_KINDS.find((one) => one === value["kind"]);
  if (kind === undefined || !isAddresses(from)) return null;
  const most = kind === "delay" ? MAX_DELAY_MS : 1;
  return isWithin(amount, 0, most) ? { kind, from, amount } : null;
}

function isAddresses(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_ADDRESSES) return false;
  return value.every((each) => typeof each === "string" && each.length <= 64);
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
