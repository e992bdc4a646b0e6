/** Whether a ring is calm and whole, by what its peers say at their doors. */
import { brokenChecks, checkRing } from "../../src/checks/ring.ts";
import { controlClient } from "../../src/control/client.ts";
import { snapshotOf } from "../../src/control/snapshot.ts";

const REPLICATION_FACTOR = 3;
/** Peers next to whose positions keys are looked up, from every peer. */
const LOOKED_UP = 2;

/**
 * Asks all the peers of a ring, and no other peer may be in it.
 * @param dirs their data folders
 * @returns what does not hold of R1 to R8, or of the copies of each file, or is not known to yet; "" if all does
 */
export async function unrest(dirs: readonly string[]): Promise<string> {
  const controls = dirs.map(controlClient);
  try {
    const first = await Promise.all(controls.map((control) => control.status()));
    const before = checkRing(first.map(snapshotOf));
    if (brokenChecks(before).length > 0) return JSON.stringify(before);
    const keys = first.slice(0, LOOKED_UP).flatMap(({ self: { id }, bits }) => {
      return [id, (id + 1) % 2 ** bits];
    });
    const second = await Promise.all(controls.map((control) => control.status(keys)));
    const checks = checkRing(second.map(snapshotOf));
    if (brokenChecks(checks).length > 0) return JSON.stringify(checks);
    const listed = await controls[0]?.list();
    const ids = first.map(({ self }) => self.id).sort((a, b) => a - b);
    const short = (listed?.files ?? []).filter(({ record, replicas }) =>
      replicaSetOf(record.key, ids).some((id) => !replicas.includes(id)),
    );
    // The word of a copy comes a little after the copy.
    const unsure = second.filter(({ files }) => files.short > 0).map(({ self }) => self.id);
    if (unsure.length > 0) return `not sure of all copies: ${unsure.join(", ")}`;
    if (short.length === 0 && (listed?.silent ?? 0) === 0) return "";
    return `${listed?.silent} silent, too few copies of ${JSON.stringify(short)}`;
  } catch (error) {
    return String(error);
  }
}

/** The owner of a key among these peers, and the next ones that keep a copy. */
function replicaSetOf(key: number, ids: readonly number[]): number[] {
  const owner = Math.max(
    0,
    ids.findIndex((id) => id >= key),
  );
  return [...ids.slice(owner), ...ids.slice(0, owner)].slice(0, REPLICATION_FACTOR);
}
