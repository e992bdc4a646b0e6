/**
 * The marking itself: four networks of the program, one after the other, in each of which something is done.
 * Nothing is skipped because something before it went wrong: each criterion has its own network, or goes on
 * in what is left of one.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SILENCE_MS } from "../foreign/limits.ts";
import {
  CRITERION_MS,
  DEATH_INTERVALS,
  DEATH_MS,
  FILE_MS,
  INTERRUPT_MS,
  PING_INTERVALS,
  QUIT_MS,
} from "./limits.ts";
import { Notes } from "./notes.ts";
import { type CriterionResult, judge, type MarkReport } from "./result.ts";
import { type CriterionName, type Item, RUBRIC } from "./rubric.ts";
import { Stage, type StagePlan } from "./stage.ts";

export type MarkingPlan = Omit<StagePlan, "terminal" | "files"> & {
  /** How long each criterion's lines are waited for; null for what suits the interval. */
  readonly limitMs: number | null;
  /** The command as it was given. */
  readonly given: string;
};

/** After this many intervals a peer knows its predecessors, which it learns from their pings. */
const KNOWN_INTERVALS = 1.5;
const STORED_BYTES = 20_000;
const REQUESTED_BYTES = 300_000;

export class Marking {
  private readonly startMs = performance.now();
  private readonly results: CriterionResult[] = [];
  private readonly notes = new Notes();
  private readonly requested = randomBytes(REQUESTED_BYTES);
  private terminal = false;
  /** The network that runs, to be closed whatever happens. */
  private stage: Stage | null = null;
  /** Lines of pings that this program prints: a new network is up when they have come. */
  private pings: readonly Item[] = RUBRIC.ping.items;

  /** @param tell is told how far it is, a sentence at a time */
  constructor(
    private readonly plan: MarkingPlan,
    private readonly tell: (sentence: string) => void,
  ) {}

  /** @throws Failure if the program cannot be run, or its ports are in use */
  async run(): Promise<MarkReport> {
    await this.chooseTerminal();
    await this.departure();
    await this.network("joining", (stage) => this.joining(stage));
    await this.network("abrupt departure", (stage) => this.death(stage));
    await this.network("retrieval", (stage) => this.retrieval(stage));
    const { given, intervalMs, reading } = this.plan;
    return {
      command: given,
      intervalMs,
      strict: reading.strict,
      terminal: this.terminal,
      criteria: this.results,
      notes: this.notes.sentences(),
    };
  }

  /** Ends what runs. Never rejects. */
  async close(): Promise<void> {
    const stage = this.stage;
    this.stage = null;
    if (stage === null) return;
    await stage.close();
    this.notes.addAll(stage.notes);
  }

  /** Pings, graceful departure, and insertion in what is left: one network. */
  private async departure(): Promise<void> {
    const stage = this.stage ?? (await this.open());
    const waitedMs = performance.now() - stage.openedMs;
    await stage.expect(RUBRIC.ping.items, Math.max(0, this.pingLimitMs() - waitedMs));
    this.note("ping", stage, stage.openedMs);
    this.pings = RUBRIC.ping.items.filter((item) => stage.transcript.heard(item) !== null);
    await this.pause(1);
    const peer = stage.peer(9);
    await this.act("quit", stage, () => peer.type("Quit", true), {
      afterwards: () =>
        Promise.race([peer.ended, Bun.sleep(Math.min(QUIT_MS, this.limitMs("quit")))]),
      done: () => peer.endedWell,
    });
    await this.act("store", stage, () => stage.peer(8).type("Store 2067"));
    await this.close();
  }

  private async joining(stage: Stage): Promise<void> {
    await this.act("join", stage, () => stage.join(15, 4));
  }

  private async death(stage: Stage): Promise<void> {
    const peer = stage.peer(14);
    await this.act("kill", stage, () => {
      peer.interrupt();
      setTimeout(() => {
        if (peer.running && this.stage === stage) {
          this.notes.add(`was still running ${INTERRUPT_MS / 1000} s after Ctrl-C`, 14);
        }
      }, INTERRUPT_MS).unref();
    });
  }

