/**
 * The program of a release that somebody names: a folder, the address of one, or an archive in it. Nothing is
 * taken whose hash `SHA256SUMS` does not tell. Nothing is fetched but from the place that was named.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { inTime } from "../control/waiting.ts";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode } from "../store/durable.ts";
import { fileIn } from "./archive.ts";
import { ANSWER_MS, MAX_ARCHIVE_BYTES, MAX_SUMS_BYTES } from "./limits.ts";

const SUMS = "SHA256SUMS";

/** Where the files of a release are. */
type Place = {
  /** For sentences. */
  readonly name: string;
  /** Which archive is meant; null for the one of this system. */
  readonly file: string | null;
  read(file: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
};

/**
 * @param from a folder, an archive in one, or the address (http, https) of either
 * @param platform the target whose program is wanted, as in the archives' names
 * @returns the program, and the file that had it
 * @throws Failure if it cannot be had, or is not what its sum says
 */
export async function programFrom(
  from: string,
  platform: string,
): Promise<{ readonly program: Uint8Array; readonly file: string }> {
  const place = placeOf(from);
  const sums = new TextDecoder().decode(await place.read(SUMS, MAX_SUMS_BYTES));
  const rows = sums.split("\n").flatMap((line) => {
    const [, sum = "", file = ""] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    return file === "" ? [] : [{ sum, file }];
  });
  const ours = new RegExp(`^p2p-\\d+\\.\\d+\\.\\d+[^/]*-${platform}\\.tar\\.gz$`);
  const isMeant = (file: string) => (place.file === null ? ours.test(file) : file === place.file);
  const found = rows.filter(({ file }) => isMeant(file) && isExactly(file, platform, place));
  const [row, ...others] = found;
  if (row === undefined) {
    const what = place.file ?? `an archive for ${platform}`;
    throw new Failure(`${SUMS} in ${place.name} does not name ${what}: is that a release of p2p?`);
  }
  if (others.length > 0) {
    throw new Failure(`${place.name} has several releases: name one of their archives.`);
  }
  const archive = await place.read(row.file, MAX_ARCHIVE_BYTES);
  if (Bun.SHA256.hash(archive, "hex") !== row.sum) {
    throw new Failure(
      `${row.file} in ${place.name} is not what ${SUMS} says: it was not whole, or somebody has changed it; nothing was replaced.`,
    );
  }
  return { program: await fileIn(archive, "p2p"), file: row.file };
}

/** `linux-x64` is also the end of no other target's name, but of versions with a dash there may be some. */
function isExactly(file: string, platform: string, { file: named }: Place): boolean {
  return named !== null || file.replace(/^p2p-[^-]+-/, "") === `${platform}.tar.gz`;
}

function placeOf(from: string): Place {
  if (/^https?:\/\//.test(from)) return addressOf(from);
  const path = resolve(from);
  if (!existsSync(path)) throw new Failure(`There is no ${path}: give a release's folder.`);
  const isFolder = statSync(path).isDirectory();
  const folder = isFolder ? path : dirname(path);
  return {
    name: folder,
    file: isFolder ? null : basename(path),
    read: async (file, maxBytes) => {
      const source = Bun.file(join(folder, file));
      try {
        if (source.size > maxBytes) throw new Failure(`${join(folder, file)} is far too large.`);
        return await source.bytes();
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw new Failure(`${join(folder, file)} cannot be read (${errorCode(error)}).`);
      }
    },
  };
}

function addressOf(from: string): Place {
  const isArchive = from.endsWith(".tar.gz");
  const folder = isArchive ? from.slice(0, from.lastIndexOf("/")) : from.replace(/\/+$/, "");
  return {
    name: folder,
    file: isArchive ? from.slice(folder.length + 1) : null,
    read: async (file, maxBytes) => await fetched(`${folder}/${file}`, maxBytes),
  };
}

async function fetched(address: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const late = () => new Failure(`${address} does not answer: try again later.`);
  const response = await inTime(fetch(address), ANSWER_MS, late).catch((error: unknown) => {
    if (error instanceof Failure) throw error;
    throw new Failure(`${address} cannot be reached (${errorCode(error)}).`);
  });
  if (!response.ok) throw new Failure(`${address} was answered with status ${response.status}.`);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { value, done } = await inTime(reader.read(), ANSWER_MS, late);
    if (done) break;
    bytes += value.length;
    if (bytes > maxBytes) throw new Failure(`${address} is far too large.`);
    pieces.push(value);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
