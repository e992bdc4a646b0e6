/** A write at its owner, followed from verdict to verdict until one is final. */
import { expect } from "bun:test";
import { REPLICAS_WAIT_MS } from "../../src/protocol/model/config.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { majorityOf } from "../../src/protocol/replication/quorum.ts";
import {
  type ReplicaSet,
  type Verdict,
  verdictOn,
  type Write,
} from "../../src/protocol/replication/verdict.ts";
import { member } from "./one-peer.ts";

/** Those from the key on: the owner, two more that should have copies, and two besides. */
export const OWNER = 8;
export const ALL = [OWNER, 9, 14, 20, 30];
const REPLICATION_FACTOR = 3;
const NEVER = Number.POSITIVE_INFINITY;

/** Something happens to a write: copies become durable, or the owner's is given up; members leave. */
export type Happening = {
  readonly at: number;
  readonly durable?: readonly number[];
  readonly failed?: true;
  readonly leave?: readonly number[];
};

export type Course = {
  readonly write?: Partial<Write>;
  /** Members whose disks take nothing. */
  readonly full?: readonly number[];
  readonly happens: readonly Happening[];
};

export type Told = readonly [at: number, verdict: Verdict];

/** A write with all that is not given as at the begin of a plain store. */
export function begun(write: Partial<Write> = {}): Write {
  return {
    ...{ reading: false, required: 0, durable: new Set<string>(), coming: false },
    ...{ promisedUntil: 0, limit: REPLICAS_WAIT_MS, silentLimit: 0, enoughAt: null },
    ...write,
  };
}

/** Who is there, and should have copies, where some disks are full and some members are leaving. */
export function replicas(full: readonly number[], left: readonly number[]): ReplicaSet {
  const members = ALL.map((id) =>
    left.includes(id) ? makeMember({ ...member(id), state: "leaving" }) : member(id),
  );
  const staying = members.filter(({ id }) => !left.includes(id));
  const wanted = staying.slice(0, REPLICATION_FACTOR);
  const replicas = staying.filter(({ id }) => !full.includes(id)).slice(0, REPLICATION_FACTOR);
  return { members, wanted, replicas, silent: [], majority: majorityOf(wanted.length) };
}

/** Asks for a verdict whenever something happens, and when a verdict says so, until one is final. */
export function follow({ write: first, full = [], happens }: Course): Told[] {
  const told: Told[] = [];
  const left: number[] = [];
  const coming = [...happens].sort((a, b) => a.at - b.at);
  let write = begun(first);
  let due = NEVER;
  for (;;) {
    const next = coming[0];
    const now = Math.min(next?.at ?? NEVER, due);
    if (now === NEVER) throw new Error("nothing will ever be said");
    if (next?.at === now) {
      coming.shift();
      const durable = new Set(write.durable);
      for (const id of next.durable ?? []) durable.add(member(id).instance);
      left.push(...(next.leave ?? []));
      const own = next.failed || durable.has(member(OWNER).instance);
      write = { ...write, durable, coming: write.coming && !own };
    }
    const verdict = verdictOn(write, replicas(full, left), now);
    told.push([now, verdict]);
    if (verdict.kind !== "wait") return told;
    expect(verdict.until).toBeGreaterThan(now);
    const { limit, enoughAt } = verdict;
    write = { ...write, limit, enoughAt };
    due = verdict.until;
  }
}

/** What was told, in words: when, and what. */
export function inWords([at, verdict]: Told): string {
  switch (verdict.kind) {
    case "wait":
      return `${at}: wait until ${verdict.until}`;
    case "read":
      return `${at}: ${verdict.enough ? "enough" : "too few"} to read, on ${verdict.replicas}`;
    case "acknowledged":
      return `${at}: acknowledged on ${verdict.replicas}, lacking ${verdict.withoutReplica.join() || "none"}`;
    default:
      return `${at}: not confirmed, on ${verdict.replicas.join() || "none"}`;
  }
}

/** What was told in the end. */
export function last(told: readonly Told[]): Told {
  const end = told.at(-1);
  if (end === undefined) throw new Error("nothing was told");
  return end;
}
