/**
 * A ring of real peers with drawn ids, each on a host of its own. What is done to them here is noted, so
 * that one can tell afterwards who could reach whom.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { between } from "../../src/checks/history.ts";
import { brokenChecks, checkRing } from "../../src/checks/ring.ts";
import { type ControlClient, controlClient } from "../../src/control/client.ts";
import { snapshotOf } from "../../src/control/snapshot.ts";
import { unrest } from "../support/calm.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { Wake } from "../support/wake.ts";
import { Network } from "./network.ts";
import { Reach } from "./reach.ts";

/** Where a peer listens unless told otherwise: each has its host for itself. */
const PORT = 12_256;
const CALM_LIMIT_MS = 60_000;
const START_LIMIT_MS = 20_000;

export class HostRing {
  readonly network: Network;
  readonly peers: PeerProcess[] = [];
  /** Who could reach whom so far; empty before the ring is calm for the first time. */
  reach = new Reach([]);
  readonly #dir = mkdtempSync(join(tmpdir(), "p2p-hosts-"));
  readonly #wake = new Wake();
  #ids: readonly number[] = [];

  /** What the founder of a closed ring gives to those who come; null once all are in, or where nobody needs it. */
  #invite: string | null = null;

  private constructor(
    readonly size: number,
    private readonly isClosed: boolean,
  ) {
    this.network = new Network(size);
  }

  /**
   * Founds a ring, closed by a key or open, has the others join it one after the other, and waits until it is calm. In a closed
   * one each comes in by an invite, and has the key in its folder from then on.
   */
  static async open(size: number, isClosed: boolean): Promise<HostRing> {
    const ring = new HostRing(size, isClosed);
    try {
      for (const n of ring.numbers) {
        ring.start(n);
        const line = await ring.peer(n).waitFor(n === 0 ? /^p2p join / : /has been accepted$/);
        if (n === 0 && isClosed) ring.#invite = line.text.replace("p2p join ", "");
      }
      ring.#invite = null;
      await ring.calm();
      const said = await Promise.all(ring.numbers.map((n) => ring.control(n).status()));
      ring.#ids = said.map(({ self }) => self.id);
      ring.reach = new Reach(ring.#ids);
      return ring;
    } catch (error) {
      await ring.close();
      throw error;
    }
  }

  /** The peers' numbers, from 0, which are those of their hosts. */
  get numbers(): number[] {
    return Array.from({ length: this.size }, (_, n) => n);
  }

  peer(n: number): PeerProcess {
    const peer = this.peers[n];
    if (peer === undefined) throw new Error(`peer ${n} was never started`);
    return peer;
  }

  /** The position of a peer on the circle, which it keeps wherever it moves. */
  idOf(n: number): number {
    return this.#ids[n] ?? Number.NaN;
  }

  #idsOf(numbers: readonly number[]): number[] {
    return numbers.map((n) => this.idOf(n));
  }

  folder(n: number): string {
    return join(this.#dir, `${n}`);
  }

  control(n: number): ControlClient {
    return controlClient(this.folder(n));
  }

  /** Starts a peer, or starts it again, at its host's present address. */
  start(n: number): void {
    const { namespace, address } = this.network.host(n);
    const through = this.#invite ?? `${this.network.host(0).address}:${PORT}`;
    const how = n === 0 ? ["init"] : ["join", through];
    const open = this.isClosed ? [] : ["--insecure"];
    const args = [...how, "--host", address, ...open, "--data", this.folder(n)];
    const inside = ["ip", "netns", "exec", namespace];
    this.peers[n] = new PeerProcess({ args, cwd: this.#dir, inside }, this.#wake);
  }

  /** The peers that hold a file, its owner first. */
  async holders(name: string): Promise<number[]> {
    const outcome = await this.control(0).where(name);
    if (outcome.kind !== "where") throw new Error(`where ${name}: ${JSON.stringify(outcome)}`);
    return outcome.replicas.map((id) => this.#ids.indexOf(id));
  }

  // A fault is noted before it begins, and its end when it is over: what happens in between is in it.

  /** Cuts the lines between groups of hosts. */
  part(groups: readonly (readonly number[])[]): void {
    this.reach.note({ severed: between(...groups.map((g) => this.#idsOf(g))) });
    this.network.part(groups);
  }

  join(): void {
    this.network.join();
    this.reach.note({ severed: [] });
  }

  freeze(numbers: readonly number[]): void {
    this.reach.note({ frozen: this.#idsOf(numbers) });
    for (const n of numbers) this.peer(n).signal("SIGSTOP");
  }

  thaw(): void {
    for (const peer of this.peers) if (peer.frozen) peer.signal("SIGCONT");
    this.reach.note({ frozen: [] });
  }

  /** Kills a peer, has its host move, and starts it there again; resolves when it is in the ring. */
  async move(n: number): Promise<void> {
    this.reach.note({ running: this.#ids.filter((_, other) => other !== n) });
    await this.peer(n).kill();
    this.network.move(n);
    this.start(n);
    const look = async () => {
      this.#refuseEnd(n);
      return await this.control(n)
        .status()
        .catch(() => null);
    };
    await this.#wake.until(`peer ${n} at its new address`, START_LIMIT_MS, look);
    this.reach.note({ running: this.#ids });
  }

  /** Waits until all views are right, stores under way or not. @throws Error that says what is not */
  async agree(): Promise<void> {
    await this.#until("views that agree", async () => {
      const said = await Promise.all(this.numbers.map((n) => this.control(n).status()));
      return brokenChecks(checkRing(said.map(snapshotOf))).join(", ");
    });
  }

  /** Waits until all say that R1 to R8 hold, and every file has its copies. @throws Error that says what does not */
  async calm(): Promise<void> {
    await this.#until("calm", () => unrest(this.numbers.map((n) => this.folder(n))));
  }

  /** @param look says what is still wrong; "" if nothing is */
  async #until(what: string, look: () => Promise<string>): Promise<void> {
    let wrong = "";
    const right = async () => {
      for (const n of this.numbers) this.#refuseEnd(n);
      wrong = await look().catch(String);
      return wrong === "" ? true : null;
    };
    await this.#wake.until(`${what} on ${this.size} hosts`, CALM_LIMIT_MS, right, () => wrong);
  }

  /** @throws Error if a peer has ended */
  #refuseEnd(n: number): void {
    const { end, errors } = this.peer(n);
    if (end === null) return;
    throw new Error(`peer ${n} ended with ${end.code ?? end.signal}: ${errors.join("\n")}`);
  }

  /** Ends the peers and removes their hosts and folders. */
  async close(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.kill()));
    this.network.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
