/** Flips one bit of a content on a peer's disk, as a disk that ages does: nothing is told of it. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** A content of its own file, found by what it hashes to. */
export type Kept = { readonly path: string; readonly bytes: number };

/**
 * A file of a peer's folder that has one of some contents. Small contents lie in the index, and are read
 * whole and checked each time; the others are what a scrub is for.
 * @param dir the peer's data folder
 * @param sha256s 64 hexadecimal digits each; the first that is there is taken
 */
export async function keptContent(dir: string, sha256s: readonly string[]): Promise<Kept | null> {
  const folder = join(dir, "files");
  const names = await readdir(folder).catch(() => []);
  for (const sha256 of sha256s) {
    // A content is called by the first digits of its hash, and a temporary is not.
    const name = names.find((each) => each.startsWith(sha256.slice(0, 16)));
    if (name === undefined) continue;
    const path = join(folder, name);
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    if (bytes > 0) return { path, bytes };
  }
  return null;
}

/**
 * @param at which of its bytes, as a share from 0 on and below 1
 * @returns false where the peer has given the content up meanwhile
 * @throws the system's error
 */
export async function flipBit({ path, bytes }: Kept, at: number): Promise<boolean> {
  const handle = await open(path, "r+").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return false;
  try {
    const place = Math.floor(at * bytes);
    const byte = new Uint8Array(1);
    await handle.read(byte, 0, 1, place);
    byte[0] = (byte[0] ?? 0) ^ 0x10;
    await handle.write(byte, 0, 1, place);
    return true;
  } finally {
    await handle.close();
  }
}
