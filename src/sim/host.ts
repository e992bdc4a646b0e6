/** One simulated machine: a disk that outlives the peer, and what the peer has said. */
import type { PeerEvent } from "../protocol/events.ts";
import type { FileRecord } from "../protocol/files.ts";
import type { Input, Served, Start } from "../protocol/io.ts";
import type { Address, Member } from "../protocol/member.ts";
import type { RequestId } from "../protocol/messages.ts";
import type { Peer } from "../protocol/state.ts";

/** A content is known by its size and hash; its bytes are never made. */
export type SimContent = { readonly size: number; readonly sha256: string };

export type SimDisk = {
  incarnation: number;
  members: readonly Member[];
  readonly files: Map<string, FileRecord>;
};

export type SimLine = {
  readonly at: number;
  readonly peer: number;
  readonly text: string;
  /** Standard error's sentences are kept apart from the transcript. */
  readonly error: boolean;
  readonly fold: boolean;
};

export type Host = {
  readonly id: number;
  readonly address: Address;
  /** How it was last started, for starting it again. */
  start: Start;
  disk: SimDisk;
  /** Null while no process runs. */
  peer: Peer | null;
  /** Counts the processes, so that what was planned for a former one is dropped. */
  run: number;
  frozen: boolean;
  /** What arrives while frozen, as a kernel's buffers keep it. */
  readonly held: Input[];
  /** The time of the tick that is planned. */
  tickAt: number;
  watched: ReadonlySet<Address>;
  readonly served: Map<RequestId, Served>;
  readonly commands: Map<number, { readonly name: string; readonly content: SimContent | null }>;
  readonly events: PeerEvent[];
  exitCode: number | null;
};

export function makeHost(id: number, address: Address, start: Start): Host {
  return {
    id,
    address,
    start,
    disk: emptyDisk(),
    peer: null,
    run: 0,
    frozen: false,
    held: [],
    tickAt: Number.POSITIVE_INFINITY,
    watched: new Set(),
    served: new Map(),
    commands: new Map(),
    events: [],
    exitCode: null,
  };
}

export function emptyDisk(): SimDisk {
  return { incarnation: 0, members: [], files: new Map() };
}
