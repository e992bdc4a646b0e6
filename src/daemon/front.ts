/** What a peer does for those who talk to it from outside the ring: its terminal and its door. */
import { randomBytes } from "node:crypto";
import { statSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { DoorHost } from "../door/host.ts";
import type { LoggedEvent, Status, StatusLookup } from "../door/types.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/config.ts";
import type { Outcome } from "../protocol/events.ts";
import { Failure } from "../protocol/failure.ts";
import type { Command } from "../protocol/io.ts";
import type { Member } from "../protocol/member.ts";
import { outcomeSentence } from "../protocol/sentences.ts";
import { type Content, openContent } from "../store/content.ts";
import type { Folder } from "../store/folder.ts";
import { type Delivery, deliver, lookLocal, openLocal } from "../store/local.ts";
import type { Transport } from "../transport/types.ts";
import type { Commands, Given } from "./commands.ts";
import type { Driver } from "./driver.ts";
import type { EventStream } from "./events.ts";
import { keyOf, refuseName } from "./names.ts";
import { parseTyped } from "./typed.ts";

export type FrontOptions = {
  readonly driver: Driver;
  readonly commands: Commands;
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
    const { driver, config } = this.options;
    const typed = parseTyped(line, config.bits);
    if (typed.kind === "nothing") return;
    if (typed.kind === "refused") say(typed.sentence);
    else if (typed.kind === "quit") {
      driver.give({ type: "command", command: 0, what: { kind: "quit" } });
    } else {
      const { name } = typed;
      const ended = (outcome: Outcome) => {
        const sentence = outcomeSentence(name, outcome);
        if (sentence !== null) say(sentence);
      };
      if (typed.kind === "store") this.#storeLocal(name, ended);
      else this.#begin("request", name, null, { deliver: () => this.#received(name), ended });
    }
  }

  store(name: string, upload: { path: string; size: number }): Promise<Outcome> {
    const wrong = refuseName(name, this.options.config.bits);
    if (wrong !== null) return Promise.reject(new Failure(wrong));
    return new Promise((resolve) => {
      const ended = (outcome: Outcome) => {
        removeQuietly(upload.path);
        resolve(outcome);
      };
      const open = () => openQuietly(upload.path);
      this.#begin("store", name, upload.size, { open, ended });
    });
  }

  request(name: string): ReturnType<DoorHost["request"]> {
    const wrong = refuseName(name, this.options.config.bits);
    if (wrong !== null) return Promise.reject(new Failure(wrong));
    const path = join(this.spoolDir, `request-${randomBytes(8).toString("hex")}`);
    return new Promise((resolve) => {
      const ended = (outcome: Outcome) => {
        if (outcome.kind !== "received") resolve({ outcome, content: null });
        else {
          const { size, sha256 } = outcome;
          resolve({ outcome, content: { size, sha256, path } });
        }
      };
      this.#begin("request", name, null, { deliver: () => deliver(path, "replace"), ended });
    });
  }

  list(): Promise<Outcome> {
    return this.#ask({ kind: "list" });
  }

  async status(lookups: readonly number[]): Promise<Status> {
    const found = await Promise.all(lookups.map((key) => this.#lookup(key)));
    const { driver, transport, config } = this.options;
    const { self, successors, predecessors, members, digest, files } = driver.snapshot;
    const { datagrams, frames } = transport.dropped;
    return {
      v: 1,
      at: performance.timeOrigin + performance.now(),
      ring: `${config.ring}`,
      bits: config.bits,
      route: config.strategy,
      pingIntervalMs: config.pingIntervalMs,
      self: { id: self.id, ...place(self), pid: process.pid, incarnation: self.incarnation },
      successors,
      predecessors,
      members: members.map((m) => ({
        id: m.id,
        ...place(m),
        incarnation: m.incarnation,
        state: m.state,
      })),
      digest: digest.toString(16).padStart(13, "0"),
      files,
      dropped: { datagrams, frames },
      rssBytes: process.memoryUsage.rss(),
      lookups: found,
    };
  }

  async #lookup(key: number): Promise<StatusLookup> {
    const outcome = await this.#ask({ kind: "lookup", key });
    if (outcome.kind !== "owner") return { key, owner: null, hops: 0, route: [] };
    const { owner, route } = outcome;
    return { key, owner, hops: Math.max(route.length - 1, 0), route };
  }

  #ask(what: Command): Promise<Outcome> {
    return new Promise((resolve) => {
      const command = this.options.commands.add({
        name: "",
        open: null,
        deliver: null,
        ended: resolve,
      });
      this.options.driver.give({ type: "command", command, what });
    });
  }

  #storeLocal(name: string, ended: (outcome: Outcome) => void): void {
    const { cwd, config } = this.options;
    const numbered = config.bits === NUMBERED_BITS;
    const size = numbered ? lookLocal(cwd, name) : sizeOf(join(cwd, basename(name)));
    const open = () => (numbered ? openLocal(cwd, name) : openQuietly(join(cwd, basename(name))));
    this.#begin("store", name, size, { open, ended });
  }

  #begin(
    kind: "store" | "request",
    name: string,
    size: number | null,
    given: { open?: Given["open"]; deliver?: Given["deliver"]; ended: Given["ended"] },
  ): void {
    const { commands, driver, config } = this.options;
    const key = keyOf(name, config.bits);
    const { ended, open = null, deliver = null } = given;
    const command = commands.add({ name, open, deliver, ended });
    const what: Command = kind === "store" ? { kind, name, key, size } : { kind, name, key };
    driver.give({ type: "command", command, what });
  }

  /** The assignment's name is written over; a file of a person's own never is. */
  #received(name: string): Delivery {
    const { cwd, config } = this.options;
    if (config.bits === NUMBERED_BITS) return deliver(join(cwd, `received_${name}.pdf`), "replace");
    return deliver(join(cwd, basename(name)), "refuse");
  }
}

function place({ address }: Member): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(address.slice(colon + 1)) };
}

function sizeOf(path: string): number | null {
  const content = openQuietly(path);
  content?.close();
  return content?.size ?? null;
}

function openQuietly(path: string): Content | null {
  try {
    // A pipe would wait for its writer.
    return statSync(path).isFile() ? openContent(path) : null;
  } catch {
    return null;
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}
