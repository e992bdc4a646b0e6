/** What the name in a request stands for: the newest version, or a conflict, which has a name of its own. */
import { type FileRecord, isSameOperation, parseConflictName } from "./files.ts";
import { replacerOf, type Versions, winnerOf } from "./versions.ts";

/**
 * The version that a name stands for: the newest, or the conflict of that name; or what has taken its
 * place, which has to be on a majority before it is told that there is no such conflict.
 */
export function askedFor(name: string, versions: Versions): FileRecord | undefined {
  const conflict = parseConflictName(name);
  if (conflict === null) return winnerOf(versions);
  const { operation } = conflict;
  const alive = versions.find((v) => isSameOperation(v.operation, operation));
  return alive ?? replacerOf(versions, operation);
}

/** True of what stands for a name where there is nothing under it: a removal, or what a conflict gave way to. */
export function isNothing(name: string, { removed, operation }: FileRecord): boolean {
  const conflict = parseConflictName(name);
  return removed || (conflict !== null && !isSameOperation(operation, conflict.operation));
}
