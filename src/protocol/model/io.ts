/**
 * What goes into a peer's protocol and what comes out. A driver (the daemon, or the simulator) begins
 * all the effects of one input, in order, before it gives the next; what completes later returns as
 * an input. Deadlines are in the state: the driver gives a tick at `nextDeadline(peer)`.
 */
import type { RingConfig } from "./config.ts";
import type { PeerEvent } from "./events.ts";
import type { FileRecord, WriteId } from "./files.ts";
import type { Address, Member } from "./member.ts";
import type { Channel, FetchSource, Message, RequestId, Routed } from "./messages.ts";
import type { View } from "./view.ts";

/** How a peer comes into its ring. */
export type Start =
  /** Names its two successors, which may not have started. Ids equal to its own are left out. */
  | { readonly kind: "init"; readonly successors: readonly { id: number; address: Address }[] }
  /** Is one of a ring that stands already, as all its members know; among them itself. */
  | { readonly kind: "formed"; readonly view: View }
  /** Founds a ring of its own, alone. */
  | { readonly kind: "found" }
  /** Asks a member of the ring to be taken in. `proposed`: the id was the ring's idea, so another will do. */
  | {
      readonly kind: "join";
      readonly contact: Address;
      readonly contactName: string;
      readonly proposed: boolean;
    };

/** What a peer starts from: who it is, how it comes in, and what its folder holds. */
export type StartInput = {
  readonly type: "start";
  readonly config: RingConfig;
  readonly id: number;
  readonly address: Address;
  readonly instance: string;
  /** For all random choices of this peer, a whole number in [0, 2^32). */
  readonly seed: number;
  readonly start: Start;
  /** The highest incarnation that this id has used from this data folder; 0 for none. */
  readonly incarnation: number;
  /** The members known when this folder was last in use, the last of the departed too; empty for a new one. */
  readonly restored: readonly Member[];
  /** The peer left its ring in good order since: what it held was handed on. False if left out. */
  readonly left?: boolean;
  /**
   * For how long this folder was away: since its peer was last in its ring and knew all; null for a new
   * one, and where that is not known. 0 if left out.
   */
  readonly awayMs?: number | null;
  /** The age of the youngest removal that its ring may have forgotten; null, or left out, for none. */
  readonly forgottenMs?: number | null;
  /** The files held in the folder, removals too. */
  readonly files: readonly FileRecord[];
};

/** How a try to reach an address over a stream failed. */
export type Unreachable =
  /** Nobody listens there. */
  | "refused"
  /** No answer in time, or the host cannot be reached. */
  | "timeout";

/**
 * A small content that came with a message or a command, of 1 to BODY_BYTES bytes. The driver keeps it
 * under its number for a while; what is asked of it later may fail.
 */
export type Body = {
  readonly number: number;
  readonly size: number;
  readonly sha256: string;
};

/** What is asked of a peer by whoever runs it. */
export type Command =
  /**
   * `size` and `sha256` are null where there is no content; otherwise both are fixed before the first try,
   * and the driver serves the content, or what is left of it, under the request's id: what comes of it
   * otherwise is not this content. `body` is the content if it is a small one.
   */
  | {
      readonly kind: "store";
      readonly name: string;
      readonly key: number;
      readonly size: number | null;
      /** Found before the first try: what comes to another hash later is another content. Null without one. */
      readonly sha256: string | null;
      readonly body: Body | null;
      readonly require: number;
    }
  | { readonly kind: "request"; readonly name: string; readonly key: number }
  | {
      readonly kind: "remove";
      readonly name: string;
      readonly key: number;
      /** Durable copies without which it is not acknowledged; 0 for a majority. */
      readonly require: number;
    }
  | { readonly kind: "where"; readonly name: string; readonly key: number }
  | { readonly kind: "lookup"; readonly key: number }
  | { readonly kind: "list" }
  /** How all members see the ring; `keys` are looked up on the way, or some of the ring's own if there are none. */
  | { readonly kind: "survey"; readonly keys: readonly number[] }
  | { readonly kind: "quit" };

