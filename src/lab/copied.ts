/** Whether every file of a ring has all its copies, by its peers' own word. */
import { type DiskSnapshot, owedByDisks, replicasEnough } from "../checks/files.ts";
import type { ListedFile } from "../protocol/model/events.ts";
import { baseName } from "../protocol/model/files.ts";
import type { Broken } from "./judge.ts";
import { COPIED_POLL_MS } from "./limits.ts";
import type { Watch } from "./watch.ts";

/**
 * What a listing says of each peer's disk. It lists conflicts under their own names; disks know one name.
 * @param full those that have had no room of late, and are not asked for all copies again yet
 */
export function disksOf(
  ids: readonly number[],
  files: readonly ListedFile[],
  full: readonly number[] = [],
): DiskSnapshot[] {
  return ids.map((id) => {
    const held = files.filter(({ replicas }) => replicas.includes(id));
    return {
      id,
      lives: true,
      full: full.includes(id),
      files: held.map(({ record }) => ({ ...record, name: baseName(record.name) })),
    };
  });
}

/**
 * Asks until D2 holds: every file is on all the peers that should hold it, and no peer waits for word of
 * a copy. A listing asks every peer what it holds.
 * @param ids the living
 * @param giveUp ends the wait early with what is wrong, if anything is
 * @param full those that others pass over, as they have had no room of late
 * @returns null once it holds, else what still lacked a copy when the time was up
 */
export async function untilCopied(
  watch: Watch,
  ids: readonly number[],
  limitMs: number,
  giveUp: () => Broken | null = () => null,
  full: readonly number[] = [],
): Promise<Broken | null> {
  const end = performance.now() + limitMs;
  for (;;) {
    const broken = await underReplicatedAt(watch, ids, full);
    if (broken === null) return null;
    const hopeless = giveUp();
    if (hopeless !== null) return hopeless;
    if (performance.now() >= end) return broken;
    await Bun.sleep(COPIED_POLL_MS);
  }
}

/** The copies that a ring keeps of each file; 0 if no peer says so. */
export async function copiesKept(watch: Watch, ids: readonly number[]): Promise<number> {
  const polled = await watch.poll(ids);
  return Math.max(0, ...polled.map(({ status }) => status?.files.copies ?? 0));
}

async function underReplicatedAt(
  watch: Watch,
  ids: readonly number[],
  full: readonly number[],
): Promise<Broken | null> {
  let copies = 0;
  for (const { id, status } of await watch.poll(ids)) {
    if (status === null) return notYet([id], `peer ${id} does not answer`);
    const { short } = status.files;
    if (short > 0) return notYet([id], `peer ${id} waits for copies of ${short} of its files`);
    copies = status.files.copies;
  }
  const [first] = ids;
  const listed = await watch
    .control(first ?? 0)
    ?.list()
    .catch(() => null);
  if (!listed || listed.silent > 0) return notYet([], "not every peer says what it holds");
  const disks = disksOf(ids, listed.files, full);
  const result = replicasEnough(owedByDisks(disks), disks, copies);
  return result.ok ? null : notYet(result.peers, result.why);
}

function notYet(peers: readonly number[], why: string): Broken {
  return { check: "D2", peers, why };
}
