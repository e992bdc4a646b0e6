/** What a person stores through this peer: bytes, an upload, or a file from where it is. */
import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import type { Named, Uploaded } from "../control/host.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import type { Outcome } from "../protocol/model/events.ts";
import {
  EMPTY_SHA256,
  isFourDigits,
  keyOfDigits,
  parseConflictName,
} from "../protocol/model/files.ts";
import type { Body } from "../protocol/model/io.ts";
import { storedName } from "../protocol/model/names.ts";
import { contentOf } from "../store/content.ts";
import { errorCode, removeQuietly } from "../store/durable.ts";
import type { Bodies } from "./contents/bodies.ts";
import type { Brings, Commands, Given } from "./contents/commands.ts";
import type { EarlyCopies, EarlyCopy } from "./contents/early.ts";
import { localFileNames, openQuietly } from "./contents/given.ts";
import { HeldFile } from "./contents/held.ts";
import type { Moving } from "./contents/moving.ts";

export type StoringOptions = {
  readonly commands: Commands;
  readonly bodies: Bodies;
  readonly moving: Moving;
  readonly early: EarlyCopies;
  /** True if this peer is to hold such a content under such a name, as far as it knows. */
  readonly holds: (what: { name: string; key: number; size: number }) => boolean;
  readonly cwd: string;
  readonly config: RingConfig;
};

/** The name in the ring, and how many copies have to be durable before it is acknowledged: 0 for a majority. */
type Stored = { readonly name: string; readonly require: number };

/** Of what nobody but this program can change. */
const UNCHANGING = { wrong: () => {}, spoilt: () => false };

/** Names are checked by whoever calls, and stored in their one form. */
export class Storing {
  constructor(private readonly options: StoringOptions) {}

  /** What came in at the control socket; a temporary file goes when the store has ended. */
  upload(given: string, upload: Uploaded, require: number, ended: Given["ended"]): void {
    const file = { name: storedName(given), require };
    if ("bytes" in upload) {
      this.#bytes(file, upload.bytes, ended);
      return;
    }
    const { path, size, sha256 } = upload;
    const brings = { open: () => openQuietly(path), sha256, ...UNCHANGING };
    this.#store(file, size, brings, (outcome) => {
      removeQuietly(path);
      ended(outcome);
    });
  }

  /** A file that a command named. @returns null if this process cannot open that very file */
  async file(given: string, file: Named, require: number): Promise<Outcome | null> {
    const held = HeldFile.open(file);
    if (held === null) return null;
    return await this.#release({ name: storedName(given), require }, held, file.path);
  }

  /**
   * A file by its path from the working folder on, stored under its own name, as from a command line;
   * without one a numbered ring is asked all the same, by the assignment.
   */
  async typed(given: string): Promise<Outcome> {
    const { cwd, config } = this.options;
    const stored = { name: storedName(basename(given)), require: 0 };
    for (const file of localFileNames(given, config.bits)) {
      const held = HeldFile.at(resolve(cwd, dirname(given), file));
      if (held !== null) return await this.#release(stored, held, file);
    }
    if (config.bits > NUMBERED_BITS) {
      return failed(`There is no file ${given} in ${cwd} that can be read: nothing was stored.`);
    }
    return await new Promise((ended) => this.#store(stored, null, null, ended));
  }

  async #release(file: Stored, held: HeldFile, shown: string): Promise<Outcome> {
    try {
      return await this.#held(file, held, shown);
    } finally {
      held.release();
    }
  }

  /** @param shown what a person calls the file */
  async #held(file: Stored, held: HeldFile, shown: string): Promise<Outcome> {
    const outcome = await this.#unlessChanged(file, held, shown);
    if (outcome !== null && (outcome.kind !== "failed" || !held.suspect)) return outcome;
    const what = held.short ? "became shorter" : "changed";
    const why = `${shown} ${what} while it was being stored: store it once more.`;
    // A copy is whole and as the file was at first, or there is none.
    return { kind: "failed", why, maybe: outcome?.maybe ?? false };
  }

  /** @returns null if it has changed before the ring was asked */
  async #unlessChanged(file: Stored, held: HeldFile, shown: string): Promise<Outcome | null> {
    let copy: EarlyCopy | null = null;
    try {
      const small = held.small();
      if (small !== null) return await new Promise((ended) => this.#bytes(file, small, ended));
      copy = this.#beginCopy(file.name, held.size);
      const sha256 = await this.#hash(file.name, held, copy);
      if (sha256 === null) return null;
      const brings = {
        open: () => held.open(),
        sha256,
        wrong: () => held.noteChanged(),
        spoilt: () => held.spoilt,
      };
      return await new Promise((ended) => this.#store(file, held.size, brings, ended));
    } catch (error) {
      // The system's: a person's disk may fail, and that is no mistake of this program.
      if (errorCode(error) === "") throw error;
      return failed(`${shown} could not be read (${errorCode(error)}): check the disk it is on.`);
    } finally {
      await copy?.drop();
    }
  }

  /** The copy that is kept here, if one is. */
  #beginCopy(name: string, size: number): EarlyCopy | null {
    const { early, holds, config } = this.options;
    const isHeld = size > 0 && holds({ name, key: keyOf(name, config.bits), size });
    return isHeld ? early.begin(name) : null;
  }

  /** What is to be stored is read once before: all that is read of it later must come to the same. */
  async #hash(name: string, held: HeldFile, copy: EarlyCopy | null): Promise<string | null> {
    const { moving } = this.options;
    const move = moving.begin(name, held.size, 0, "reading");
    try {
      return await held.hash((bytes) => {
        move.bytes = bytes;
      }, copy);
    } finally {
      moving.end(move);
    }
  }

  #bytes(file: Stored, bytes: Uint8Array, ended: Given["ended"]): void {
    const body = bytes.length === 0 ? null : this.options.bodies.keep(bytes);
    const sha256 = body?.sha256 ?? EMPTY_SHA256;
    const brings = { open: () => contentOf(bytes), sha256, ...UNCHANGING };
    this.#store(file, bytes.length, brings, ended, body);
  }

  /** @param brings null where there is no content, as `size` is then */
  #store(
    { name, require }: Stored,
    size: number | null,
    brings: Brings | null,
    ended: Given["ended"],
    body: Body | null = null,
  ): void {
    const key = keyOf(name, this.options.config.bits);
    const sha256 = brings?.sha256 ?? null;
    const what = { kind: "store", name, key, size, sha256, body, require } as const;
    this.options.commands.begin(what, { name, brings, ended });
  }
}

function failed(why: string): Outcome {
  return { kind: "failed", why, maybe: false };
}

/**
 * The name's position on a circle of 2^bits: `number mod 256` for four digits in a numbered ring, else the
 * first bits of its SHA-256. A conflict is where the name is that it was stored under.
 */
export function keyOf(name: string, bits: number): number {
  const conflict = parseConflictName(name);
  if (conflict?.key != null) return conflict.key;
  const base = conflict?.base ?? name;
  if (bits === NUMBERED_BITS && isFourDigits(base)) return keyOfDigits(base);
  const hash = createHash("sha256").update(base).digest();
  // 48 bits at most are read, so the number is exact; the rest is cut off.
  return Math.floor(hash.readUIntBE(0, 6) / 2 ** (48 - bits));
}