/** A command that is asked of the ring. */
export type RequestCommand = Exclude<Command, { readonly kind: "quit" }>;

/** What happens to a peer, and when: `at` is in milliseconds on a clock that never goes back. */
export type Input = { readonly at: number } & (
  | StartInput
  | { readonly type: "tick" }
  /**
   * This very process stood still, for at most so long: given before anything else that comes after it,
   * whatever the next deadline was (`sleepOf`).
   */
  | { readonly type: "woke"; readonly sleptMs: number }
  | {
      readonly type: "message";
      readonly from: Member;
      readonly channel: Channel;
      readonly message: Message;
      /** The small content that came with it. */
      readonly body: Body | null;
      /**
       * It was under way for at most so many milliseconds, counting what the kernels and a sleep of
       * either process held back: durations only, no two clocks compared. Null where that cannot be told.
       */
      readonly heldMs: number | null;
    }
  /** `broke`: a stream that came from there has just ended, and none is open any more. */
  | {
      readonly type: "unreachable";
      readonly address: Address;
      readonly how: Unreachable;
      readonly broke: boolean;
    }
  /** Who has answered a greeting, where. */
  | {
      readonly type: "greeted";
      readonly address: Address;
      readonly id: number;
      readonly instance: string;
    }
  /** The identity given in the effect is on the disk. */
  | { readonly type: "persisted"; readonly incarnation: number }
  /** `command` is the driver's number, returned in the outcome. */
  | { readonly type: "command"; readonly command: number; readonly what: Command }
  /** A fetch ended. For `store` the copy is durable and indexed. */
  | {
      readonly type: "fetched";
      readonly job: number;
      readonly result: /** `from`: who brought the last of it, where that is not the one who was to. */
        | {
            readonly ok: true;
            readonly size: number;
            readonly sha256: string;
            readonly from?: number;
          }
        /** `here`: its destination would not take it, so that no other sender would do better. */
        | { readonly ok: false; readonly why: string; readonly here: boolean };
    }
  /** A copy held here was read and is not what it was: the driver has set it aside, and keeps its row no more. */
  | { readonly type: "damaged"; readonly write: WriteId }
  /** The disk has room for so many bytes of files. */
  | { readonly type: "room"; readonly bytes: number }
  /** A content served under a request's id has been sent whole, or its taker went away. */
  | { readonly type: "served"; readonly request: RequestId; readonly ok: boolean }
  /** What a store brings under a request's id is not what it was, and nobody has been sent it whole. */
  | { readonly type: "spoilt"; readonly request: RequestId }
  /** Whether the working directory has a file of this name: its size, or null. */
  | { readonly type: "looked"; readonly request: RequestId; readonly size: number | null }
);

/** Where a fetched content goes. */
export type FetchInto =
  /**
   * The store, where this write is merged with those of its name (`merge`). `shared`: others are offered
   * what comes in, while it comes; so what breaks off is over, and not gone on with.
   */
  | {
      readonly kind: "store";
      readonly record: FileRecord;
      readonly sha256: string;
      readonly shared: boolean;
    }
  /** The one who asked for it at this peer. */
  | { readonly kind: "deliver"; readonly command: number; readonly sha256: string | null };

/** A stored write, and other peers that hold it. */
export type Alternatives = { readonly write: WriteId; readonly replicas: readonly Replica[] };
export type Replica = { readonly id: number; readonly address: Address };

/** What is served to whoever names a request's id. */
export type Served =
  /** The content that came with this peer's own command. */
  | { readonly kind: "command"; readonly command: number }
  | { readonly kind: "write"; readonly write: WriteId }
  /** What the fetch of this job brings, while it comes in and until it is a write. */
  | { readonly kind: "arriving"; readonly job: number }
  /** The file of this name in the working directory. */
  | { readonly kind: "local"; readonly name: string };

