/** What a peer does for those who talk to it from outside the ring: its terminal and its door. */
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import type { DoorHost, Into, Named, Uploaded } from "../door/host.ts";
import type { LoggedEvent, Progress, ScrubReport, Status, StatusLookup } from "../door/types.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import type { Outcome } from "../protocol/events.ts";
import { Failure } from "../protocol/failure.ts";
import { EMPTY_SHA256 } from "../protocol/files.ts";
import type { Body, Command } from "../protocol/io.ts";
import { outcomeSentence } from "../protocol/sentences.ts";
import type { Folder } from "../store/folder.ts";
import type { Transport } from "../transport/types.ts";
import type { Brings, Commands, Given } from "./commands.ts";
import type { Contents } from "./contents.ts";
import type { Driver } from "./driver.ts";
import type { EventStream } from "./events.ts";
import { bytesOpener, localDelivery, localFileName, openQuietly } from "./given.ts";
import { HeldFile } from "./held.ts";
import type { Moving } from "./moving.ts";
import { keyOf, refuseName } from "./names.ts";
import type { Scrubbing } from "./scrubbing.ts";
import { landingSpot, type SpoolDelivery, spoolDelivery, spoolSpot } from "./spool.ts";
import { statusOf } from "./status.ts";
import { parseTyped } from "./typed.ts";

export type FrontOptions = {
  readonly driver: Driver;
  readonly commands: Commands;
  readonly contents: Contents;
  readonly moving: Moving;
  readonly scrubbing: Scrubbing;
  readonly events: EventStream;
  readonly folder: Folder;
  readonly transport: Transport;
  readonly cwd: string;
  readonly config: RingConfig;
};

