/** A file out of a `.tar.gz`, as `npm run release` makes them: POSIX's ustar, nothing but files. */
import { Failure } from "../protocol/model/failure.ts";
import { MAX_PROGRAM_BYTES } from "./limits.ts";

const BLOCK = 512;

/**
 * @param name the file's name, without the folders above it
 * @returns its bytes
 * @throws Failure if it is no such archive, or has no such file
 */
export async function fileIn(archive: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const tar = await unpacked(archive);
  const text = (at: number, length: number): string =>
    Buffer.from(tar.subarray(at, at + length))
      .toString("latin1")
      .replace(/\0.*$/s, "");
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const path = text(at, 100);
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (path === "") break;
    if (text(at + 257, 5) !== "ustar" || !Number.isSafeInteger(size)) throw noArchive();
    const begin = at + BLOCK;
    if (path.split("/").at(-1) === name) {
      if (begin + size > tar.length) throw noArchive();
      return tar.subarray(begin, begin + size);
    }
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Failure(`The archive has no ${name} in it: it is none of a release of p2p.`);
}

/** In pieces, since a few bytes may unpack to any number. */
async function unpacked(archive: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    const stream = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
    for await (const piece of stream) {
      bytes += piece.length;
      if (bytes > MAX_PROGRAM_BYTES) break;
      pieces.push(piece);
    }
  } catch {
    throw noArchive();
  }
  if (bytes > MAX_PROGRAM_BYTES) throw new Failure("The archive is far too large for one of p2p.");
  return Buffer.concat(pieces);
}

function noArchive(): Failure {
  return new Failure("The archive is not whole, or none: fetch it again.");
}
