/** A network of somebody else's program, in a working folder of its own, from its first peer to its last process. */
import { cpSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ProgramPeer } from "../foreign/peer.ts";
import { Program } from "../foreign/program.ts";
import type { Reading } from "../foreign/reading.ts";
import { overLimits } from "../foreign/usage.ts";
import { giveTo, type User } from "../foreign/user.ts";
import { takenIds } from "../lab/ports.ts";
import { temporaryFolder } from "../lab/ring-folder.ts";
import { Failure } from "../protocol/model/failure.ts";
import { displayPeers } from "../terminal/display.ts";
import { PORTS_MS } from "./limits.ts";
import { Notes } from "./notes.ts";
import { NETWORK, neighbour } from "./rubric.ts";
import { Transcript, type Wanted } from "./transcript.ts";

/** What is marked, and how. */
export type StagePlan = {
  /** The program and its first arguments; `{}` in a word stands for the working folder. */
  readonly command: readonly string[];
  /** A folder that each network has a copy of as its working folder; null for an empty one. */
  readonly folder: string | null;
  readonly intervalMs: number;
  readonly reading: Reading;
  readonly terminal: boolean;
  /** Who the program runs as; null for whoever marks it. */
  readonly user: User | null;
  /** See `isOwnWorld`. */
  readonly ownWorld: boolean;
  /** Files that lie in the working folder from the start: there may be no room for them later. */
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[];
};

/** The assignment's peers listen on this and their id. */
const BASE_PORT = 12_000;
const JOINER = 15;

export class Stage {
  readonly dir: string;
  readonly transcript: Transcript;
  /** When its first peer was started, in milliseconds of `performance.now()`. */
  readonly openedMs = performance.now();
  readonly notes = new Notes();
  private readonly program: Program;
  private unwatch: () => void = () => {};
  private changed: () => void = () => {};

  private constructor(private readonly plan: StagePlan) {
    this.dir = temporaryFolder("p2p-mark-");
    this.transcript = new Transcript(plan.reading);
    const voice = {
      line: (from: number, text: string, prompts: readonly string[]) =>
        this.transcript.say(from, text, prompts),
      ended: () => this.changed(),
    };
    this.program = new Program({ ...plan, dir: this.dir, ownFolder: true }, voice);
  }

  /**
   * Starts the assignment's network.
   * @throws Failure if the program cannot be run, or its ports stay in use
   */
  static async open(plan: StagePlan, wanted: readonly Wanted[]): Promise<Stage> {
    await untilFree();
    const stage = new Stage(plan);
    try {
      stage.fill();
      stage.transcript.begin(wanted);
      stage.unwatch = overLimits(plan.ownWorld, (why) => stage.stopAll(why));
      for (const id of NETWORK) {
        stage.start(id, ["init", id, neighbour(id, 1), neighbour(id, 2)]);
      }
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** @throws Failure if no such peer was started */
  peer(id: number): ProgramPeer {
    const peer = this.program.peers.get(id);
    if (peer === undefined) throw new Failure(`Peer ${id} was not started.`);
    return peer;
  }

  join(id: number, known: number): void {
    this.start(id, ["join", id, known]);
  }

  /** True where something runs that has printed nothing at all. */
  get silent(): boolean {
    return this.program.silent;
  }

  /**
   * Waits for lines that were given to `transcript.begin`: until all are there, or `limitMs` are over, or
   * every peer that owes one has ended.
   */
  async expect(wanted: readonly Wanted[], limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.changed = () => {
      if ([...this.transcript.owing(wanted)].every((id) => !this.runs(id))) resolve();
    };
    this.changed();
    await Promise.race([this.transcript.complete(limitMs), promise]);
    this.changed = () => {};
  }

  /** Ends all that was started, and removes the working folder. Never rejects. */
  async close(): Promise<void> {
    this.unwatch();
    for (const peer of this.program.peers.values()) {
      const why = peer.trouble();
      if (why !== null) this.notes.add(why, peer.id);
    }
    const left = await this.program.close();
    if (left > 0) this.notes.add(`${left} of the program's processes could not be ended`);
    await rm(this.dir, { recursive: true, force: true }).catch(() => {});
  }

  /** @throws Failure if the folder and the files have no room */
  private fill(): void {
    const { folder, files } = this.plan;
    try {
      if (folder !== null) cpSync(folder, this.dir, { recursive: true });
      for (const { name, content } of files) writeFileSync(join(this.dir, name), content);
      if (this.plan.user !== null) giveTo(this.plan.user, this.dir);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Failure(`The working folder could not be made: ${why}.`);
    }
  }

  private start(id: number, args: readonly (string | number)[]): void {
    this.program.start(id, [...args, this.plan.intervalMs / 1000]);
  }

  private runs(id: number): boolean {
    return this.program.peers.get(id)?.running === true;
  }

  /** It used more than there is for it. */
  private stopAll(why: string): void {
    this.notes.add(`the program ${why}: it was ended`);
    void this.program.kill();
  }
}

/** Programs that do not ask for a port again at once may have it kept for a minute by the system. */
async function untilFree(): Promise<void> {
  const limit = performance.now() + PORTS_MS;
  for (;;) {
    const taken = await takenIds(BASE_PORT, [...NETWORK, JOINER]);
    if (taken.length === 0) return;
    if (performance.now() > limit) {
      throw new Failure(
        `The ports of ${displayPeers(taken)} (${BASE_PORT} and the id) are in use by another program: stop it.`,
      );
    }
    await Bun.sleep(250);
  }
}
