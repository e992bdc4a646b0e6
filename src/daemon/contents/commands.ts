/** The commands given to this peer that have not ended: where their content comes from and goes to. */
import type { Outcome } from "../../protocol/model/events.ts";
import type { Command } from "../../protocol/model/io.ts";
import type { Content } from "../../store/content.ts";
import type { Delivery } from "../../store/user-files.ts";

/** Takes a content whose hash is known by the time it ends. */
export type Taking = Omit<Delivery, "sha256">;

/**
 * `open` gives null if the content is gone; `wrong` is called when it was read and was another. `spoilt` is
 * true once it is not what it was, and nobody has been given its last byte.
 */
export type Brings = {
  readonly open: () => Content | null;
  readonly sha256: string;
  readonly wrong: () => void;
  readonly spoilt: () => boolean;
};

export type Given = {
  readonly name: string;
  /** The content that a store brings: opened again and again, and what it must hash to. */
  readonly brings: Brings | null;
  /** Begins to take the content that a request asked for. */
  readonly deliver: (() => Taking) | null;
  readonly ended: (outcome: Outcome) => void;
  /** It has ended without success: nobody is given any more of what it brings. */
  failed?: boolean;
};

/** A command brings and takes nothing unless it says so. */
export type Begun = Pick<Given, "name" | "ended"> & Partial<Pick<Given, "brings" | "deliver">>;

export class Commands {
  readonly #given = new Map<number, Given>();
  #next = 1;

  /** Who wants to know of each command that has ended, after its own `ended`. */
  readonly #readers: ((command: number) => void)[] = [];

  /** @param give gives the peer a command under its number */
  constructor(private readonly give: (command: number, what: Command) => void) {}

  whenEnded(reader: (command: number) => void): void {
    this.#readers.push(reader);
  }

  /** Gives a command to the peer. @returns the number by which the protocol knows it */
  begin(what: Command, { name, ended, brings = null, deliver = null }: Begun): number {
    const number = this.#next++;
    this.#given.set(number, { name, ended, brings, deliver });
    this.give(number, what);
    return number;
  }

  get(number: number): Given | undefined {
    return this.#given.get(number);
  }

  end(number: number, outcome: Outcome): void {
    const given = this.#given.get(number);
    this.#given.delete(number);
    if (given !== undefined) given.failed = outcome.kind === "failed";
    given?.ended(outcome);
    for (const reader of this.#readers) reader(number);
  }

  get size(): number {
    return this.#given.size;
  }
}
