/**
 * D6: what clients of a ring are told fits together. A write that is over before another begins comes
 * before it, where the two are bound: where the ring could not but know of the first. Order comes from
 * real time alone. What is judged here in faults, between bound operations, `linear.ts` judges in full
 * where there are none.
 */
import { type History, LATE_MS, type Operation } from "./history.ts";
import { type Step, unexplained } from "./linear.ts";
import { NOWHERE, Reach } from "./reach.ts";
import { type Register, registersOf } from "./register.ts";
import type { CheckResult } from "./ring.ts";
import { beginOf, tellOperation, tellValue, tellWrite } from "./telling.ts";
import type { Read, Write } from "./writes.ts";

/** Judges one register; `zero` is the time from which sentences count. */
type Clause = (register: Register, zero: number) => CheckResult;

const HOLDS: Readonly<CheckResult> = { ok: true };

/** D6, of a whole history. The first thing that is wrong is told. */
export function historyHolds(history: History): CheckResult {
  const zero = beginOf(history);
  for (const register of registersOf(history, new Reach(history.situations))) {
    for (const clause of CLAUSES) {
      const result = clause(register, zero);
      if (!result.ok) return result;
    }
  }
  return HOLDS;
}

/** What was refused is never executed, and nobody gets what nobody stored. */
const readsWritten: Clause = (register, zero) => {
  for (const read of register.reads) {
    if (read.writes.length > 0) continue;
    const got = `${tellOperation(read.operation, zero)} got ${tellValue(read.value)}`;
    return broken(read.operation, `${got}, ${whyNot(register, read.value, zero)}`);
  }
  const { ending, name } = register;
  if (ending === null) return HOLDS;
  for (const value of [ending.value, ...ending.conflicts]) {
    if (register.writersOf(value).length > 0) continue;
    const what = value === ending.value ? `${name} is` : `a conflict of ${name} is`;
    return { ok: false, peers: [], why: `${what} ${value}, ${whyNot(register, value, zero)}` };
  }
  return HOLDS;
};

function whyNot(register: Register, value: string | null, zero: number): string {
  const refused = register.refused.find((o) => o.content === value);
  if (refused !== undefined) return `but ${tellOperation(refused, zero)} was refused`;
  const later = register.writersOf(value)[0];
  if (later !== undefined) return `before ${tellWrite(later, zero)} began`;
  return "which nobody stored";
}

/** (a) No read returns what an acknowledged write had replaced before the read began. */
const readsNew: Clause = (register, zero) => {
  for (const read of register.reads) {
    if (read.excused || register.viable(read).length > 0) continue;
    const old = read.writes.at(-1);
    const newer = old === undefined ? null : register.replacedFor(old, read);
    if (old === undefined || newer === null) continue;
    const got = `${tellOperation(read.operation, zero)} got ${tellWrite(old, zero)}`;
    return broken(
      read.operation,
      `${got}, though ${tellWrite(newer, zero)} was acknowledged by then`,
    );
  }
  return HOLDS;
};

/** (b) No later read goes back behind an earlier one. */
const readsForward: Clause = (register, zero) => {
  const { reads } = register;
  for (const [index, read] of reads.entries()) {
    if (read.excused) continue;
    const writes = register.viable(read);
    const earlierThan = (write: Write) =>
      reads.findLast((other, at) => at < index && goesBack(register, other, read, write));
    const [write] = writes;
    const earlier = write && earlierThan(write);
    if (write === undefined || earlier === undefined) continue;
    if (!writes.every((other) => earlierThan(other) !== undefined)) continue;
    const got = `${tellOperation(read.operation, zero)} got ${tellWrite(write, zero)}`;
    const before = `${tellOperation(earlier.operation, zero)} had got ${tellValue(earlier.value)}`;
    const late = write.acknowledged ? "" : `, more than ${LATE_MS / 1000} s after its end`;
    return broken(read.operation, `${got}, which is older than what ${before}${late}`);
  }
  return HOLDS;
};

/** True if what a read got, supposing that it is of this write, was replaced when an earlier one read. */
function goesBack(register: Register, earlier: Read, read: Read, write: Write): boolean {
  // Nor can one that was over before the write began have anything to do with it.
  if (earlier.end >= read.start || earlier.end < write.start) return false;
  if (earlier.value === read.value || earlier.excused) return false;
  if (earlier.writes.length === 0 || !wasOver(register, earlier, write)) return false;
  return register.readsBound(earlier, read);
}

/** True if a write came before all that a read, of another value, may have got. */
export function wasOver(register: Register, read: Read, write: Write): boolean {
  if (write.last < read.start && register.isBehind(write, read)) return true;
  const newer = register.viable(read);
  if (newer.length > 0 && newer.every((each) => register.precedes(write, each))) return true;
  // It was read even before: it is the only one with its value, so it can have come before only.
  if (register.writersOf(write.value).length > 1) return false;
  return register
    .readersOf(write.value)
    .some((first) => first.end < read.start && register.readsBound(first, read));
}

