/** Plays a scenario against somebody else's program: does each step, and waits for the lines that it brings. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { SILENCE_MS } from "../foreign/limits.ts";
import type { Reading } from "../foreign/reading.ts";
import { nearestLine } from "../foreign/reading.ts";
import type { User } from "../foreign/user.ts";
import { ForeignNetwork } from "../lab/foreign-network.ts";
import { FOREIGN_BASE_PORT } from "../lab/foreign-ring.ts";
import type { Broken } from "../lab/judge.ts";
import { untilFree } from "../lab/ports.ts";
import { untilSteady } from "../lab/steady.ts";
import { type Deed, limitOf, type PlannedStep } from "./deeds.ts";
import { CALM_MS, QUIT_MS, STILL_MS } from "./limits.ts";
import { Notes } from "./notes.ts";
import type { PlayReport, StepMissing, StepResult } from "./play-report.ts";
import { rounded } from "./result.ts";
import { ENDS_WELL } from "./rubric.ts";
import { Transcript, type Wanted } from "./transcript.ts";
import { addWorkFile, fillWorkFolder, newWorkFolder } from "./work-folder.ts";

export type PlayPlan = {
  /** The program and its first arguments, and as they were given. */
  readonly command: readonly string[];
  readonly given: string;
  /** A folder to work in a copy of; null for an empty one. */
  readonly folder: string | null;
  readonly user: User | null;
  readonly ownWorld: boolean;
  readonly reading: Reading;
  /** How long each step is waited for; null for what suits it. */
  readonly limitMs: number | null;
  /** Null for what the scenario says, or a second. */
  readonly intervalMs: number | null;
  readonly path: string;
  readonly steps: readonly PlannedStep[];
};

/** Programs need so long after a change to know who pings them, where they do not say so. */
const KNOWN_INTERVALS = 1.5;

export class ScenarioPlay {
  private readonly notes = new Notes();
  private readonly intervalMs: number;
  private readonly ids: readonly number[];
  private dir = "";
  private network: ForeignNetwork | null = null;
  private transcript: Transcript;
  /** Joiners, and whom they know: others were there from the start. */
  private readonly known = new Map<number, number>();
  /** Who should run and answer by now, and who of them is still being started. */
  private readonly up = new Set<number>();
  private readonly starting = new Set<number>();
  private ended: () => void = () => {};

  /** @param tell is told how far it is, a sentence at a time */
  constructor(
    private readonly plan: PlayPlan,
    private readonly tell: (sentence: string) => void,
  ) {
    const interval = plan.steps.findLast(({ deed }) => deed.kind === "interval")?.deed;
    const said = interval?.kind === "interval" ? interval.ms : 1_000;
    this.intervalMs = plan.intervalMs ?? said;
    const ring = plan.steps.find(({ deed }) => deed.kind === "ring")?.deed;
    this.ids = ring?.kind === "ring" ? [...ring.ids].sort((a, b) => a - b) : [];
    this.transcript = new Transcript(plan.reading);
  }

  /** @throws Failure if the program cannot be run, or its ports are in use */
  async run(): Promise<PlayReport> {
    const { given, path, reading, steps } = this.plan;
    const network = await this.open(false);
    let terminal = false;
    const [first, ...others] = steps.filter(({ deed }) => deed.kind !== "interval");
    const results: StepResult[] = [];
    for (const step of first === undefined ? [] : [first, ...others]) {
      results.push(await this.play(step));
      // One that is alone has nothing to say.
      if (step.deed.kind !== "ring" || !network.silent || this.ids.length === 1) continue;
      // Nothing but the start has been done so far.
      terminal = true;
      this.tell("nothing was printed: once more, at a terminal");
      await this.close();
      await this.open(true);
      results.splice(0, results.length, await this.play(step));
    }
    // How they ended is a part of it.
    await this.close();
    return {
      ...{ command: given, path, intervalMs: this.intervalMs, strict: reading.strict, terminal },
      steps: results,
      notes: this.notes.sentences(),
    };
  }

  /** Ends what runs. Never rejects. */
  async close(): Promise<void> {
    const { network, dir } = this;
    this.network = null;
    if (network !== null) {
      for (const { id } of network.peers()) {
        const why = network.lastWords(id);
        if (why !== "") this.notes.add(why, id);
      }
      const left = await network.stop();
      if (left > 0) this.notes.add(`${left} of the program's processes could not be ended`);
    }
    if (dir !== "") await rm(dir, { recursive: true, force: true }).catch(() => {});
  }

  private async open(terminal: boolean): Promise<ForeignNetwork> {
    const { plan, intervalMs } = this;
    const joiners = plan.steps.flatMap(({ deed }) => (deed.kind === "join" ? deed.pairs : []));
    await untilFree(FOREIGN_BASE_PORT, [...this.ids, ...joiners.map(([id]) => id)]);
    this.dir = newWorkFolder();
    fillWorkFolder(this.dir, { ...plan, files: [] });
    this.transcript = new Transcript(plan.reading);
    const rights = { user: plan.user, ownWorld: plan.ownWorld, ownFolder: true };
    const { command } = plan;
    this.network = new ForeignNetwork(
      { command, dir: this.dir, terminal, intervalMs, ...rights },
      {
        line: () => {},
        note: () => {},
        printed: (id, text, prompts) => this.transcript.say(id, text, prompts),
        ended: () => this.ended(),
      },
    );
    return this.network;
  }

