/** What a command line asks of a peer. */
export type PeerStart =
  | { kind: "init"; id: number; first: number; second: number }
  | { kind: "join"; id: number; known: number }
  | { kind: "found" }
  | { kind: "enter"; host: string; port: number };

export type PeerOptions = {
  start: PeerStart;
  /** Null for the ring's own: 5,000 for one that is founded. */
  pingIntervalMs: number | null;
  /** Numbered peers listen on it plus their id. */
  basePort: number;
  host: string;
  /** Where others call it, if that is elsewhere than it listens; a null port is that at which it listens. */
  advertise: { readonly host: string; readonly port: number | null } | null;
  /** Of a peer with a drawn id; null for the first free one from 12256. */
  port: number | null;
  /** The ring is open to whoever reaches it. */
  insecure: boolean;
  /** The ring's key, where it was given; null for that in the folder, or this user's own. */
  key: Uint8Array | null;
  /** Null for the default below the working directory. */
  dataDir: string | null;
  route: "successor" | "finger" | "direct" | null;
  copies: number | null;
  /** Bytes a second for copies that nobody waits for; null for the default. */
  repairRate: number | null;
  /** Lines of pings are printed by a peer without a number, too, where no person looks on. */
  verbose: boolean;
  /** `join` waits for its contact for so long; null where it must be there at once. */
  waitMs: number | null;
  /** A ring's child, which ends with its standard input. */
  child: boolean;
};
