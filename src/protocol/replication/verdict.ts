/**
 * When a write counts as stored, or as copied for a reader: a function of its copies, of those that
 * should have them, and of the time. acknowledging.ts gathers these, and does what it says.
 */
import { ACKNOWLEDGE_GRACE_MS, REPLICAS_WAIT_MS } from "../model/config.ts";
import { type Member, stays } from "../model/member.ts";

/** A write that is being made durable. Times are in milliseconds on the owner's clock. */
export type Write = {
  /** A reader waits for it; else the origin of a store or a removal does. */
  readonly reading: boolean;
  /** On so many its origin wants it; 0 if a majority is enough. */
  readonly required: number;
  /** Where it is durable, by instance. */
  readonly durable: ReadonlySet<string>;
  /** The owner's own copy is on its way to its disk. */
  readonly coming: boolean;
  /** Until when the owner has promised another one to say nothing of it; in the past if it has not. */
  readonly promisedUntil: number;
  /** When it is given up; and when already, if too many of those that lack it are silent. */
  readonly limit: number;
  readonly silentLimit: number;
  /** Since when it is on enough of them, by the last verdict; null if it was not. */
  readonly enoughAt: number | null;
};

/** The members that are there, and those of them that should hold the write. */
export type ReplicaSet = {
  readonly members: readonly Member[];
  /** Those that can take it: whoever has rejected it has another in its place. */
  readonly replicas: readonly Member[];
  /** Those of them that answer nothing, by instance. */
  readonly silent: readonly string[];
  /** Those that would hold it if all could take it. */
  readonly wanted: readonly Member[];
  /** How many of as many copies as are wanted make an acknowledgement: 1 or more. */
  readonly majority: number;
};

export type Verdict =
  /** Nothing is said before `until`, but where something changes. The rest is the write's from here on. */
  | ({ readonly kind: "wait"; readonly until: number } & Pick<Write, "limit" | "enoughAt">)
  /** What is read is durable on `replicas`: on enough, or on all that could be had in time. */
  | { readonly kind: "read"; readonly enough: boolean; readonly replicas: readonly number[] }
  /** Durable on `replicas`; `withoutReplica` are those that should have it and have not said so. */
  | {
      readonly kind: "acknowledged";
      readonly replicas: readonly number[];
      readonly withoutReplica: readonly number[];
    }
  /** Too few have it: it may still appear. */
  | { readonly kind: "not confirmed"; readonly replicas: readonly number[] };

/**
 * A store or a removal ends when all that should hold it do, or some time after enough do: a majority of as
 * many as there should be, full disks included, or as many as its origin requires; a read at once with these.
 * @returns what is to be said now, or until when to wait, which is later than `now`
 */
export function verdictOn(write: Write, set: ReplicaSet, now: number): Verdict {
  const { reading, required, durable, coming, promisedUntil, enoughAt } = write;
  let { limit } = write;
  // The owner's own content has to be there, or have failed. It has no limit but that of its way.
  if (coming) {
    const until = now < limit ? limit : now + REPLICAS_WAIT_MS;
    return { kind: "wait", until, limit: until, enoughAt };
  }
  if (promisedUntil > now) return { kind: "wait", until: promisedUntil, limit, enoughAt };
  const has = ({ instance }: Member) => durable.has(instance);
  const { members, wanted, majority } = set;
  // The copy of one that leaves goes with it.
  const durableOn = members.filter((m) => stays(m) && has(m));
  // What is read need be on no more than can keep it: whoever asks hears one of those.
  const most = reading ? set.replicas.length : Number.POSITIVE_INFINITY;
  const needed = required > 0 ? required : Math.min(most, majority);
  const enough = durableOn.length >= needed;
  const open = set.replicas.filter((m) => !(has(m) || set.silent.includes(m.instance)));
  if (durableOn.length + open.length < needed) limit = Math.min(limit, write.silentLimit);
  // With enough of them the others have a moment more, unless one of these is lost meanwhile.
  const since = enough ? (enoughAt ?? now) : null;
  const graceUntil = (since ?? Number.POSITIVE_INFINITY) + ACKNOWLEDGE_GRACE_MS;
  const done = reading ? enough : set.replicas.every(has) || now >= graceUntil;
  if (!done && now < limit) {
    return { kind: "wait", until: Math.min(limit, graceUntil), limit, enoughAt: since };
  }
  const replicas = durableOn.map(({ id }) => id);
  if (reading) return { kind: "read", enough, replicas };
  if (!enough) return { kind: "not confirmed", replicas };
  const withoutReplica = wanted.filter((m) => !has(m)).map(({ id }) => id);
  return { kind: "acknowledged", replicas, withoutReplica };
}
