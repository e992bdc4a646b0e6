/** Where a fetched file is to go: a file that is made or replaced, or else something that is written into. */
import { constants, type Stats } from "node:fs";
import { lstat, open, readlink, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { show } from "../control/names.ts";
import { Failure } from "../protocol/model/failure.ts";
import { isFourDigits } from "../protocol/model/files.ts";
import { checkDestination, notWritten, type Overwrite } from "../store/user-files.ts";

export type Destination =
  | { readonly kind: "output" }
  /** `path` as it was named; `at` where it is, links followed: a link stays, what it leads to is replaced. */
  | {
      readonly kind: "file";
      readonly path: string;
      readonly at: string;
      readonly overwrite: Overwrite;
    }
  /** A device, or a pipe: nothing that could be replaced. */
  | { readonly kind: "sink"; readonly path: string };

/** Names of standard output, of which the first is ours. */
const OUTPUTS = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
/** As many links in a row as the system follows. */
const MAX_LINKS = 40;

/**
 * @param output a file, a folder, "-" for standard output, or a device; null for the name's own place here
 * @param force whether what is there may be replaced
 * @throws Failure before anything is fetched, if it could not be put there
 */
export async function destinationOf(
  output: string | null,
  name: string,
  force: boolean,
): Promise<Destination> {
  if (output !== null && OUTPUTS.includes(output)) return { kind: "output" };
  const found = output === null ? null : await stat(output).catch(() => null);
  if (output === null || found?.isDirectory()) {
    // What a peer itself leaves at each request is no one's other file.
    const overwrite = force || isFourDigits(name) ? "replace" : "refuse";
    const path = join(output ?? ".", ownName(name));
    await checkDestination(path, overwrite);
    return { kind: "file", path, at: path, overwrite };
  }
  if (found !== null && !found.isFile()) return sink(output, found, force);
  const overwrite = force ? "replace" : "refuse";
  await checkDestination(output, overwrite);
  const at = await followed(output);
  if (at !== output) await checkDestination(at, overwrite);
  return { kind: "file", path: output, at, overwrite };
}

/** Takes the pieces of a content, in order, into a device or a pipe. */
export type Sink = {
  write(piece: Uint8Array): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
};

/** Opens a device, or a pipe once it has a reader. @throws Failure, as `write` rejects with one */
export async function openSink(path: string): Promise<Sink> {
  const refuse = (error: unknown): never => {
    throw notWritten(error, path);
  };
  // Neither made nor emptied: it is what it is.
  const handle = await open(path, constants.O_WRONLY | constants.O_NOCTTY).catch(refuse);
  return {
    write: (piece) => handle.writeFile(piece).catch(refuse),
    close: () => handle.close().catch(() => {}),
  };
}

/** The name of a file from the ring in a folder of ours: it may be anyone's, and must not lead out of it. */
function ownName(name: string): string {
  if (isFourDigits(name)) return `received_${name}.pdf`;
  if (name === "." || name === ".." || /[/\\]|\p{Cc}/u.test(name)) {
    throw new Failure(`${show(name)} cannot be the name of a file here: choose one with -o FILE.`);
  }
  return name;
}

function sink(path: string, found: Stats, force: boolean): Destination {
  if (found.isSocket()) {
    throw new Failure(`${path} is a socket, which takes no files: choose another with -o.`);
  }
  if (found.isBlockDevice() && !force) {
    throw new Failure(`${path} is a disk: use --force to write over it, or -o for another name.`);
  }
  return { kind: "sink", path };
}

/** Where a link leads to in the end, though there may be nothing yet. */
async function followed(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(at).catch(() => null);
    if (!found?.isSymbolicLink()) return at;
    // Of a folder on the way only the system knows what ".." is.
    const folder = await realpath(dirname(at));
    at = resolve(folder, await readlink(at));
  }
  throw new Failure(`${path} is a link that leads nowhere: choose another with -o.`);
}
