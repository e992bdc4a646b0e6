/** Which names files may have, as the commands and the control socket ask it, and how a name travels in a URL. */
import { Failure } from "../protocol/model/failure.ts";
import { printable, show, wrongName, wrongToStore } from "../protocol/model/names.ts";

export { printable, show };

/** What the control socket says of a name: its content, the peers that hold it, how far it is on its way. */
export type Room = "files" | "where" | "progress";

/** The path at the control socket of what it says of a name. */
export function pathOfName(name: string, room: Room = "files"): string {
  return `/${room}/${encodeURIComponent(name)}`;
}

/** @returns null unless the path is that of a name, which need not be a good one */
export function nameOfPath(path: string, room: Room): string | null {
  const beginning = `/${room}/`;
  if (!path.startsWith(beginning) || path.length === beginning.length) return null;
  try {
    return decodeURIComponent(path.slice(beginning.length));
  } catch {
    return null;
  }
}

/** @throws Failure if no file can have that name in a ring of so many bits */
export function refuseName(name: string, bits: number): void {
  const why = wrongName(name, bits);
  if (why !== null) throw new Failure(why);
}

/** @throws Failure if nothing can be stored under that name in a ring of so many bits */
export function refuseToStore(name: string, bits: number): void {
  const why = wrongToStore(name, bits);
  if (why !== null) throw new Failure(why);
}
