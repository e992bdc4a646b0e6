/** Clients that store, request and remove a few names while peers are killed, and take down what they were told. */
import type { Ending, Operation, Outcome } from "../checks/history.ts";
import { type ControlClient, ControlRefused } from "../control/client.ts";
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { baseName } from "../protocol/model/files.ts";
import { makeRandom, type Random, randomBelow } from "../protocol/model/random.ts";
import { sha256 } from "./corpus.ts";
import { CLIENT_PAUSE_MS, CLIENTS, CLIENTS_END_MS } from "./limits.ts";

/** What they need of a peer. */
export type ControlledClient = Pick<ControlClient, "store" | "request" | "remove">;

/** Where they find peers. */
export type ClientRing = {
  living(): readonly number[];
  control(id: number): ControlledClient | undefined;
};

/** An operation that is under way; its end and its outcome come later. */
type Begun = Omit<Operation, "end" | "outcome">;

const UNKNOWN: Outcome = { kind: "unknown" };

/** Of a hundred operations, so many are requests, and so many of the rest removals. */
const REQUESTS = 45;
const REMOVALS = 10;

export class Clients {
  private readonly ended: Operation[] = [];
  private readonly underWay = new Set<Begun>();
  private readonly loops: Promise<void>[] = [];
  private running = false;
  /** One who still waited when the last round was stopped does not go on in the next. */
  private round = 0;
  private written = 0;

  /** @param names theirs alone */
  constructor(
    private readonly ring: ClientRing,
    readonly names: readonly string[],
    private readonly seed: number,
    /** How many of them there are. */
    private readonly count = CLIENTS,
    /** Is given each operation when it has ended. */
    private readonly tell: (operation: Operation) => void = () => {},
  ) {}

  /** All that was asked, what never ended too. */
  get operations(): Operation[] {
    const open = [...this.underWay].map((begun) => ({ ...begun, end: null, outcome: UNKNOWN }));
    return [...this.ended, ...open];
  }

  /** Whether they are at work. */
  get busy(): boolean {
    return this.running;
  }

  /** How many operations had which outcome. */
  counts(): { done: number; refused: number; unknown: number } {
    const counts = { done: 0, refused: 0, unknown: 0 };
    for (const { outcome } of this.operations) counts[outcome.kind] += 1;
    return counts;
  }

  /** They begin, or go on. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.round += 1;
    for (let client = 1; client <= this.count; client++) {
      this.loops.push(this.work(client, makeRandom(this.seed + 7919 * client + this.written)));
    }
  }

  /** They begin nothing more. */
  halt(): void {
    this.running = false;
  }

  /** Resolves when what was under way has ended, or has taken too long. Never rejects. */
  async stop(): Promise<void> {
    this.halt();
    const loops = this.loops.splice(0);
    await Promise.race([Promise.all(loops), Bun.sleep(CLIENTS_END_MS)]);
  }

  /** Requests each name through each living peer, one after the other at each peer. Never rejects. */
  async readAll(): Promise<void> {
    const readAt = async (peer: number): Promise<void> => {
      for (const name of this.names) await this.request(0, peer, name);
    };
    await Promise.all(this.ring.living().map(readAt));
  }

  private async work(client: number, random: Random): Promise<void> {
    const { round } = this;
    const goesOn = (): boolean => this.running && this.round === round;
    while (goesOn()) {
      await Bun.sleep(CLIENT_PAUSE_MS / 2 + randomBelow(random, CLIENT_PAUSE_MS));
      const living = this.ring.living();
      const peer = living[randomBelow(random, Math.max(1, living.length))];
      const name = this.names[randomBelow(random, this.names.length)];
      const draw = randomBelow(random, 100);
      if (!goesOn() || peer === undefined || name === undefined) continue;
      if (draw < REQUESTS) await this.request(client, peer, name);
      else if (draw < REQUESTS + REMOVALS) await this.remove(client, peer, name);
      else await this.store(client, peer, name);
    }
  }

  private async store(client: number, peer: number, name: string): Promise<void> {
    this.written += 1;
    const bytes = new TextEncoder().encode(`${name} ${this.written} ${client} ${this.seed}\n`);
    await this.take(
      { client, peer, kind: "store", name, content: sha256(bytes) },
      async (control) => {
        const outcome = await control.store(name, new Blob([bytes]).stream());
        if (outcome.kind !== "stored") return UNKNOWN;
        return { kind: "done", replicas: outcome.replicas };
      },
    );
  }

  private async remove(client: number, peer: number, name: string): Promise<void> {
    await this.take({ client, peer, kind: "remove", name, content: null }, async (control) => {
      const outcome = await control.remove(name);
      if (outcome.kind === "missing") return { kind: "done", value: null };
      return outcome.kind === "stored" ? { kind: "done", replicas: outcome.replicas } : UNKNOWN;
    });
  }

  private async request(client: number, peer: number, name: string): Promise<void> {
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

  private async take(
    what: Omit<Begun, "start">,
    ask: (control: ControlledClient) => Promise<Outcome>,
  ): Promise<void> {
    const control = this.ring.control(what.peer);
    if (control === undefined) return;
    const begun: Begun = { ...what, start: epochNow() };
    this.underWay.add(begun);
    const outcome = await ask(control).catch((error: unknown) => outcomeOf(what.kind, error));
    this.underWay.delete(begun);
    const operation = { ...begun, end: epochNow(), outcome };
    this.ended.push(operation);
    this.tell(operation);
  }
}

/** What says that nothing was done, nor will be. */
const REFUSALS: ReadonlySet<string> = new Set(["busy", "bad-request", "refused"]);

/** What a peer's refusal, or its silence, says of an operation. */
function outcomeOf(kind: Operation["kind"], error: unknown): Outcome {
  if (!(error instanceof ControlRefused)) return UNKNOWN;
  if (error.kind === "not-found" && kind !== "store") return { kind: "done", value: null };
  return REFUSALS.has(error.kind) ? { kind: "refused" } : UNKNOWN;
}

/** What names stand for, by a listing of all files. */
export async function endingsOf(
  control: Pick<ControlClient, "list">,
  names: readonly string[],
): Promise<Ending[]> {
  const { files, silent } = await control.list();
  if (silent > 0) throw new Failure(`${silent} peers did not say what they hold`);
  const records = files.map(({ record }) => record).filter(({ removed }) => !removed);
  return names.map((name) => ({
    name,
    value: records.find((record) => record.name === name)?.sha256 ?? null,
    conflicts: records
      .filter((record) => record.name !== name && baseName(record.name) === name)
      .map((record) => record.sha256),
  }));
}
