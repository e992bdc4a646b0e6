/** `p2p request`: a file from the ring into a file of this folder, or to standard output. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../protocol/failure.ts";
import { isFourDigits } from "../protocol/files.ts";
import { errorCode } from "../store/durable.ts";
import {
  checkDestination,
  deliverInto,
  type Landing,
  landingFor,
  notWhole,
  placeWritten,
} from "../store/local.ts";
import { type DoorClient, doorClient, type Incoming } from "./client.ts";
import { displayDuration, displayHash, displaySize } from "./display.ts";
import { choosePeer, type PeerChoice } from "./find.ts";
import { printable, refuseName, show } from "./names.ts";
import { withProgress } from "./progress.ts";
import type { ContentFrom } from "./types.ts";

/** Standard output, as `-o -`. */
const STANDARD_OUTPUT = "-";

/**
 * Fetches a file from the ring, and prints where it is.
 * @param options.output a file, a folder, or "-" for standard output; null for the name's own place here
 * @returns the exit code
 * @throws Failure
 */
export async function requestFile(
  choice: PeerChoice,
  name: string,
  options: { output: string | null; force: boolean; json: boolean },
): Promise<number> {
  const peer = choosePeer(choice);
  refuseName(name, peer.bits);
  const path = await destination(options.output, name);
  const overwrite = options.force || path === receivedName(name) ? "replace" : "refuse";
  if (path !== null) await checkDestination(path, overwrite);
  const start = performance.now();
  const door = doorClient(peer.dir);
  let at: { bytes: number; size: number } | null = null;
  const seen = (bytes: number, size: number) => {
    at = { bytes, size };
  };
  const incoming = await withProgress(
    `fetching ${printable(name)}`,
    async () => at ?? (await door.progress(name)),
    () =>
      path === null
        ? requestToOutput(door, name, seen)
        : requestToFile(door, name, landingFor(path, overwrite), seen),
  );
  const ms = performance.now() - start;
  const { size, sha256, from, route } = incoming;
  const place = path ?? STANDARD_OUTPUT;
  const text = options.json
    ? JSON.stringify({ v: 1, name, path: place, size, sha256, from, route, ms })
    : `received ${printable(name)} from peer ${from} ${path === null ? "to standard output" : `as ${path}`}, sha256 ${displayHash(sha256)}, ${displaySize(size)} in ${displayDuration(ms)}`;
  // Where the content itself goes to standard output, nothing else may.
  if (path === null) process.stderr.write(`${text}\n`);
  else console.log(text);
  return 0;
}

/** What a peer itself leaves at each request is no one's other file. */
function receivedName(name: string): string | null {
  return isFourDigits(name) ? `received_${name}.pdf` : null;
}

/** @returns null for standard output */
async function destination(output: string | null, name: string): Promise<string | null> {
  if (output === null) return ownPath(name);
  if (output === STANDARD_OUTPUT) return null;
  const found = await stat(output).catch(() => null);
  return found?.isDirectory() ? join(output, ownPath(name)) : output;
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

type Seen = (bytes: number, size: number) => void;

async function requestToOutput(door: DoorClient, name: string, seen: Seen): Promise<ContentFrom> {
  const incoming = await door.request(name);
  await pour(incoming, seen);
  return incoming;
}

/** The peer writes a large content itself; what it sends instead is written here. */
async function requestToFile(
  door: DoorClient,
  name: string,
  landing: Landing,
  seen: Seen,
): Promise<ContentFrom> {
  return await leavingNothing(landing, async () => {
    const { read, ...from } = await door.requestInto(name, landing);
    if (read === null) await placeWritten(landing, from.size);
    else await take({ ...from, read }, landing, seen);
    return from;
  });
}

/** What ends a command from outside. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Removes the temporary of a landing if the work fails, or a person interrupts it. */
async function leavingNothing<T>(landing: Landing, work: () => Promise<T>): Promise<T> {
  const ignore = (): void => {
    for (const signal of SIGNALS) process.off(signal, interrupted);
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    landing.remove();
    ignore();
    // It ends as if it had not been listened to.
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    return await work();
  } catch (error) {
    landing.remove();
    throw error;
  } finally {
    ignore();
  }
}

async function take(incoming: Incoming, landing: Landing, seen: Seen): Promise<void> {
  const delivery = deliverInto(landing);
  try {
    await incoming.read((piece) => {
      seen(delivery.size, incoming.size);
      return delivery.write(piece);
    });
    if (delivery.size !== incoming.size || delivery.sha256() !== incoming.sha256) {
      throw notWhole(landing.path);
    }
  } catch (error) {
    await delivery.abort();
    throw error;
  }
  await delivery.finish();
}

/**
 * Writes a content to standard output. The peer has checked it against its hash already; what comes is
 * checked once more, and the last piece is held back until all of it is right.
 */
async function pour(incoming: Incoming, seen: Seen): Promise<void> {
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  let held: Uint8Array | null = null;
  await incoming.read(async (piece) => {
    hasher.update(piece);
    size += piece.length;
    seen(size, incoming.size);
    if (held !== null) await printBytes(held);
    held = piece;
  });
  if (size !== incoming.size || hasher.digest("hex") !== incoming.sha256) {
    throw new Failure("What came is not whole, and its end was left out: ask for it again.");
  }
  if (held !== null) await printBytes(held);
}

/** @returns when the system has taken the bytes @throws Failure if it will not */
function printBytes(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null): void => {
      process.stdout.off("error", settle);
      if (error === undefined || error === null) resolve();
      else reject(new Failure(`Standard output did not take all of it: ${reasonOf(error)}.`));
    };
    process.stdout.on("error", settle);
    process.stdout.write(bytes, settle);
  });
}

function reasonOf(error: Error): string {
  switch (errorCode(error)) {
    case "EPIPE":
      return "its reader has gone, so start that again";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full, so make room and ask again";
    default:
      return `${error.message}, so choose a file with -o instead`;
  }
}
