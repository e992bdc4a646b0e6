/** Clients that store, request and remove a few names through random peers, each one thing at a time. */
import type { Operation, Outcome, Value } from "../../src/checks/history.ts";
import { ControlRefused } from "../../src/control/call.ts";
import type { ControlClient } from "../../src/control/client.ts";
import { inTime } from "../../src/control/waiting.ts";
import type { Outcome as Answer } from "../../src/protocol/model/events.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { sha256 } from "../store/temporary.ts";
import type { HostRing } from "./host-ring.ts";

/** Many that do little: most wait while a fault lasts, and something has to be begun all the same. */
const CLIENTS = 16;
/** From the end of one operation to the next of the same client, in the mean. */
const PAUSE_MS = 500;
/** Stores of a thousand operations, and removals of a thousand others at a name that is removed at all. */
const STORES = 450;
const REMOVALS = 300;
/** Of a thousand contents, those that are too large to travel with a message. */
const LARGE = 50;
const LARGE_BYTES = 100_000;
/** Of a thousand operations that would go to a frozen peer: a client that waits asks nothing else. */
const AT_FROZEN = 10;
/** Longer than any operation may take: a peer gives up a store after 20 s. */
const END_LIMIT_MS = 60_000;

export type Names = {
  /** Stored and requested alone: no removal, heard of or not, can be why a write is gone. */
  readonly lasting: readonly string[];
  readonly removed: readonly string[];
};

export class Clients {
  /** By the hashes of contents. */
  readonly operations: Operation[] = [];
  /** The writes that were acknowledged. */
  readonly acknowledged: FileRecord[] = [];
  readonly #clients: readonly Promise<void>[];
  #stopped = false;
  #contents = 0;

  /** They begin at once. */
  constructor(
    private readonly ring: HostRing,
    private readonly names: Names,
    seed: number,
  ) {
    this.#clients = Array.from({ length: CLIENTS }, (_, client) =>
      this.#work(client, new RandomGenerator(seed + client)),
    );
  }

  /** Begins nothing more. @throws Error if an operation does not end */
  async stop(): Promise<void> {
    this.#stopped = true;
    const late = () => new Error(`an operation has not ended after ${END_LIMIT_MS} ms`);
    await inTime(Promise.all(this.#clients), END_LIMIT_MS, late);
  }

  async #work(client: number, generator: RandomGenerator): Promise<void> {
    while (!this.#stopped) {
      await Bun.sleep(generator.exponential(PAUSE_MS));
      const n = generator.pick(this.ring.numbers);
      if (this.ring.peer(n).frozen && !generator.perMille(AT_FROZEN)) continue;
      const { lasting, removed } = this.names;
      const name = generator.pick([...lasting, ...removed]);
      if (generator.perMille(STORES)) await this.store(n, name, client, generator.perMille(LARGE));
      else if (removed.includes(name) && generator.perMille(REMOVALS))
        await this.#remove(n, name, client);
      else await this.#request(n, name, client);
    }
  }

  /** Stores a new content at a peer. */
  async store(n: number, name: string, client: number, large = false): Promise<void> {
    const text = `content ${this.#contents++} of ${name}\n`;
    const bytes = Buffer.from(large ? text.repeat(LARGE_BYTES / text.length) : text);
    const asked = () => this.ring.control(n).store(name, new Blob([bytes]).stream());
    await this.#note({ client, n, name, kind: "store", content: sha256(bytes) }, async () =>
      this.#outcomeOf(await asked()),
    );
  }

  async #remove(n: number, name: string, client: number): Promise<void> {
    await this.#note({ client, n, name, kind: "remove", content: null }, async () =>
      this.#outcomeOf(await this.ring.control(n).remove(name)),
    );
  }

  async #request(n: number, name: string, client: number): Promise<void> {
    await this.#note({ client, n, name, kind: "request", content: null }, async () => {
      return { kind: "done", value: await readAt(this.ring.control(n), name) };
    });
  }

  async #note(
    { n, ...what }: Pick<Operation, "client" | "name" | "kind" | "content"> & { n: number },
    work: () => Promise<Outcome>,
  ): Promise<void> {
    const start = performance.now();
    const outcome = await work().catch((error: unknown): Outcome => {
      const refused = error instanceof ControlRefused && error.kind === "refused";
      return { kind: refused || what.kind === "request" ? "refused" : "unknown" };
    });
    this.operations.push({
      ...what,
      peer: this.ring.idOf(n),
      start,
      end: performance.now(),
      outcome,
    });
  }

  #outcomeOf(answer: Answer): Outcome {
    if (answer.kind === "missing") return { kind: "done", value: null };
    // Whoever says that it failed may be wrong about it.
    if (answer.kind !== "stored") return { kind: "unknown" };
    this.acknowledged.push(answer.record);
    return { kind: "done", replicas: answer.replicas };
  }
}

/**
 * Requests a name.
 * @returns the hash of its content; null if the ring has no such file
 * @throws Failure if there was no answer
 */
export async function readAt(control: ControlClient, name: string): Promise<Value> {
  try {
    const incoming = await control.request(name);
    const hasher = new Bun.CryptoHasher("sha256");
    await incoming.read((piece) => {
      hasher.update(piece);
      return undefined;
    });
    return hasher.digest("hex");
  } catch (error) {
    if (error instanceof ControlRefused && error.kind === "not-found") return null;
    throw error;
  }
}
