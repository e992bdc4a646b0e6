/** `p2p rm`, `where`, `ls` and `scrub`: what a ring has of its files, and taking one out of it. */

import { type ControlClient, controlClient } from "../control/client.ts";
import { choosePeer, type PeerChoice } from "../control/find.ts";
import { printable, refuseName, show } from "../control/names.ts";
import { showOutcome, showRecord, showStamp } from "../control/shown.ts";
import type { ScrubReport, Status } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { baseName, type FileRecord } from "../protocol/model/files.ts";
import { missingMayHave, nobodyHolds } from "../protocol/model/sentences.ts";
import {
  count,
  displayDuration,
  displayHash,
  displayList,
  displayPeers,
  displaySize,
  displayTable,
} from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { sayFewer } from "./storing.ts";

/**
 * Removes a file from the ring and prints a receipt.
 * @param options.require peers without whose note of it it is not acknowledged; 0 for a majority
 * @returns the exit code
 * @throws Failure if nobody holds it, or the ring would not
 */
export async function removeFile(
  choice: PeerChoice,
  name: string,
  { require, json }: { require: number; json: boolean },
): Promise<number> {
  const peer = choosePeer(choice);
  refuseName(name, peer.bits);
  const start = performance.now();
  const control = controlClient(peer.dir);
  const outcome = await control.remove(name, require);
  const ms = performance.now() - start;
  if (outcome.kind === "failed") throw new Failure(outcome.why);
  if (outcome.kind === "missing") throw nobody(name, outcome.owner, await membersOf(control));
  if (outcome.kind !== "stored") throw new Failure(`${show(name)} was not removed: try again.`);
  const { replicas, wanted } = outcome;
  const on = `on ${replicas.length} of ${count(wanted, "peer")}, ${displayList(replicas)}`;
  console.log(
    json
      ? JSON.stringify({ v: 1, name, ms, ...showOutcome(outcome) })
      : `removed ${printable(name)}: ${on}`,
  );
  await sayFewer(control, `removed ${printable(name)}`, outcome);
  return 0;
}

/**
 * Prints which peers hold a file.
 * @returns the exit code
 * @throws Failure if nobody holds it
 */
export async function whereIsFile(
  choice: PeerChoice,
  name: string,
  json: boolean,
): Promise<number> {
  const peer = choosePeer(choice);
  refuseName(name, peer.bits);
  const control = controlClient(peer.dir);
  const outcome = await control.where(name);
  if (outcome.kind === "failed") throw new Failure(outcome.why);
  if (outcome.kind !== "where") throw new Failure(`Nobody could say where ${show(name)} is.`);
  const { record, replicas, wanted, owner, route } = outcome;
  if (record === null) throw nobody(name, owner, await membersOf(control));
  // Whoever is missing has an old copy at most.
  if (record.removed) throw nobody(name, owner, []);
  const { version, size, sha256 } = record;
  console.log(
    json
      ? JSON.stringify({
          v: 1,
          name,
          owner,
          holders: replicas,
          wanted,
          size,
          sha256,
          stamp: showStamp(version),
          route,
        })
      : `${printable(name)} is on ${displayPeers(replicas)} (${replicas.length} of ${count(wanted, "copy", "copies")}), ${displaySize(size)}, sha256 ${displayHash(sha256)}, version ${version.counter} by peer ${version.owner}`,
  );
  return 0;
}

/**
 * Prints the files of the ring.
 * @returns the exit code
 * @throws Failure
 */
export async function listFiles(choice: PeerChoice, json: boolean): Promise<number> {
  const control = controlClient(choosePeer(choice).dir);
  const listed = await control.list();
  const files = listed.files.filter(({ record }) => !record.removed);
  const { silent } = listed;
  if (json) {
    const shown = files.map(({ record, replicas }) => ({
      ...showRecord(record),
      conflictOf: conflictOf(record),
      holders: replicas,
    }));
    console.log(JSON.stringify({ v: 1, files: shown, silent }));
    return 0;
  }
  const rows = files.map(({ record, replicas }) => [
    printable(record.name),
    displaySize(record.size),
    displayHash(record.sha256),
    displayList([...replicas].sort((a, b) => a - b)),
  ]);
  if (rows.length === 0) console.log(noFiles(silent, await membersOf(control)));
  else console.log(displayTable(["name", "size", "sha256", "on peers"], rows).join("\n"));
  const conflicts = files.filter(({ record }) => conflictOf(record) !== null).length;
  if (conflicts > 0) say(conflictsInWords(conflicts));
  if (silent > 0) {
    say(`${count(silent, "peer")} did not say what they hold: there may be more.`);
  }
  return 0;
}

/**
 * Has a peer read every stored copy back, and prints what came of it.
 * @returns the exit code: 1 if a damaged copy has not been replaced yet
 * @throws Failure
 */
export async function scrubPeer(choice: PeerChoice, json: boolean): Promise<number> {
  const report = await controlClient(choosePeer(choice).dir).scrub();
  console.log(json ? JSON.stringify(report) : scrubInWords(report));
  return report.more === 0 && report.damaged.every(({ mended }) => mended) ? 0 : 1;
}

/** `checked 120 files, 34 MB, in 1.2 s: all sound` */
export function scrubInWords({ files, bytes, damaged, more, ms }: ScrubReport): string {
  const checked = `checked ${count(files, "file")}, ${displaySize(bytes)}, in ${displayDuration(ms)}`;
  if (damaged.length === 0) return `${checked}: all sound`;
  const found = count(damaged.length + more, "damaged copy", "damaged copies");
  const named = (mended: boolean) => {
    const names = damaged.filter((one) => one.mended === mended).map(({ name }) => printable(name));
    return displayList(names.length > NAMED ? [...names.slice(0, NAMED), "others"] : names);
  };
  const parts: string[] = [];
  if (damaged.some(({ mended }) => mended)) {
    parts.push(`fetched anew from other holders: ${named(true)}`);
  }
  if (damaged.some(({ mended }) => !mended)) {
    parts.push(`not yet replaced, since no other holder has given it: ${named(false)}`);
  }
  return `${checked}: ${found} found; ${parts.join("; ")}`;
}

/** Names in one sentence. */
const NAMED = 20;

function conflictOf({ name }: FileRecord): string | null {
  const base = baseName(name);
  return base === name ? null : base;
}

function conflictsInWords(amount: number): string {
  return `${count(amount, "file")} with .conflict- in the name: stored at the same time as the one without, in parts of the ring that could not see each other; keep what you want, and remove the rest with p2p rm.`;
}

/** All that the peer knows, present or not; none if it has ended since it answered. */
async function membersOf(control: ControlClient): Promise<Status["members"]> {
  return await control.status().then(
    ({ members }) => members,
    () => [],
  );
}

function nobody(name: string, owner: number, members: Status["members"]): Failure {
  return new Failure(nobodyHolds(show(name), owner, members, "see p2p ls"));
}

/** @param silent how many did not say what they hold, which is told besides */
function noFiles(silent: number, members: Status["members"]): string {
  const others = missingMayHave("some", members);
  if (others === null && silent === 0) return "No file is stored in this ring yet.";
  const none = `No peer that ${silent > 0 ? "answered" : "is here"} holds a file`;
  return others === null ? `${none}.` : `${none}, and ${others}.`;
}