export class Front implements DoorHost {
  constructor(private readonly options: FrontOptions) {}

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
    if (typed.kind === "quit") {
      this.quit();
      return;
    }
    const { name } = typed;
    const ended = (outcome: Outcome) => {
      const sentence = outcomeSentence(name, outcome);
      if (sentence !== null) say(sentence);
    };
    if (typed.kind === "store") void this.#storeTyped(name).then(ended);
    else if (typed.kind === "request") {
      this.#begin(this.#named("request", name), {
        name,
        deliver: () => localDelivery(cwd, name, bits),
        ended,
      });
    } else this.#begin(this.#named(typed.kind, name), { name, ended });
  }

  /** The peer leaves its ring. */
  quit(): void {
    this.options.driver.give({ type: "command", command: 0, what: { kind: "quit" } });
  }

  store(name: string, upload: Uploaded): Promise<Outcome> {
    return this.#forName(name, (ended) => {
      if ("bytes" in upload) return this.#storeBytes(name, upload.bytes, ended);
      const { path, size, sha256 } = upload;
      const brings = { open: () => openQuietly(path), sha256, wrong: () => {} };
      this.#store(name, size, brings, (outcome) => {
        removeQuietly(path);
        ended(outcome);
      });
    });
  }

  async storeFile(name: string, file: Named): Promise<Outcome | null> {
    const held = HeldFile.open(file);
    if (held === null) return null;
    try {
      const wrong = refuseName(name, this.options.config.bits);
      if (wrong !== null) throw new Failure(wrong);
      return await this.#storeHeld(name, held, file.path);
    } finally {
      held.release();
    }
  }

  async request(
    name: string,
    into: Into | null,
    gone: AbortSignal,
  ): ReturnType<DoorHost["request"]> {
    const landing = into === null ? null : landingSpot(into);
    let delivery: SpoolDelivery | null = null;
    const abort = async () => await delivery?.abort();
    const deliver = () => {
      if (gone.aborted) throw new Failure("Nobody waits for it any more.");
      delivery = spoolDelivery(landing ?? spoolSpot(this.spoolDir), abort());
      return delivery;
    };
    const taken = () => delivery?.spooled() ?? null;
    gone.addEventListener("abort", () => void abort(), { once: true });
    const outcome = await this.#forName(name, (ended) =>
      this.#begin(this.#named("request", name), { name, deliver, ended }),
    );
    return { outcome, content: outcome.kind === "received" ? taken() : null };
  }

  remove(name: string): Promise<Outcome> {
    return this.#forName(name, (ended) =>
      this.#begin(this.#named("remove", name), { name, ended }),
    );
  }

  where(name: string): Promise<Outcome> {
    return this.#forName(name, (ended) => this.#begin(this.#named("where", name), { name, ended }));
  }

  list(): Promise<Outcome> {
    return this.#ask({ kind: "list" });
  }

  scrub(): Promise<ScrubReport> {
    return this.options.scrubbing.run();
  }

  progress(name: string): Progress {
    return { v: 1, ...(this.options.moving.of(name) ?? { bytes: null, size: null, doing: null }) };
  }

  async status(lookups: readonly number[]): Promise<Status> {
    return statusOf(this.options, await Promise.all(lookups.map((key) => this.#lookup(key))));
  }

  async #lookup(key: number): Promise<StatusLookup> {
    const outcome = await this.#ask({ kind: "lookup", key });
    if (outcome.kind !== "owner") return { key, owner: null, hops: 0, route: [] };
    const { owner, route } = outcome;
    return { key, owner, hops: Math.max(route.length - 1, 0), route };
  }

  #ask(what: Command): Promise<Outcome> {
    return new Promise((ended) => this.#begin(what, { name: "", ended }));
  }

  /** @throws Failure if no file can have that name */
  async #forName(
    name: string,
    begin: (ended: (outcome: Outcome) => void) => void,
  ): Promise<Outcome> {
    const wrong = refuseName(name, this.options.config.bits);
    if (wrong !== null) throw new Failure(wrong);
    return await new Promise(begin);
  }

  #named<K extends "request" | "remove" | "where">(kind: K, name: string) {
    return { kind, name, key: keyOf(name, this.options.config.bits) };
  }

  /** What lies in the working folder; without it a numbered ring is asked all the same, by the assignment. */
  async #storeTyped(name: string): Promise<Outcome> {
    const { cwd, config } = this.options;
    const file = localFileName(name, config.bits);
    const held = HeldFile.at(join(cwd, file));
    if (held === null && config.bits > NUMBERED_BITS) {
      const why = `There is no file ${file} in ${cwd} that can be read: nothing was stored.`;
      return { kind: "failed", why };
    }
    if (held === null) {
      return await new Promise((ended) => this.#store(name, null, null, ended));
    }
    try {
      return await this.#storeHeld(name, held, file);
    } finally {
      held.release();
    }
  }

  /** @param shown what a person calls the file */
  async #storeHeld(name: string, held: HeldFile, shown: string): Promise<Outcome> {
    const outcome = await this.#storeUnlessChanged(name, held);
    if (outcome !== null && (outcome.kind !== "failed" || !held.suspect)) return outcome;
    const what = held.short ? "became shorter" : "changed";
    return {
      kind: "failed",
      why: `${shown} ${what} while it was being stored: store it once more.`,
    };
  }

  /** @returns null if it has changed before the ring was asked */
  async #storeUnlessChanged(name: string, held: HeldFile): Promise<Outcome | null> {
    const small = held.small();
    if (small !== null) return await new Promise((ended) => this.#storeBytes(name, small, ended));
    const sha256 = await this.#hash(name, held);
    if (sha256 === null) return null;
    const brings = { open: () => held.open(), sha256, wrong: () => held.noteChanged() };
    return await new Promise((ended) => this.#store(name, held.size, brings, ended));
  }

  /** What is to be stored is read once before: all that is read of it later must come to the same. */
  async #hash(name: string, held: HeldFile): Promise<string | null> {
    const { moving } = this.options;
    const move = moving.begin(name, held.size, 0, "reading");
    try {
      return await held.hash((bytes) => {
        move.bytes = bytes;
      });
    } finally {
      moving.end(move);
    }
  }

  #storeBytes(name: string, bytes: Uint8Array, ended: Given["ended"]): void {
    const body = bytes.length === 0 ? null : this.options.contents.bodies.keep(bytes);
    const sha256 = body?.sha256 ?? EMPTY_SHA256;
    const brings = { open: bytesOpener(bytes), sha256, wrong: () => {} };
    this.#store(name, bytes.length, brings, ended, body);
  }

  /** @param brings null where there is no content, as `size` is then */
  #store(
    name: string,
    size: number | null,
    brings: Brings | null,
    ended: Given["ended"],
    body: Body | null = null,
  ): void {
    const key = keyOf(name, this.options.config.bits);
    const sha256 = brings?.sha256 ?? null;
    this.#begin({ kind: "store", name, key, size, sha256, body }, { name, brings, ended });
  }

  #begin(
    what: Command,
    given: Pick<Given, "name" | "ended"> & Partial<Pick<Given, "brings" | "deliver">>,
  ): void {
    const command = this.options.commands.add({ brings: null, deliver: null, ...given });
    this.options.driver.give({ type: "command", command, what });
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}