  private async play({ number, action, deed, wanted }: PlannedStep): Promise<StepResult> {
    const network = this.running();
    this.tell(`line ${number}: ${action}`);
    this.transcript.begin(wanted);
    const begun = performance.now();
    const limitMs = this.plan.limitMs ?? limitOf(deed, this.intervalMs);
    await this.act(deed, network);
    await this.expect(wanted, limitMs);
    const heardMs = performance.now() - begun;
    const missing = wanted.flatMap((line) => this.missing(line, begun));
    if (deed.kind === "quit") missing.push(...(await this.unended(deed.ids, begun)));
    const broken = await this.settle(deed, limitMs - heardMs);
    const times = wanted.flatMap((line) => this.transcript.heard(line)?.atMs ?? []);
    return {
      ...{ number, action, wanted: wanted.length, missing },
      broken: deed.kind === "calm" ? broken : null,
      judged: deed.kind === "calm" || wanted.length > 0,
      waitedMs: Math.round(performance.now() - begun),
      tookMs: missing.length > 0 || times.length === 0 ? null : rounded(Math.max(...times) - begun),
    };
  }

  private async act(deed: Deed, network: ForeignNetwork): Promise<void> {
    switch (deed.kind) {
      case "calm":
      case "interval":
        return;
      case "ring":
        network.found(this.ids);
        for (const id of this.ids) this.up.add(id);
        return;
      case "file":
        addWorkFile(
          this.dir,
          { name: `${deed.name}.pdf`, content: randomBytes(deed.bytes) },
          this.plan.user,
        );
        return;
      case "join":
        for (const [id, through] of deed.pairs) this.join(network, id, through);
        return;
      case "type":
        this.unlessGone(() => network.type(deed.id, deed.line));
        return;
      case "quit":
        for (const id of deed.ids) {
          this.up.delete(id);
          this.unlessGone(() => network.type(id, "Quit"));
        }
        return;
      case "restart":
        for (const id of deed.ids) {
          this.up.add(id);
          this.starting.add(id);
          this.unlessGone(() => void network.signal(id, "SIGKILL"));
        }
        await Promise.all(deed.ids.map((id) => this.startAgain(network, id)));
        return;
      default: {
        const signals = { kill: "SIGKILL", freeze: "SIGSTOP", thaw: "SIGCONT" } as const;
        for (const id of deed.ids) {
          if (deed.kind === "thaw") this.up.add(id);
          else this.up.delete(id);
          this.unlessGone(() => void network.signal(id, signals[deed.kind]));
        }
      }
    }
  }

  /** That a peer has ended already is told of in the end; its lines will be missing. */
  private unlessGone(act: () => void): void {
    try {
      act();
    } catch {}
  }

  private join(network: ForeignNetwork, id: number, through: number): void {
    this.known.set(id, through);
    this.up.add(id);
    this.starting.add(id);
    const started = (): void => void this.starting.delete(id);
    network.start(id, through).then(started, started);
  }

  private async startAgain(network: ForeignNetwork, id: number): Promise<void> {
    await network.untilEnded(id, QUIT_MS);
    const through = this.known.get(id);
    if (through !== undefined) return this.join(network, id, through);
    this.unlessGone(() => network.foundAgain(this.ids, id));
    this.starting.delete(id);
  }

  /** Until all lines are there, or the time is up, or everyone who owes one has ended. */
  private async expect(wanted: readonly Wanted[], limitMs: number): Promise<void> {
    if (wanted.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = () => {
      const living = new Set(
        this.network?.peers().flatMap((p) => (p.state === "ended" ? [] : p.id)),
      );
      if ([...this.transcript.owing(wanted)].every((id) => !living.has(id))) resolve();
    };
    this.ended();
    await Promise.race([this.transcript.complete(limitMs), promise]);
    this.ended = () => {};
  }

  private missing(line: Wanted, begun: number): StepMissing[] {
    if (this.transcript.heard(line) !== null) return [];
    const near = nearestLine(line.what, this.transcript.others(line.peer));
    const instead = near && { text: near.text, afterMs: rounded(near.atMs - begun) };
    return [{ ...line, kind: "line", instead }];
  }

  private async unended(ids: readonly number[], begun: number): Promise<StepMissing[]> {
    const network = this.running();
    await Promise.all(ids.map((id) => network.untilEnded(id, QUIT_MS)));
    const afterMs = rounded(performance.now() - begun);
    return ids.flatMap((peer): StepMissing[] => {
      if (network.endedWell(peer)) return [];
      const text = network.howEnded(peer);
      return [
        { peer, what: ENDS_WELL, kind: "deed", instead: text === null ? null : { text, afterMs } },
      ];
    });
  }

  /** Lets the ring come to rest, by what it prints. @returns what does not hold */
  private async settle({ kind }: Deed, leftMs: number): Promise<Broken | null> {
    if (kind === "file") return null;
    if (kind === "type") {
      await Bun.sleep(STILL_MS);
      return null;
    }
    const network = this.running();
    const patienceMs = kind === "ring" ? SILENCE_MS + this.intervalMs : 0;
    const silence = Bun.sleep(patienceMs).then(() => kind === "ring" && network.silent);
    const up = (): number[] => [...this.up].sort((a, b) => a - b);
    const running = (): number[] => up().filter((id) => !this.starting.has(id));
    const steady = untilSteady(network.view, up, {
      ...{ limitMs: Math.max(0, leftMs), lookups: false },
      giveUp: () => network.fallen(running()),
    });
    const broken = await Promise.race([
      steady,
      silence.then((isSilent) => (isSilent ? null : steady)),
    ]);
    if (broken !== null) return broken;
    if (kind === "calm") await Bun.sleep(CALM_MS);
    if (!network.view.tells.includes("R2")) await Bun.sleep(KNOWN_INTERVALS * this.intervalMs);
    return null;
  }

  private running(): ForeignNetwork {
    if (this.network === null) throw new Error("no network runs");
    return this.network;
  }
}
