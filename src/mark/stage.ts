/** A network of somebody else's program, in a working folder of its own, from its first peer to its last process. */
import { rm } from "node:fs/promises";
import type { ProgramPeer } from "../foreign/peer.ts";
import { Program } from "../foreign/program.ts";
import type { Reading } from "../foreign/reading.ts";
import { overLimits } from "../foreign/usage.ts";
import { untilFree } from "../lab/ports.ts";
import { Failure } from "../protocol/model/failure.ts";
import { Notes } from "./notes.ts";
import { NETWORK, neighbour } from "./rubric.ts";
import { Transcript, type Wanted } from "./transcript.ts";
import { fillWorkFolder, newWorkFolder, type WorkPlan } from "./work-folder.ts";

/** What is marked, and how. */
export type StagePlan = WorkPlan & {
  /** The program and its first arguments; `{}` in a word stands for the working folder. */
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly reading: Reading;
  readonly terminal: boolean;
  /** See `isOwnWorld`. */
  readonly ownWorld: boolean;
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
    this.dir = newWorkFolder();
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
    await untilFree(BASE_PORT, [...NETWORK, JOINER]);
    const stage = new Stage(plan);
    try {
      fillWorkFolder(stage.dir, plan);
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
