/** How a peer comes into its ring, and how it goes. */
import type { ByWrite } from "../model/by-write.ts";
import { fieldsOf, itself, listOf, mapOf, nullOr, setOf, shared } from "../model/copying.ts";
import type { RequestCommand } from "../model/io.ts";
import type { Address, Member } from "../model/member.ts";
import type { RequestId, Routed, Standing } from "../model/messages.ts";

/** A joiner's way into the ring. */
export type Joining = {
  readonly contact: Address;
  readonly contactName: string;
  readonly proposed: boolean;
  readonly startedAt: number;
  request: RequestId;
  unanswered: number;
  acceptance: {
    readonly incarnation: number;
    readonly members: readonly Member[];
    readonly standing: Standing;
    readonly acceptor: Member;
  } | null;
};

/** The way back of a peer that left in good order: those who may take it in. */
export type Returning = {
  /** Former members that have said nothing yet, by address. */
  readonly silent: Map<Address, Member>;
  /** All instances known then: one of them that is in the ring says that the ring has gone on. */
  readonly instances: ReadonlySet<string>;
  readonly until: number;
  retryMs: number;
  /** Those in the ring that were started anew since. */
  readonly restarted: Member[];
  /** What is asked of this peer meanwhile, and waits. */
  readonly commands: { readonly command: number; readonly what: RequestCommand }[];
};

/** The one joiner that is let into this peer's gap at a time. */
export type Lock = {
  readonly request: RequestId;
  readonly joiner: Member;
  /** Its predecessor knows, so the joiner may be told. */
  told: boolean;
};

/** The last steps of a leaver. */
export type Departing = {
  readonly request: RequestId;
  /** Whose word it waits for. */
  readonly waiting: Set<number>;
  /** What it held when it said that it goes. */
  readonly kept: ByWrite<true>;
};

/** The lifecycle's part of a peer. */
export type Lifecycle = {
  /** The last time that this very process stood still: until when, and for how long at most. */
  sleep: { readonly until: number; readonly ms: number } | null;
  joining: Joining | null;
  returning: Returning | null;
  /** It is to be said who is there, once that is known: a founder has come back to its ring. */
  returns: boolean;
  lock: Lock | null;
  /** Joins that wait for word whether the id they want is still held, by that id. */
  readonly contested: Map<number, Routed>;
  /** When a joiner came in: it cannot tell who of the others came just before it, and who was there long. */
  enteredAt: number;
  /** What a leaver still has to hand on, as it was last looked at, and until when it may. */
  handOver: { readonly short: number; readonly until: number; readonly said: boolean } | null;
  departing: Departing | null;
};

/** The part of a peer that has not been given its first input. */
export function makeLifecycle(): Lifecycle {
  return {
    sleep: null,
    joining: null,
    returning: null,
    returns: false,
    lock: null,
    contested: new Map(),
    enteredAt: Number.NEGATIVE_INFINITY,
    handOver: null,
    departing: null,
  };
}

/** How deep this part of a peer changes. */
export const LIFECYCLE = fieldsOf<Lifecycle>({
  sleep: shared,
  joining: nullOr((joining) => ({ ...joining })),
  returning: nullOr(
    fieldsOf<Returning>({
      silent: mapOf(),
      instances: shared,
      until: shared,
      retryMs: shared,
      restarted: listOf,
      commands: listOf,
    }),
  ),
  returns: shared,
  lock: nullOr((lock) => ({ ...lock })),
  contested: mapOf(),
  enteredAt: shared,
  handOver: shared,
  departing: nullOr(fieldsOf<Departing>({ request: shared, waiting: setOf, kept: itself })),
});
