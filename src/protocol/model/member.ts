/**
 * A peer as others know it. Records are frozen and shared between views: never changed, only
 * replaced. Records of one id are totally ordered, so views merge in any order, any number of times.
 */
import { hashText } from "./digest.ts";

/** Where a peer listens, for datagrams and streams alike: "127.0.0.1:12008" or "[::1]:12008". */
export type Address = string;

/** `left` is gone in good order, `dead` is not; for their precedence see MEMBER_STATES. */
export type MemberState = "alive" | "leaving" | "dead" | "left";

/**
 * In the order of precedence: at one incarnation, the later state wins. A leaver may die before it has
 * left, so its death says more than its leaving; that it has left, only it can say, and it says all.
 */
export const MEMBER_STATES: readonly MemberState[] = ["alive", "leaving", "dead", "left"];

/** What is known of one run of a peer. Made by `makeMember`. */
export type Member = {
  /** Position on the circle, in [0, 2^bits). */
  readonly id: number;
  /** Raised only by the peer itself; 0 for a member that is only expected, or is still joining. */
  readonly incarnation: number;
  /** 64 random bits drawn at the process's start, as 16 hexadecimal digits. */
  readonly instance: string;
  readonly state: MemberState;
  readonly address: Address;
  /** This record's share of the view's digest: a whole number in [0, 2^52). */
  readonly hash: number;
};

/** The instance id of a member that nobody has heard from yet. */
export const NO_INSTANCE = "0000000000000000";

/** Makes a frozen record; its hash covers all of its fields: two that differ are told apart. */
export function makeMember(fields: Omit<Member, "hash">): Member {
  const { id, incarnation, instance, state, address } = fields;
  return Object.freeze({ id, incarnation, instance, state, address, hash: hashOf(fields) });
}

/** True of a member that takes part in the ring: alive, or leaving and not yet gone. */
export function isPresent({ state }: Pick<Member, "state">): boolean {
  return state === "alive" || state === "leaving";
}

/** True of one that stays: whoever leaves, or has left and still speaks, owns and keeps nothing any more. */
export function stays({ state }: Member): boolean {
  return state === "alive";
}

/** True of a member named by hand that nobody has heard from: local knowledge, never passed on. */
export function isExpected({ incarnation }: Pick<Member, "incarnation">): boolean {
  return incarnation === 0;
}

/**
 * Orders two records of one id by incarnation, state, instance and address.
 * @returns a positive number if `a` wins, a negative one if `b` does, 0 if they are the same
 */
export function compareMembers(a: Member, b: Member): number {
  if (a.incarnation !== b.incarnation) return a.incarnation - b.incarnation;
  if (a.state !== b.state) return MEMBER_STATES.indexOf(a.state) - MEMBER_STATES.indexOf(b.state);
  if (a.instance !== b.instance) return a.instance < b.instance ? -1 : 1;
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return 0;
}

function hashOf(m: Omit<Member, "hash">): number {
  return hashText(`${m.id}/${m.incarnation}/${m.instance}/${m.state}/${m.address}`);
}
