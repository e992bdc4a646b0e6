/**
 * Where all comes in that is for a peer: from its sockets, which are open before it lives, and from what it has
 * begun itself. Inputs wait here for their turn.
 */
import type { Input } from "../protocol/model/io.ts";
import { type Address, isExpected, type Member } from "../protocol/model/member.ts";
import type { View } from "../protocol/model/view.ts";
import type { Offers } from "./contents/offers.ts";

/** An input without its time, which the driver adds. */
export type Untimed<T = Input> = T extends Input ? Omit<T, "at"> : never;

export type Waiting = { readonly input: Untimed; readonly givenAt: number };

/** A peer that lives. */
export type Received = {
  /** An input waits, or several do. */
  wake(): void;
  /** Ends the peer for an error that nobody expected. */
  fail(error: unknown): void;
  /** Opens what another peer fetches. */
  open: Offers["openFor"];
  /** Its members, just now. */
  view(): View;
};

export class Reception {
  readonly #waiting: Waiting[] = [];
  #given = 0;
  /** Null until it lives. */
  #peer: Received | null = null;
  #over = false;
  /** Where the members of a view are, worked out once for each: the sockets ask for every datagram. */
  #members: { readonly view: View; readonly addresses: ReadonlySet<Address> } | null = null;

  /** The peer lives, and hears of what comes from now on. */
  begin(peer: Received): void {
    this.#peer = peer;
  }

  /** Nothing is given to the peer any more. */
  end(): void {
    this.#over = true;
    this.#waiting.length = 0;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Gives an input now, or right after those that wait; it is dropped where no peer lives. */
  give(input: Untimed): void {
    if (this.#peer === null || this.#over) return;
    this.#given += 1;
    this.#waiting.push({ input, givenAt: performance.now() });
    this.#peer.wake();
  }

  /** Inputs that have been given to a peer that lived. */
  get given(): number {
    return this.#given;
  }

  /** The peer leaves its ring. */
  quit(): void {
    this.give({ type: "command", command: 0, what: { kind: "quit" } });
  }

  /** The input whose turn it is; it waits no more. */
  next(): Waiting | undefined {
    return this.#waiting.shift();
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Somebody was called, and threw. @throws the error where no peer has lived yet that could end of it */
  fail(error: unknown): void {
    if (this.#peer === null) throw error;
    this.#peer.fail(error);
  }

  /** The members that have never answered yet. */
  get expected(): readonly Member[] {
    const view = this.#peer?.view();
    return view === undefined || view.expected === 0 ? [] : view.members.filter(isExpected);
  }

  /** Nobody is known to one that does not live yet. */
  isMember(address: Address): boolean {
    if (this.#peer === null) return false;
    const view = this.#peer.view();
    if (this.#members?.view !== view) {
      this.#members = { view, addresses: new Set(view.members.map((m) => m.address)) };
    }
    return this.#members.addresses.has(address);
  }

  open(...asked: Parameters<Offers["openFor"]>): ReturnType<Offers["openFor"]> {
    return this.#peer?.open(...asked) ?? { refused: "This peer is not ready yet." };
  }
}

/** A message that has waited here, or while this process was stopped, is older by as much. */
export function timed(input: Untimed, at: number, waitedMs: number): Input {
  // The most frequent are made field by field: a spread takes longer.
  if (input.type === "fetched") {
    const { type, job, result } = input;
    return { type, job, result, at };
  }
  if (input.type !== "message") return { ...input, at };
  const { type, from, channel, message, body, heldMs } = input;
  const held = heldMs === null ? null : heldMs + waitedMs;
  return { type, from, channel, message, body, heldMs: held, at };
}
