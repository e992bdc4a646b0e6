/** What a peer does for those who talk to it from outside the ring: its terminal and its control socket. */
import { basename } from "node:path";
import type { ControlHost, Into, Named, Uploaded } from "../control/host.ts";
import type { LabFaults } from "../control/lab.ts";
import type {
  LoggedEvent,
  Progress,
  RingTold,
  ScrubReport,
  Status,
  StatusLookup,
} from "../control/types.ts";
import type { RingConfig } from "../protocol/model/config.ts";
import type { Outcome } from "../protocol/model/events.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Command } from "../protocol/model/io.ts";
import { nameForms, storedName, wrongName, wrongToStore } from "../protocol/model/names.ts";
import { outcomeSentence } from "../protocol/model/sentences.ts";
import type { Folder } from "../store/folder.ts";
import type { Transport } from "../transport/types.ts";
import type { Bodies } from "./contents/bodies.ts";
import type { Commands, Given } from "./contents/commands.ts";
import type { EarlyCopies } from "./contents/early.ts";
import { localDelivery } from "./contents/given.ts";
import type { Moving } from "./contents/moving.ts";
import type { Scrubbing } from "./contents/scrubbing.ts";
import { landingSpot, type SpoolDelivery, spoolDelivery, spoolSpot } from "./contents/spool.ts";
import type { Driver } from "./driver.ts";
import type { EventStream } from "./events.ts";
import type { Lab } from "./lab.ts";
import { MAX_EARLY_LINES } from "./limits.ts";
import type { Lock } from "./lock.ts";
import type { Reception } from "./reception.ts";
import type { RoomWatch } from "./room.ts";
import { hopsOf, ringTold, statusOf } from "./status.ts";
import { keyOf, Storing, type StoringOptions } from "./storing.ts";
import { parseTyped } from "./typed.ts";

export type FrontOptions = {
  readonly reception: Reception;
  readonly driver: Driver;
  readonly commands: Commands;
  readonly bodies: Bodies;
  readonly moving: Moving;
  readonly early: EarlyCopies;
  readonly scrubbing: Scrubbing;
  readonly events: EventStream;
  readonly folder: Folder;
  readonly transport: Transport;
  readonly room: RoomWatch;
  readonly lock: Lock;
  readonly lab: Lab | null;
  readonly cwd: string;
  readonly config: RingConfig;
};

export class Front implements ControlHost {
  readonly #storing: Storing;
  /** What was typed before this peer was in its ring; null from then on. */
  #early: (() => void)[] | null = [];
  /** What was typed and has not ended. */
  #unended = 0;
  /** Quit was typed, and waits for that. */
  #quitting = false;

