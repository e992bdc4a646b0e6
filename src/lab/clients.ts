/** Clients that store, request and remove a few names while peers are broken, and take down what they were told. */
import type { Ending, Operation } from "../checks/history.ts";
import type { ControlClient } from "../control/client.ts";
import { Failure } from "../protocol/model/failure.ts";
import { baseName } from "../protocol/model/files.ts";
import { makeRandom, type Random, randomBelow } from "../protocol/model/random.ts";
import { Asker, type ClientRing, type OutcomeCounts } from "./asker.ts";
import { CLIENTS_END_MS } from "./limits.ts";
import type { Orders } from "./orders.ts";

/** Whoever puts a ring under load while it is broken. */
export type Load = {
  /** Theirs alone, as far as is known now. */
  readonly names: readonly string[];
  /** Whether they are at work. */
  readonly busy: boolean;
  /** All that was asked, what never ended too. */
  readonly operations: readonly Operation[];
  /** How many operations had which outcome. */
  counts(): OutcomeCounts;
  /** They begin, or go on. */
  start(): void;
  /** They begin nothing more. */
  halt(): void;
  /** Resolves when what was under way has ended, or has taken too long. @throws Failure if they broke their own rules */
  stop(): Promise<void>;
  /** Requests each name through each living peer, one after the other at each peer. Never rejects. */
  readAll(): Promise<void>;
};

export class Clients implements Load {
  private readonly asker: Asker;
  private readonly loops: Promise<void>[] = [];
  private running = false;
  /** One who still waited when the last round was stopped does not go on in the next. */
  private round = 0;

  /** @param tell is given each operation when it has ended */
  constructor(
    private readonly ring: ClientRing,
    private readonly orders: Orders,
    private readonly seed: number,
    tell: (operation: Operation) => void = () => {},
  ) {
    this.asker = new Asker(ring, seed, tell);
  }

  get names(): readonly string[] {
    return this.orders.names;
  }

  get operations(): Operation[] {
    return this.asker.operations;
  }

  get busy(): boolean {
    return this.running;
  }

  counts(): OutcomeCounts {
    return this.asker.counts();
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.round += 1;
    for (const client of this.orders.clients) {
      const random = makeRandom(this.seed + 7919 * client + this.asker.stores);
      this.loops.push(this.work(client, random));
    }
  }

  halt(): void {
    this.running = false;
  }

  async stop(): Promise<void> {
    this.halt();
    const loops = this.loops.splice(0);
    await Promise.race([Promise.all(loops), Bun.sleep(CLIENTS_END_MS)]);
    this.asker.giveUp();
  }

  async readAll(): Promise<void> {
    await this.asker.readAll(this.names);
  }

  private async work(client: number, random: Random): Promise<void> {
    const { round } = this;
    const goesOn = (): boolean => this.running && this.round === round;
    while (goesOn()) {
      const { kind, name, size, peer, pauseMs } = this.orders.next(client, random);
      // Where nobody can be asked, nothing else takes any time.
      await Bun.sleep(Math.max(1, pauseMs));
      const living = this.ring.living();
      const drawn = living[randomBelow(random, Math.max(1, living.length))];
      const at = peer ?? drawn;
      if (!goesOn() || at === undefined) continue;
      if (kind === "store") await this.asker.store(client, at, name, size);
      else await this.asker[kind](client, at, name);
    }
  }
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
