/** `p2p store`: a local file, or standard input, into the ring. */

import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { type ControlClient, controlClient } from "../control/client.ts";
import { choosePeer, type FoundPeer, type PeerChoice } from "../control/find.ts";
import { printable, refuseToStore, show } from "../control/names.ts";
import { showOutcome } from "../control/shown.ts";
import type { Outcome } from "../protocol/model/events.ts";
import { EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { storedName } from "../protocol/model/names.ts";
import {
  count,
  displayDuration,
  displayHash,
  displayPeers,
  displaySize,
} from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { withProgress } from "./progress.ts";
import { livingInWords } from "./status.ts";

/** Standard input, as a path. */
const STANDARD_INPUT = "-";

/**
 * Stores a local file in the ring and prints a receipt.
 * @param path "-" for standard input, which needs a name
 * @param options.name the file's name in the ring; null for its own base name
 * @param options.require copies without which it is not acknowledged; 0 for a majority
 * @returns the exit code
 * @throws Failure
 */
export async function storeFile(
  choice: PeerChoice,
  path: string,
  { name, require, json }: { name: string | null; require: number; json: boolean },
): Promise<number> {
  const peer = choosePeer(choice);
  const piped = path === STANDARD_INPUT;
  if (piped && name === null) {
    throw new Failure(
      "Standard input has no name of its own: give it one with --name NAME.",
      EXIT_USAGE,
    );
  }
  const given = name ?? nameOfFile(path, peer);
  refuseToStore(given, peer.bits);
  const stored = storedName(given);
  if (!piped) await lookAt(path);
  const start = performance.now();
  const control = controlClient(peer.dir);
  const outcome = await withProgress(
    `storing ${printable(stored)}`,
    () => control.progress(stored),
    () => control.store(stored, piped ? Bun.stdin.stream() : path, require),
  );
  const ms = performance.now() - start;
  const words = storedLine(stored, outcome, ms);
  console.log(json ? JSON.stringify({ v: 1, name: stored, ms, ...showOutcome(outcome) }) : words);
  await sayFewer(control, `stored ${printable(stored)}`, outcome);
  return 0;
}

/** In a numbered ring `2067.pdf` is called 2067, as typed at a peer; elsewhere a file keeps its name. */
function nameOfFile(path: string, peer: FoundPeer): string {
  const name = basename(path);
  const digits = /^([0-9]{4})\.pdf$/i.exec(name)?.[1];
  return peer.bits === 8 && digits !== undefined ? digits : name;
}

/** @throws Failure unless it is a file that can be stored */
async function lookAt(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new Failure(`There is no file ${path} that can be read: check its path.`);
  if (!found.isFile()) throw new Failure(`${path} is not a regular file: only such can be stored.`);
}

/**
 * Says on standard error that there are fewer copies than wanted, or fewer peers that have noted a removal,
 * and who should have.
 * @param done what was done, such as "stored notes.txt"
 */
export async function sayFewer(
  control: ControlClient,
  done: string,
  outcome: Outcome,
): Promise<void> {
  if (outcome.kind !== "stored") return;
  const { replicas, wanted, withoutReplica, record } = outcome;
  if (replicas.length >= wanted) return;
  const why =
    withoutReplica.length > 0
      ? `not confirmed by ${displayPeers(withoutReplica)}`
      : await control.status().then(
          ({ members }) => `the ring has ${livingInWords(members)}`,
          // It was stored, whatever has become of this peer since.
          () => `there are ${count(replicas.length, "peer")}`,
        );
  const what = record.removed ? count(wanted, "peer") : count(wanted, "copy", "copies");
  say(`${done}: ${replicas.length} of ${what}; ${why}`);
}

/** @throws Failure unless it was stored */
function storedLine(name: string, outcome: Outcome, ms: number): string {
  if (outcome.kind === "failed") throw new Failure(outcome.why);
  if (outcome.kind !== "stored")
    throw new Failure(`${show(name)} was not stored, only placed: try again.`);
  const { record, replicas, wanted } = outcome;
  const amount = `${displaySize(record.size)} in ${displayDuration(ms)}`;
  const copied = `${replicas.length} of ${count(wanted, "copy", "copies")}`;
  return `stored ${printable(name)}: ${copied}, on ${displayPeers(replicas)}, sha256 ${displayHash(record.sha256)}, ${amount}`;
}