/** (c) No acknowledged write has lost its name to one that had ended before it began. */
const namesKept: Clause = (register, zero) => {
  const { ending, name, writes } = register;
  if (ending === null) return HOLDS;
  const replicated = register.writersOf(ending.value);
  if (replicated.some((write) => write.excused)) return HOLDS;
  for (const write of writes) {
    const { operation, acknowledged, excused, value } = write;
    if (operation === null || !acknowledged || excused || value === ending.value) continue;
    if (!replicated.every((old) => register.precedes(old, write))) continue;
    // It may have been replaced by what was destroyed.
    if (writes.some((newer) => newer.excused && register.precedes(write, newer))) continue;
    const [old] = replicated.slice(-1);
    const now = old === undefined ? "" : `is ${tellWrite(old, zero)}`;
    return broken(
      operation,
      `in the end ${name} ${now}, though ${tellWrite(write, zero)} came after it`,
    );
  }
  return HOLDS;
};

/** What lost its name to one that cannot have known of it is kept as a conflict. */
const losersKept: Clause = (register, zero) => {
  const { ending, name, writes } = register;
  if (ending === null) return HOLDS;
  for (const write of writes) {
    const { operation, acknowledged, excused, value } = write;
    if (operation === null || value === null || !acknowledged || excused) continue;
    if (value === ending.value || ending.conflicts.includes(value)) continue;
    if (writes.some((other) => other !== write && mayReplace(register, other, write))) continue;
    const lost = `${tellWrite(write, zero)} lost the name ${name} to one that knew nothing of it`;
    return broken(operation, `${lost}, and is not kept as a conflict`);
  }
  return HOLDS;
};

/** True if word of a write may have come to where another was executed. */
function mayReplace(register: Register, other: Write, write: Write): boolean {
  if (register.precedes(write, other)) return true;
  const { reach } = register;
  const [by, of] = [other.operation, write.operation];
  if (by === null || of === null || other.last < write.start) return false;
  // Most often they are in one group at that time, which is quicker to see.
  const span = reach.spanAt(Math.max(by.start, of.start));
  const group = reach.groupOf(span, of.peer);
  if (group !== NOWHERE && group === reach.groupOf(span, by.peer)) return true;
  const replicas = of.outcome.kind === "done" ? (of.outcome.replicas ?? []) : [];
  const word = reach.wordFrom([of.peer, ...replicas], of.start, other.last);
  const asked = reach.wordFrom([by.peer], by.start, other.last);
  return [...asked].some((peer) => word.has(peer));
}

/** In whole periods without faults: some order of all operations explains what was read. */
const linearizable: Clause = (register, zero) => {
  for (const { from, to } of register.reach.wholePeriods()) {
    // What was destroyed may have taken all before it along.
    if (register.writes.some((write) => write.excused && write.start < to)) continue;
    const steps = stepsIn(register, from, to);
    const blocked = unexplained(steps, (value) =>
      register.writersOf(value).some((write) => write.start < from || write.operation === null),
    );
    if (blocked === null) continue;
    const what = blocked.operation === null ? "the end" : tellOperation(blocked.operation, zero);
    const got = blocked.kind === "read" ? ` with ${tellValue(blocked.value)}` : "";
    const why = `no order of the operations on ${register.name} explains what was read, up to ${what}${got}`;
    if (blocked.operation === null) return { ok: false, peers: [], why };
    return broken(blocked.operation, why);
  }
  return HOLDS;
};

function stepsIn(
  register: Register,
  from: number,
  to: number,
): (Step & { readonly operation: Operation | null })[] {
  const { writes, reads } = register;
  const written = writes.flatMap(({ operation, value, start, last, acknowledged, excused }) => {
    if (operation === null || last < from || start >= to) return [];
    // What began before, or ended after, may have taken effect outside.
    const sure = acknowledged && !excused && start >= from && last < to;
    return [{ kind: "write" as const, operation, value, start, end: last, sure }];
  });
  const read = reads.flatMap((each) => {
    const { operation, value, start, end } = each;
    if (start < from || end >= to || each.excused) return [];
    return [{ kind: "read" as const, operation, value, start, end, sure: true }];
  });
  return [...written, ...read, ...lastOf(register, from, to)];
}

/** What a name is in the end, as a read after everything else, where the last period is whole. */
function lastOf(
  { ending, reads, writes }: Register,
  from: number,
  to: number,
): (Step & { readonly operation: null })[] {
  if (ending === null || to !== Number.POSITIVE_INFINITY) return [];
  if (writes.some((write) => write.excused && write.value === ending.value)) return [];
  const times = [...reads.map((read) => read.end), ...writes.map((write) => write.last)];
  const at = Math.max(from, 0, ...times.filter(Number.isFinite));
  return [{ kind: "read", operation: null, value: ending.value, start: at, end: at, sure: true }];
}

const CLAUSES: readonly Clause[] = [
  readsWritten,
  readsNew,
  readsForward,
  namesKept,
  losersKept,
  linearizable,
];

function broken({ peer }: Operation, why: string): CheckResult {
  return { ok: false, peers: [peer], why };
}
