/**
 * D7: an operation is executed once in a ring. A second execution shows in that an operation has its name
 * again after it was replaced, or stands twice; who sees all disks also sees it by its versions.
 */
import { type Applied, type History, LATE_MS } from "./history.ts";
import { wasOver } from "./order.ts";
import { Reach } from "./reach.ts";
import { type Register, registersOf } from "./register.ts";
import type { CheckResult } from "./ring.ts";
import { beginOf, tellOperation, tellWrite } from "./telling.ts";
import type { Write } from "./writes.ts";

const HOLDS: Readonly<CheckResult> = { ok: true };

/** D7, of a whole history. The first thing that is wrong is told. */
export function executedOnce(history: History): CheckResult {
  const zero = beginOf(history);
  const appliedTo = new Map<string, Applied[]>();
  for (const applied of history.applied ?? []) {
    const others = appliedTo.get(applied.name);
    if (others === undefined) appliedTo.set(applied.name, [applied]);
    else others.push(applied);
  }
  for (const register of registersOf(history, new Reach(history.situations))) {
    const applied = appliedTo.get(register.name) ?? [];
    const results = [
      standsOnce(register),
      staysReplaced(register, zero),
      conflictsDue(register, zero),
      appliedInTime(register, applied, zero),
      appliedOnce(register, applied, zero),
    ];
    const wrong = results.find((result) => !result.ok);
    if (wrong !== undefined) return wrong;
  }
  return HOLDS;
}

/** In the end each content stands once, or as often as it was stored. */
function standsOnce({ name, ending, writes: all }: Register): CheckResult {
  if (ending === null) return HOLDS;
  const standing = [ending.value, ...ending.conflicts].filter((value) => value !== null);
  for (const value of new Set(standing)) {
    const times = standing.filter((other) => other === value).length;
    const writes = all.filter((write) => write.value === value);
    if (writes.length === 0 || times <= writes.length) continue;
    return broken(writes[0], `${name} has content ${value.slice(0, 12)} ${times} times in the end`);
  }
  return HOLDS;
}

/** What was seen to be replaced does not have its name in the end. */
function staysReplaced(register: Register, zero: number): CheckResult {
  const { ending, name } = register;
  const write = ending === null ? null : onlyWriter(register, ending.value);
  if (write === null || write.operation === null || write.excused) return HOLDS;
  const again = (by: string): CheckResult =>
    broken(write, `${name} is ${tellWrite(write, zero)} again in the end, after ${by}`);
  for (const read of register.reads) {
    if (read.value === write.value || read.writes.length === 0) continue;
    // One that was late is a matter of D6.
    if (read.writes.some((w) => register.precedes(w, write))) continue;
    // Nobody knows where the other would be, had it not been acknowledged.
    if (!read.writes.every((w) => w.acknowledged && !w.excused)) continue;
    if (wasOver(register, read, write))
      return again(`${tellOperation(read.operation, zero)} got another`);
  }
  const newer = register.writes.find((w) => {
    if (!w.acknowledged || w.excused || !register.precedes(write, w)) return false;
    return (
      write.acknowledged || register.reads.some((r) => r.value === write.value && r.end < w.start)
    );
  });
  return newer === undefined ? HOLDS : again(`${tellWrite(newer, zero)} replaced it`);
}

/** A conflict is one of two writes that did not know of each other: what came in order leaves none. */
function conflictsDue(register: Register, zero: number): CheckResult {
  const { ending, name } = register;
  for (const value of ending?.conflicts ?? []) {
    const write = onlyWriter(register, value);
    if (write === null || !write.acknowledged || write.excused) continue;
    const others = register.writes.filter((other) => other !== write);
    const inOrder = (other: Write) =>
      register.precedes(other, write) || register.precedes(write, other);
    const newer = others.find((other) => other.acknowledged && register.precedes(write, other));
    if (newer === undefined || !others.every(inOrder)) continue;
    const why = `${tellWrite(write, zero)} is a conflict of ${name} in the end, though ${tellWrite(newer, zero)} replaced it`;
    return broken(write, why);
  }
  return HOLDS;
}

