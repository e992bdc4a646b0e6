/** One simulated machine: a clock of its own, a disk that outlives the peer, and what it has heard. */
import type { Effect, Input, Served, Start } from "../protocol/model/io.ts";
import type { Address } from "../protocol/model/member.ts";
import type { RequestId } from "../protocol/model/messages.ts";
import type { Peer } from "../protocol/state.ts";
import { Bodies, type SimContent } from "./bodies.ts";
import { SimDisk } from "./disk.ts";

/** A clock that is off by a constant, and runs a little fast or slow. */
export type SimClock = { readonly offsetMs: number; readonly rate: number };

/** A content on its way in. It is handed on while it comes; who has it waits for its end. */
export type Arrival = { readonly content: SimContent; whole: boolean };

/** A command that has not ended. */
export type GivenCommand = {
  readonly name: string;
  /** What a store brings, as it is by now. */
  content: SimContent | null;
  /** Somebody has had the content whole. */
  taken: boolean;
};

export type Host = {
  readonly id: number;
  /** The first address that it had: it stands for the machine, wherever that has moved. */
  readonly address: Address;
  /** The addresses that it has now; the first is the one that it says it listens at. */
  places: readonly Address[];
  /** When it last moved while its peer ran. */
  movedAt: number;
  /** From which of them its packets come at other machines, where that is not the first. */
  readonly sources: Map<Address, Address>;
  readonly limits: Limits;
  readonly clock: SimClock;
  /** How it was last started, for starting it again. */
  start: Start;
  disk: SimDisk;
  /** Null while no process runs. */
  peer: Peer | null;
  /** Counts the processes, so that what was planned for a former one is dropped. */
  run: number;
  /** When its last process ended. */
  endedAt: number;
  frozen: boolean;
  /** Since when it is frozen, and what arrives meanwhile, as a kernel's buffers keep it. */
  frozenAt: number;
  readonly held: { readonly at: number; readonly input: Input }[];
  /** The virtual time of the tick that is planned. */
  tickAt: number;
  watched: ReadonlySet<Address>;
  readonly served: Map<RequestId, Served>;
  /** Contents on their way into the store, by job, for those who copy them while they come in. */
  readonly arriving: Map<number, Arrival>;
  readonly commands: Map<number, GivenCommand>;
  /** The small contents that came with messages and commands. */
  bodies: Bodies;
  exitCode: number | null;
};

/** How a host's peer is given an input. */
export type Stepping = (host: Host, peer: Peer, input: Input) => readonly Effect[];

/** What a driver and its kernel keep at most. */
export type Limits = {
  /** Datagrams and frames that a frozen process's sockets keep for it. */
  readonly heldInputs: number;
  /** Frames that a stream keeps while nothing arrives. */
  readonly heldFrames: number;
  /** Small contents kept for messages. */
  readonly bodies: number;
};

export const LIMITS: Limits = { heldInputs: 4_096, heldFrames: 512, bodies: 512 };
/** So few that they are reached: what is beyond is lost, and has to be asked for again. */
export const SMALL_LIMITS: Limits = { heldInputs: 64, heldFrames: 24, bodies: 8 };

export function makeHost(
  id: number,
  address: Address,
  clock: SimClock,
  start: Start,
  limits = LIMITS,
): Host {
  return {
    id,
    address,
    places: [address],
    movedAt: Number.NEGATIVE_INFINITY,
    sources: new Map(),
    limits,
    clock,
    start,
    disk: new SimDisk(),
    peer: null,
    run: 0,
    endedAt: 0,
    frozen: false,
    frozenAt: 0,
    held: [],
    tickAt: Number.POSITIVE_INFINITY,
    watched: new Set(),
    served: new Map(),
    arriving: new Map(),
    commands: new Map(),
    bodies: new Bodies(limits.bodies),
    exitCode: null,
  };
}

/** What the host's clock shows at a virtual time. */
export function localTime({ clock }: Host, virtualMs: number): number {
  return clock.offsetMs + virtualMs * clock.rate;
}

/** The virtual time at which the host's clock shows a local one. */
export function virtualTime({ clock }: Host, localMs: number): number {
  return (localMs - clock.offsetMs) / clock.rate;
}

/** What goes with a process. */
export function loseMemory(host: Host): void {
  host.watched = new Set();
  host.served.clear();
  host.arriving.clear();
  host.bodies = new Bodies(host.limits.bodies);
}
