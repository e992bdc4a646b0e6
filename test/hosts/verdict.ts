/** What a ring in calm must hold of all that it has acknowledged: D1, D2 and D6. */
import {
  owedBy,
  owedByDisks,
  readRight,
  replicasEnough,
  storesKept,
} from "../../src/checks/files.ts";
import { type Ending, HEAL_MS, type History, type Operation } from "../../src/checks/history.ts";
import { historyHolds } from "../../src/checks/order.ts";
import type { CheckResult } from "../../src/checks/ring.ts";
import { disksOf } from "../../src/lab/copied.ts";
import type { ListedFile } from "../../src/protocol/model/events.ts";
import { baseName } from "../../src/protocol/model/files.ts";
import { type Clients, type Names, readAt } from "./clients.ts";
import type { HostRing } from "./host-ring.ts";

const REPLICATION_FACTOR = 3;

/**
 * Judges what clients did with some names.
 * @returns what does not hold, each with its check and in a sentence; and the history that was judged
 */
export async function verdict(
  ring: HostRing,
  { operations, acknowledged }: Clients,
  { lasting, removed }: Names,
): Promise<{ readonly wrong: string[]; readonly history: History }> {
  const { files } = await ring.control(0).list();
  const disks = disksOf(
    ring.numbers.map((n) => ring.idOf(n)),
    files,
  );
  // Where a removal nobody heard of may have been done, only D6 can tell what is owed.
  const stored = acknowledged.filter(({ name }) => lasting.includes(name));
  const known = [...stored, ...disks.flatMap((disk) => disk.files)];
  const owed = owedBy(stored, known, disks);
  const wrong = [
    say("D1", storesKept(stored, known, disks)),
    say("D2", replicasEnough([...owed, ...owedByDisks(disks)], disks, REPLICATION_FACTOR)),
  ];
  const reads = owed.flatMap((each) => ring.numbers.map((n) => ({ each, n })));
  await Promise.all(
    reads.map(async ({ each, n }) => {
      const peer = ring.idOf(n);
      const read = await readAt(ring.control(n), each.name).then(
        (sha256) => ({ kind: "read", peer, sha256 }) as const,
        (error: unknown) => ({ kind: "failed", peer, why: String(error) }) as const,
      );
      wrong.push(say("D1", readRight(each, known, read)));
    }),
  );
  const endings = [...lasting, ...removed].map((name) => endingOf(name, files));
  const history = { operations, situations: ring.reach.situations, endings };
  wrong.push(say("D6", historyHolds(history)));
  return { wrong: wrong.filter((sentence) => sentence !== ""), history };
}

/**
 * Operations that failed though the fault had been over for as long as a ring needs, each in a sentence.
 * @param mended when it was over
 */
export function unanswered(operations: readonly Operation[], mended: number): string[] {
  return operations
    .filter(({ start, outcome }) => start > mended + HEAL_MS && outcome.kind !== "done")
    .map(({ kind, name, start }) => {
      const seconds = ((start - mended) / 1_000).toFixed(1);
      return `a ${kind} of ${name} failed, ${seconds} s after the fault was over`;
    });
}

function endingOf(name: string, files: readonly ListedFile[]): Ending {
  const of = files.map(({ record }) => record).filter((r) => baseName(r.name) === name);
  const conflicts = of.filter((r) => r.name !== name).map(({ sha256 }) => sha256);
  return { name, value: of.find((r) => r.name === name)?.sha256 ?? null, conflicts };
}

function say(check: string, result: CheckResult): string {
  return result.ok ? "" : `${check} does not hold: ${result.why}`;
}
