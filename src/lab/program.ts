/** How a child is started: the program, and the command lines of its peers. Pure but for finding itself. */

/** Where the peers of a numbered ring live and listen. */
export type PeerPlace = {
  readonly basePort: number;
  readonly pingIntervalMs: number;
  /** The folder that holds a data folder for each peer. */
  readonly ringDir: string;
  /** Further flags of every peer. */
  readonly flags?: readonly string[];
};

/** The command that starts this very program again. */
export function ownProgram(): readonly string[] {
  const compiled = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
  return compiled ? [process.execPath] : [process.execPath, Bun.main];
}

/** The data folder of one peer. */
export function peerDir(ringDir: string, id: number): string {
  return `${ringDir}/${id}`;
}

/** The arguments of a founding peer. `ids` in ascending order, the peer's own among them. */
export function initArgs(ids: readonly number[], id: number, place: PeerPlace): string[] {
  const at = ids.indexOf(id);
  const next = (steps: number): string => String(ids[(at + steps) % ids.length] ?? id);
  return ["init", String(id), next(1), next(2), ...placeArgs(id, place)];
}

/** The arguments of a peer that joins through another. */
export function joinArgs(id: number, known: number, place: PeerPlace): string[] {
  return ["join", String(id), String(known), ...placeArgs(id, place)];
}

function placeArgs(id: number, place: PeerPlace): string[] {
  return [
    String(place.pingIntervalMs / 1000),
    "--base-port",
    String(place.basePort),
    "--data",
    peerDir(place.ringDir, id),
    ...(place.flags ?? []),
    "--child",
  ];
}
