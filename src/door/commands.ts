/** What the commands `store`, `request`, `ls` and `status` do with a running peer. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Outcome } from "../protocol/events.ts";
import { Failure } from "../protocol/failure.ts";
import { isFourDigits } from "../protocol/files.ts";
import { checkDestination, deliver } from "../store/local.ts";
import { doorClient, type Incoming } from "./client.ts";
import {
  count,
  displayDuration,
  displayHash,
  displayList,
  displaySize,
  displayTable,
} from "./display.ts";
import { choosePeer, type FoundPeer, type PeerChoice } from "./find.ts";
import { show, wrongName } from "./names.ts";

export type { PeerChoice } from "./find.ts";
export { showStatus } from "./status.ts";

/**
 * Stores a local file in the ring and prints a receipt.
 * @param name the file's name in the ring; null for its own base name
 * @returns the exit code
 * @throws Failure
 */
export async function storeFile(
  choice: PeerChoice,
  path: string,
  name: string | null,
  json: boolean,
): Promise<number> {
  const peer = choosePeer(choice);
  const stored = name ?? nameOfFile(path, peer);
  refuseName(stored, peer);
  const before = await lookAt(path);
  const start = performance.now();
  const outcome = await doorClient(peer.dir).store(stored, path);
  const ms = performance.now() - start;
  const after = await lookAt(path);
  const words = receipt(stored, outcome, ms);
  print(json ? JSON.stringify({ v: 1, name: stored, ms, ...outcome }) : words);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
    process.stderr.write(`${path} changed while it was being stored: store it once more.\n`);
    return 1;
  }
  return 0;
}

/**
 * Fetches a file from the ring into the working directory, and prints where it is.
 * @returns the exit code
 * @throws Failure
 */
export async function requestFile(
  choice: PeerChoice,
  name: string,
  options: { output: string | null; force: boolean; json: boolean },
): Promise<number> {
  const peer = choosePeer(choice);
  refuseName(name, peer);
  const path = options.output === null ? ownPath(name) : await outputPath(options.output, name);
  // What a peer itself leaves at each request is no one's other file.
  const replaceable = options.force || path === receivedName(name);
  const overwrite = replaceable ? "replace" : "refuse";
  await checkDestination(path, overwrite);
  const start = performance.now();
  const incoming = await doorClient(peer.dir).request(name);
  await take(incoming, path, overwrite);
  const ms = performance.now() - start;
  const { size, sha256, from, route } = incoming;
  if (options.json) print(JSON.stringify({ v: 1, name, path, size, sha256, from, route, ms }));
  else {
    const amount = `sha256 ${displayHash(sha256)}, ${displaySize(size)} in ${displayDuration(ms)}`;
    print(`received ${name} from peer ${from} as ${path}, ${amount}`);
  }
  return 0;
}

/**
 * Prints the files of the ring.
 * @returns the exit code
 * @throws Failure
 */
export async function listFiles(choice: PeerChoice, json: boolean): Promise<number> {
  const { files, silent } = await doorClient(choosePeer(choice).dir).list();
  if (json) {
    const listed = files.map(({ record, holders }) => ({ ...record, holders }));
    print(JSON.stringify({ v: 1, files: listed, silent }));
    return 0;
  }
  const rows = files.map(({ record, holders }) => [
    printable(record.name),
    displaySize(record.size),
    displayHash(record.sha256),
    displayList([...holders]),
  ]);
  if (rows.length === 0) print("No file is stored in this ring yet.");
  else print(displayTable(["name", "size", "sha256", "on peers"], rows).join("\n"));
  if (silent > 0) {
    process.stderr.write(
      `${count(silent, "peer")} did not say what they hold: there may be more.\n`,
    );
  }
  return 0;
}

/** In a numbered ring `2067.pdf` is called 2067, as typed at a peer; elsewhere a file keeps its name. */
function nameOfFile(path: string, peer: FoundPeer): string {
  const name = basename(path);
  const digits = /^([0-9]{4})\.pdf$/i.exec(name)?.[1];
  return peer.bits === 8 && digits !== undefined ? digits : name;
}

function refuseName(name: string, peer: FoundPeer): void {
  const why = wrongName(name, peer.bits);
  if (why !== null) throw new Failure(why);
}

async function lookAt(path: string): Promise<{ size: number; mtimeMs: number }> {
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new Failure(`There is no file ${path} that can be read: check its path.`);
  if (!found.isFile()) throw new Failure(`${path} is not a regular file: only such can be stored.`);
  return found;
}

/** @throws Failure unless it was stored */
function receipt(name: string, outcome: Outcome, ms: number): string {
  if (outcome.kind === "failed") throw new Failure(outcome.why);
  if (outcome.kind !== "stored")
    throw new Failure(`${show(name)} was not stored, only placed: try again.`);
  const { record, copies, wanted } = outcome;
  const on = `on ${copies.length === 1 ? "peer" : "peers"} ${displayList([...copies])}`;
  const amount = `${displaySize(record.size)} in ${displayDuration(ms)}`;
  const copied = `${copies.length} of ${count(wanted, "copy", "copies")}`;
  return `stored ${printable(name)}: ${copied}, ${on}, sha256 ${displayHash(record.sha256)}, ${amount}`;
}

function receivedName(name: string): string | null {
  return isFourDigits(name) ? `received_${name}.pdf` : null;
}

/** A name from a ring may be anyone's: it must not lead out of the folder, nor hide in it. */
function ownPath(name: string): string {
  const received = receivedName(name);
  if (received !== null) return received;
  if (/^\.|[/\\]|\p{Cc}/u.test(name)) {
    throw new Failure(`${show(name)} cannot be the name of a file here: choose one with -o FILE.`);
  }
  return name;
}

async function outputPath(output: string, name: string): Promise<string> {
  const found = await stat(output).catch(() => null);
  return found?.isDirectory() ? join(output, ownPath(name)) : output;
}

async function take(
  incoming: Incoming,
  path: string,
  overwrite: "replace" | "refuse",
): Promise<void> {
  const delivery = deliver(path, overwrite);
  try {
    await incoming.read((piece) => delivery.write(piece));
    if (delivery.size !== incoming.size || delivery.sha256() !== incoming.sha256) {
      throw new Failure(`${path} did not arrive whole, and was not kept: ask for it again.`);
    }
  } catch (error) {
    await delivery.abort();
    throw error;
  }
  await delivery.finish();
}

/** A name as a terminal may show it. */
function printable(name: string): string {
  return /\p{Cc}/u.test(name) ? show(name) : name;
}

function print(text: string): void {
  console.log(text);
}
