/** Asks peers of a ring for clients, and takes down what was asked and what they were told. */
import type { Operation, Outcome } from "../checks/history.ts";
import { type ControlClient, ControlRefused } from "../control/client.ts";
import { epochNow } from "../control/types.ts";
import { sha256 } from "./corpus.ts";

/** What they need of a peer. */
export type ControlledClient = Pick<ControlClient, "store" | "request" | "remove">;

/** Where they find peers. */
export type ClientRing = {
  living(): readonly number[];
  control(id: number): ControlledClient | undefined;
};

/** How many operations had which outcome. */
export type OutcomeCounts = {
  readonly done: number;
  readonly refused: number;
  readonly unknown: number;
};

/** An operation that is under way; its end and its outcome come later. */
type Begun = Omit<Operation, "end" | "outcome">;

const UNKNOWN: Outcome = { kind: "unknown" };

export class Asker {
  private readonly ended: Operation[] = [];
  private readonly underWay = new Set<Begun>();
  private written = 0;

  /**
   * @param seed for contents, none of which is stored twice
   * @param tell is given each operation when it has ended
   */
  constructor(
    private readonly ring: ClientRing,
    private readonly seed: number,
    private readonly tell: (operation: Operation) => void = () => {},
  ) {}

  /** All that was asked, what never ended too. */
  get operations(): Operation[] {
    return [...this.ended, ...[...this.underWay].map(unended)];
  }

  /** How many stores were begun. */
  get stores(): number {
    return this.written;
  }

  counts(): OutcomeCounts {
    const counts = { done: 0, refused: 0, unknown: 0 };
    for (const { outcome } of this.operations) counts[outcome.kind] += 1;
    return counts;
  }

  /** Takes down what somebody else asked. */
  note(operation: Operation): void {
    this.ended.push(operation);
    this.tell(operation);
  }

  /** What is under way is waited for no more: nobody knows what becomes of it. */
  giveUp(): void {
    for (const begun of this.underWay) this.note(unended(begun));
    this.underWay.clear();
  }

  /** @param size in bytes; one that is too small to tell contents apart is made larger */
  async store(client: number, peer: number, name: string, size: number): Promise<void> {
    this.written += 1;
    const mark = new TextEncoder().encode(`${name} ${this.written} ${client} ${this.seed}\n`);
    const bytes = new Uint8Array(Math.max(size, mark.length));
    for (let at = 0; at < bytes.length; at += mark.length) {
      bytes.set(mark.subarray(0, bytes.length - at), at);
    }
    await this.take(
      { client, peer, kind: "store", name, content: sha256(bytes) },
      async (control) => {
        const outcome = await control.store(name, new Blob([bytes]).stream());
        if (outcome.kind !== "stored") return UNKNOWN;
        return { kind: "done", replicas: outcome.replicas };
      },
    );
  }

  async remove(client: number, peer: number, name: string): Promise<void> {
    await this.take({ client, peer, kind: "remove", name, content: null }, async (control) => {
      const outcome = await control.remove(name);
      if (outcome.kind === "missing") return { kind: "done", value: null };
      return outcome.kind === "stored" ? { kind: "done", replicas: outcome.replicas } : UNKNOWN;
    });
  }

  async request(client: number, peer: number, name: string): Promise<void> {
    await this.take({ client, peer, kind: "request", name, content: null }, async (control) => {
      const pieces: Uint8Array[] = [];
      const incoming = await control.request(name);
      await incoming.read((piece) => {
        pieces.push(piece.slice());
        return undefined;
      });
      return { kind: "done", value: sha256(Buffer.concat(pieces)) };
    });
  }

  /** Requests each name through each living peer, one after the other at each peer. Never rejects. */
  async readAll(names: readonly string[]): Promise<void> {
    const readAt = async (peer: number): Promise<void> => {
      for (const name of names) await this.request(0, peer, name);
    };
    await Promise.all(this.ring.living().map(readAt));
  }

  private async take(
    what: Omit<Begun, "start">,
    ask: (control: ControlledClient) => Promise<Outcome>,
  ): Promise<void> {
    const control = this.ring.control(what.peer);
    if (control === undefined) return;
    const begun: Begun = { ...what, start: epochNow() };
    this.underWay.add(begun);
    const outcome = await ask(control).catch((error: unknown) => outcomeOf(what.kind, error));
    // It may have been given up meanwhile.
    if (this.underWay.delete(begun)) this.note({ ...begun, end: epochNow(), outcome });
  }
}

function unended(begun: Begun): Operation {
  return { ...begun, end: null, outcome: UNKNOWN };
}

/** What says that nothing was done, nor will be. */
const REFUSALS: ReadonlySet<string> = new Set(["busy", "bad-request", "refused"]);

/** What a peer's refusal, or its silence, says of an operation. */
function outcomeOf(kind: Operation["kind"], error: unknown): Outcome {
  if (!(error instanceof ControlRefused)) return UNKNOWN;
  if (error.kind === "not-found" && kind !== "store") return { kind: "done", value: null };
  return REFUSALS.has(error.kind) ? { kind: "refused" } : UNKNOWN;
}