/** Where the driver finds the small content that goes with a message; without it the message goes alone. */
export type BodySource =
  | { readonly kind: "body"; readonly number: number }
  | { readonly kind: "write"; readonly write: WriteId };

/** What the driver is to do. It begins each in the order given. */
export type Effect =
  | {
      readonly type: "send";
      readonly to: Address;
      readonly channel: Channel;
      readonly message: Message;
      readonly body: BodySource | null;
    }
  /** Keep a stream to each of these and to no others; report as `unreachable` when one cannot be had again. */
  | { readonly type: "watch"; readonly addresses: readonly Address[] }
  /**
   * Reset the streams to and from this address: what is still under way on them must never arrive. What is
   * sent there afterwards goes by new ones.
   */
  | { readonly type: "sever"; readonly address: Address }
  /** The same with all streams that this peer has dialled, wherever they lead. */
  | { readonly type: "sever-dialled" }
  /** Try a connection to this address beside its stream; report as `unreachable` if it cannot be had. */
  | { readonly type: "dial"; readonly address: Address }
  /**
   * Have whoever listens at this address say who it is, on the stream there is or a new one, then give `greeted`;
   * report as `unreachable` if it cannot be reached.
   */
  | { readonly type: "greet"; readonly address: Address }
  /** Make durable, with the id, then give `persisted`. */
  | { readonly type: "persist"; readonly id: number; readonly incarnation: number }
  /** Keep for the next start; only the latest matters. `left`: in good order, so the next start is no return of a member. */
  | {
      readonly type: "save";
      readonly members: readonly Member[];
      /** The last that have gone. */
      readonly departed: readonly Member[];
      readonly left: boolean;
    }
  | { readonly type: "event"; readonly event: PeerEvent }
  /** Then give `fetched`. `from` may be this peer's own address. */
  | {
      readonly type: "fetch";
      readonly job: number;
      readonly file: string;
      readonly from: Address;
      readonly peer: number;
      /** From another peer, from what this one serves itself, or the body that came with a message. */
      readonly source: FetchSource | Extract<BodySource, { kind: "body" }>;
      readonly size: number;
      readonly into: FetchInto;
      /** Where else it is to be had, at the same time: all of it or parts. Null where nobody else is known. */
      readonly alternatives: Alternatives | null;
      /** A copy that nobody waits for: it may be slowed down. */
      readonly repair: boolean;
    }
  /** Merge into the store what brings no content, a removal or word of a write held; then give `fetched`. */
  | { readonly type: "merge"; readonly job: number; readonly record: FileRecord }
  | { readonly type: "serve"; readonly request: RequestId; readonly what: Served }
  /** Look into the working directory, then give `looked`. */
  | { readonly type: "look"; readonly request: RequestId; readonly name: string }
  /** These never have their names any more (`FileRecord.apart`). */
  | { readonly type: "apart"; readonly writes: readonly WriteId[] }
  /**
   * Note in the folder that its peer knew all so long ago, and how old the youngest removal is that may be
   * forgotten: the next start is told (`StartInput.awayMs`, `forgottenMs`).
   */
  | { readonly type: "alive"; readonly awayMs: number; readonly forgottenMs: number | null }
  /** The copy belongs to others now, who have confirmed theirs; or a removal that is old enough. */
  | { readonly type: "drop"; readonly write: WriteId }
  /** The peer is done. `sentence` is null where nothing went wrong. */
  | { readonly type: "exit"; readonly code: number; readonly sentence: string | null };

/** A request at this peer. */
export type Arrival = {
  readonly routed: Routed;
  readonly body: Body | null;
  /** It has not been here before, so the transcript tells of it. */
  readonly first: boolean;
  /** Until when it may be executed without asking its origin. */
  readonly validUntil: number;
};
