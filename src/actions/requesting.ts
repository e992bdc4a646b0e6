/** `p2p request`: a file from the ring into a file of this folder, or to standard output. */

import { type ControlClient, controlClient, type Incoming } from "../control/client.ts";
import { choosePeer, type PeerChoice } from "../control/find.ts";
import { printable, refuseName } from "../control/names.ts";
import type { ContentFrom } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode } from "../store/durable.ts";
import {
  deliverInto,
  type Landing,
  landingFor,
  notWhole,
  placeWritten,
} from "../store/user-files.ts";
import { displayDuration, displayHash, displaySize } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { type Destination, destinationOf, openSink } from "./destination.ts";
import { withProgress } from "./progress.ts";

/** Standard output, as `-o -`. */
const STANDARD_OUTPUT = "-";

/**
 * Fetches a file from the ring, and prints where it is.
 * @param options.output a file, a folder, a device, or "-" for standard output; null for the name's own place here
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
  const destination = await destinationOf(options.output, name, options.force);
  const start = performance.now();
  const control = controlClient(peer.dir);
  let at: { bytes: number; size: number } | null = null;
  const seen = (bytes: number, size: number) => {
    at = { bytes, size };
  };
  const incoming = await withProgress(
    `fetching ${printable(name)}`,
    async () => at ?? (await control.progress(name)),
    () => requestTo(destination, control, name, seen),
  );
  const ms = performance.now() - start;
  const { size, sha256, from, route } = incoming;
  const path = destination.kind === "output" ? null : destination.path;
  const place = path ?? STANDARD_OUTPUT;
  const text = options.json
    ? JSON.stringify({ v: 1, name, path: place, size, sha256, from, route, ms })
    : `received ${printable(name)} from peer ${from} ${path === null ? "to standard output" : `as ${path}`}, sha256 ${displayHash(sha256)}, ${displaySize(size)} in ${displayDuration(ms)}`;
  // Where the content itself goes to standard output, nothing else may.
  if (path === null) say(text);
  else console.log(text);
  return 0;
}

type Seen = (bytes: number, size: number) => void;

async function requestTo(
  destination: Destination,
  control: ControlClient,
  name: string,
  seen: Seen,
): Promise<ContentFrom> {
  if (destination.kind === "file") {
    return await requestToFile(
      control,
      name,
      landingFor(destination.at, destination.overwrite),
      seen,
    );
  }
  if (destination.kind === "output") {
    const incoming = await control.request(name);
    await pour(incoming, seen, printBytes);
    return incoming;
  }
  const sink = await openSink(destination.path);
  try {
    const incoming = await control.request(name);
    await pour(incoming, seen, sink.write);
    return incoming;
  } finally {
    await sink.close();
  }
}

/** The peer writes a large content itself; what it sends instead is written here. */
async function requestToFile(
  control: ControlClient,
  name: string,
  landing: Landing,
  seen: Seen,
): Promise<ContentFrom> {
  return await leavingNothing(landing, async () => {
    const { read, ...from } = await control.requestInto(name, landing);
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
 * Writes a content to where nothing can be taken back. The peer has checked it against its hash already; what comes is
 * checked once more, and the last piece is held back until all of it is right.
 */
async function pour(
  incoming: Incoming,
  seen: Seen,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  let held: Uint8Array | null = null;
  await incoming.read(async (piece) => {
    hasher.update(piece);
    size += piece.length;
    seen(size, incoming.size);
    if (held !== null) await write(held);
    held = piece;
  });
  if (size !== incoming.size || hasher.digest("hex") !== incoming.sha256) {
    throw new Failure("What came is not whole, and its end was left out: ask for it again.");
  }
  if (held !== null) await write(held);
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