  constructor(private readonly options: FrontOptions) {
    const holds: StoringOptions["holds"] = (what) => options.driver.holds(what);
    this.#storing = new Storing({ ...options, holds });
    const stop = options.events.subscribe(({ event }) => {
      if (event !== "joined") return;
      stop();
      // The peer is amid a step.
      queueMicrotask(() => options.driver.attempt(() => this.#doEarly()));
    });
  }

  /** Something that was typed has not ended. */
  get isAsked(): boolean {
    return this.#unended > 0;
  }

  get spoolDir(): string {
    return this.options.folder.spoolDir;
  }

  subscribe(listener: (event: LoggedEvent) => void): () => void {
    return this.options.events.subscribe(listener);
  }

  type(line: string): void {
    this.typeAt(line, (text) => this.options.events.publish({ event: "note", text }));
  }

  /** Does what a typed line says; `say` gets the sentences that come of it. */
  typeAt(line: string, say: (sentence: string) => void): void {
    const { config, cwd } = this.options;
    const { bits } = config;
    const typed = parseTyped(line, bits);
    if (typed.kind === "nothing") return;
    if (typed.kind === "refused") {
      say(typed.sentence);
      return;
    }
    const early = this.#early;
    // What comes through a pipe cannot be typed again in a moment; whoever types Quit alone means now.
    const waits = early !== null && (typed.kind !== "quit" || early.length > 0);
    if (waits && early.length < MAX_EARLY_LINES) {
      early.push(() => this.typeAt(line, say));
      return;
    }
    if (typed.kind === "quit") {
      this.#quitAfterTyped(say);
      return;
    }
    const { name, kind } = typed;
    this.#unended += 1;
    const ended = (outcome: Outcome) => {
      this.#unended -= 1;
      const shown = kind === "store" ? basename(name) : name;
      const members = () => this.options.driver.snapshot.members;
      const sentence = outcomeSentence(storedName(shown), outcome, members);
      if (sentence !== null) say(sentence);
      if (this.#quitting && this.#unended === 0) this.quit();
    };
    if (kind === "store") {
      this.#storing.typed(name).then(ended, (error) => this.options.driver.fail(error));
    } else if (kind === "request") {
      this.#seek(kind, name, ended, () => localDelivery(cwd, name, bits));
    } else this.#seek(kind, name, ended);
  }

  #doEarly(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const line of early) line();
  }

  /** What was typed before has its outcome first, unless Quit is typed once more. */
  #quitAfterTyped(say: (sentence: string) => void): void {
    if (this.#quitting || this.#unended === 0) {
      this.quit();
      return;
    }
    this.#quitting = true;
    say("This peer leaves when what was typed before has ended; Quit once more does not wait.");
  }

  /** The peer leaves its ring. */
  quit(): void {
    this.options.reception.quit();
  }

  store(name: string, upload: Uploaded, require: number): Promise<Outcome> {
    return this.#forName(wrongToStore, name, (ended) => {
      this.#storing.upload(name, upload, require, ended);
    });
  }

  async storeFile(name: string, file: Named, require: number): Promise<Outcome | null> {
    this.#refuse(wrongToStore, name);
    return await this.#storing.file(name, file, require);
  }

  async request(
    name: string,
    into: Into | null,
    aborted: () => AbortSignal,
  ): ReturnType<ControlHost["request"]> {
    const landing = into === null ? null : landingSpot(into);
    const spot = () => landing ?? spoolSpot(this.spoolDir);
    let delivery: SpoolDelivery | null = null;
    const deliver = () => {
      const former = delivery;
      const before = async () => await former?.abort();
      delivery = spoolDelivery(spot, before, aborted);
      return delivery;
    };
    const taken = () => delivery?.spooled() ?? null;
    const outcome = await this.#forName(wrongName, name, (ended) =>
      this.#seek("request", name, ended, deliver),
    );
    return { outcome, content: outcome.kind === "received" ? taken() : null };
  }

  remove(name: string, require: number): Promise<Outcome> {
    return this.#forName(wrongName, name, (ended) =>
      this.#seek("remove", name, ended, null, require),
    );
  }

  where(name: string): Promise<Outcome> {
    return this.#forName(wrongName, name, (ended) => this.#seek("where", name, ended));
  }

  list(): Promise<Outcome> {
    return this.#ask({ kind: "list" });
  }

  scrub(): Promise<ScrubReport> {
    return this.options.scrubbing.run();
  }

  inject(token: string | null, faults: LabFaults): boolean {
    return this.options.lab?.put(token, faults) ?? false;
  }

  progress(name: string): Progress {
    const { moving } = this.options;
    const move = nameForms(name).reduce<ReturnType<Moving["of"]>>(
      (found, form) => found ?? moving.of(form),
      null,
    );
    return { v: 1, ...(move ?? { bytes: null, size: null, doing: null }) };
  }

  invite(lastsMs: number, once: boolean): Promise<string> {
    const { address } = this.options.driver.snapshot.self;
    return this.options.lock.invite(address, lastsMs, once);
  }

  rotate(without: readonly number[], endsMs: number): Promise<readonly number[]> {
    return this.options.lock.rotate(without, endsMs);
  }

  async status(lookups: readonly number[]): Promise<Status> {
    return statusOf(this.options, await Promise.all(lookups.map((key) => this.#lookup(key))));
  }

  async ring(lookups: readonly number[]): Promise<RingTold> {
    const outcome = await this.#ask({ kind: "survey", keys: lookups });
    if (outcome.kind === "surveyed") return ringTold(this.options.config, outcome);
    throw new Failure(outcome.kind === "failed" ? outcome.why : "The ring could not be asked.");
  }

  async #lookup(key: number): Promise<StatusLookup> {
    const outcome = await this.#ask({ kind: "lookup", key });
    if (outcome.kind !== "owner") return { key, owner: null, hops: 0, route: [] };
    const { owner, route } = outcome;
    return { key, owner, hops: hopsOf(route), route };
  }

  #ask(what: Command): Promise<Outcome> {
    return new Promise((ended) => this.options.commands.begin(what, { name: "", ended }));
  }

  /** @throws Failure if the name is wrong for what is asked */
  async #forName(
    wrong: typeof wrongName,
    name: string,
    begin: (ended: (outcome: Outcome) => void) => void,
  ): Promise<Outcome> {
    this.#refuse(wrong, name);
    return await new Promise(begin);
  }

  /** @throws Failure if the name is wrong for what is asked */
  #refuse(wrong: typeof wrongName, name: string): void {
    const why = wrong(name, this.options.config.bits);
    if (why !== null) throw new Failure(why);
  }

  /** Asks for a file under each form that its name may have, until there is one. */
  #seek(
    kind: "request" | "remove" | "where",
    name: string,
    ended: Given["ended"],
    deliver: Given["deliver"] = null,
    require = 0,
  ): void {
    const forms = [...nameForms(name)];
    let first: Outcome | null = null;
    const next = (form: string): void => {
      const sought = { name: form, key: keyOf(form, this.options.config.bits) };
      const what: Command = kind === "remove" ? { kind, ...sought, require } : { kind, ...sought };
      const heard = (outcome: Outcome): void => {
        first ??= outcome;
        const another = isAbsent(outcome) ? forms.shift() : undefined;
        if (another !== undefined) next(another);
        else ended(isAbsent(outcome) ? first : outcome);
      };
      this.options.commands.begin(what, { name: form, deliver, ended: heard });
    };
    next(forms.shift() ?? name);
  }
}

/** There is no file under the name that was asked for. */
function isAbsent(outcome: Outcome): boolean {
  if (outcome.kind === "missing") return true;
  return outcome.kind === "where" && (outcome.record === null || outcome.record.removed);
}