/**
 * Nothing is executed that was refused, nor later than `LATE_MS` after its end. What two owners have executed in time is one write: that the other version of what was acknowledged comes to a disk late does
 * nothing. Nor does what a disk had to give up for a later write in time, when it comes to another.
 */
function appliedInTime(register: Register, applied: readonly Applied[], zero: number): CheckResult {
  const versions = [false, true].flatMap((passed) =>
    firstOfEach(applied.filter(({ overtaken = false }) => overtaken === passed)),
  );
  for (const each of versions) {
    const { content, version, at, versionedAt, peer, overtaken } = each;
    const write = onlyWriter(register, content);
    const refused = register.refused.find((o) => o.content === content);
    if (write === null && refused !== undefined && register.writersOf(content).length === 0) {
      return wrong(peer, `${tellOperation(refused, zero)} was refused, and executed`);
    }
    const end = write?.operation?.end ?? null;
    if (overtaken) continue;
    const executedAt = write?.acknowledged ? (versionedAt ?? at) : at;
    if (write === null || end === null || executedAt <= end + LATE_MS) continue;
    const others = versions.filter((s) => s !== each && s.content === content && s.at < at);
    if (others.some((s) => !s.overtaken && below(each, s))) continue;
    const inTime = ({ at: time, version: its }: Applied) =>
      time <= end + LATE_MS && `${its}` === `${version}`;
    if (others.some((s) => s.overtaken && inTime(s))) continue;
    const late = `${((at - end) / 1000).toFixed(3)} s after its end, as version ${version.join(".")}`;
    return wrong(peer, `${tellWrite(write, zero)} was executed ${late}`);
  }
  return HOLDS;
}

/** No operation has a second version above that of one which began when it was over. */
function appliedOnce(register: Register, applied: readonly Applied[], zero: number): CheckResult {
  const versions = firstOfEach(applied.filter(({ overtaken }) => !overtaken));
  for (const second of versions) {
    const write = onlyWriter(register, second.content);
    const earlier = versions.filter((s) => s.content === second.content && below(s, second));
    if (write === null || earlier.length === 0) continue;
    for (const between of versions) {
      const newer = onlyWriter(register, between.content);
      if (newer === null || newer === write || !newer.acknowledged) continue;
      if (!below(between, second) || !earlier.some((s) => below(s, between))) continue;
      // Executed by two owners at a time, before that one began: it knew of both.
      if (second.at <= newer.start) continue;
      if (!register.precedes(write, newer)) continue;
      const why = `${tellWrite(write, zero)} was executed a second time, as version ${second.version.join(".")}, above ${tellWrite(newer, zero)}`;
      return wrong(second.peer, why);
    }
  }
  return HOLDS;
}

/** Of each write when it first became durable. */
function firstOfEach(applied: readonly Applied[]): Applied[] {
  const first = new Map<string, Applied>();
  for (const each of applied) {
    const key = `${each.content} ${each.version}`;
    const known = first.get(key);
    if (known === undefined || each.at < known.at) first.set(key, each);
  }
  return [...first.values()];
}

function below(a: Applied, b: Applied): boolean {
  const place = a.version.findIndex((number, index) => number !== b.version[index]);
  return place >= 0 && (a.version[place] ?? 0) < (b.version[place] ?? 0);
}

/** Null where several operations have written the same. */
function onlyWriter(register: Register, value: string | null): Write | null {
  const [write, ...others] = register.writersOf(value);
  return write === undefined || others.length > 0 ? null : write;
}

function broken(write: Write | undefined, why: string): CheckResult {
  const peer = write?.operation?.peer;
  return { ok: false, peers: peer === undefined ? [] : [peer], why };
}

function wrong(peer: number, why: string): CheckResult {
  return { ok: false, peers: [peer], why };
}