  private async retrieval(stage: Stage): Promise<void> {
    const received = join(stage.dir, "received_4103.pdf");
    let same = false;
    await this.act("request", stage, () => stage.peer(2).type("Request 4103"), {
      afterwards: async () => {
        const limit = performance.now() + FILE_MS;
        for (;;) {
          same = holds(received, this.requested);
          if (same || performance.now() > limit) return;
          await Bun.sleep(50);
        }
      },
      done: () => same,
    });
  }

  /** Does something, waits for what has to be printed, and notes what came of it. */
  private async act(
    name: CriterionName,
    stage: Stage,
    action: () => void,
    deed: { afterwards(): Promise<unknown>; done(): boolean } = NO_DEED,
  ): Promise<void> {
    const wanted = RUBRIC[name].items.filter(({ kind }) => kind === "line");
    this.tell(`${RUBRIC[name].title}: ${RUBRIC[name].action}`);
    stage.transcript.begin(wanted);
    const actionMs = performance.now();
    action();
    await stage.expect(wanted, this.limitMs(name));
    await deed.afterwards();
    this.note(name, stage, actionMs, deed.done);
  }

  private note(
    name: CriterionName,
    stage: Stage,
    actionMs: number,
    done: () => boolean = () => false,
  ): void {
    const { transcript } = stage;
    const result = judge(name, {
      startMs: this.startMs,
      actionMs,
      endMs: performance.now(),
      heard: (item) => transcript.heard(item),
      others: (peer) => transcript.others(peer),
      done,
    });
    this.results.push(result);
  }

  /** A new network that is up, for one criterion; closed afterwards. */
  private async network(title: string, use: (stage: Stage) => Promise<void>): Promise<void> {
    this.tell(`${title}: a new network`);
    const stage = await this.open();
    if (this.pings.length > 0) await stage.expect(this.pings, this.pingLimitMs());
    else await this.pause(PING_INTERVALS);
    await this.pause(KNOWN_INTERVALS);
    await use(stage);
    await this.close();
  }

  /** Pipes keep lines exact and the two streams apart; but some programs print to a terminal alone. */
  private async chooseTerminal(): Promise<void> {
    this.tell("pings: a network of 2, 4, 5, 8, 9, 14 and 19");
    const stage = await this.open();
    const patience = Math.min(this.pingLimitMs(), SILENCE_MS + this.plan.intervalMs);
    await stage.expect(RUBRIC.ping.items, patience);
    if (!stage.silent) return;
    await this.close();
    this.terminal = true;
    this.notes.add(
      "at pipes the program printed nothing at first: it ran at a terminal, where both of its streams are one",
    );
    this.tell("nothing was printed: once more, at a terminal");
  }

  private async open(): Promise<Stage> {
    const { terminal } = this;
    const files = [
      { name: "2067.pdf", content: randomBytes(STORED_BYTES) },
      { name: "4103.pdf", content: this.requested },
    ];
    const stage = await Stage.open({ ...this.plan, terminal, files }, RUBRIC.ping.items);
    this.stage = stage;
    return stage;
  }

  private async pause(intervals: number): Promise<void> {
    await Bun.sleep(intervals * this.plan.intervalMs);
  }

  private pingLimitMs(): number {
    return this.limitMs("ping");
  }

  private limitMs(name: CriterionName): number {
    const { limitMs, intervalMs } = this.plan;
    if (limitMs !== null) return limitMs;
    if (name === "kill") return Math.max(DEATH_MS, DEATH_INTERVALS * intervalMs);
    return Math.max(CRITERION_MS, CRITERION_MS / 4 + PING_INTERVALS * intervalMs);
  }
}

const NO_DEED = { afterwards: async () => {}, done: () => false };

function holds(path: string, content: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
