/**
 * What a lab has put into this peer, and for how long. It is counted in ticks of this very process: one that
 * was frozen in a cut is still cut off when it wakes, until its lab has had the time to say otherwise.
 */
import { timingSafeEqual } from "node:crypto";
import {
  LAB_FAULTS_VARIABLE,
  LAB_TOKEN_VARIABLE,
  type LabFaults,
  parseLabFaults,
  type StatusFaults,
} from "../control/lab.ts";
import { LinkFaults } from "../transport/link-faults.ts";
import { LAB_TICK_MS } from "./limits.ts";

export class Lab {
  readonly faults = new LinkFaults();
  /** Set by the owner: called when the disk is to count as full, or no more. */
  filled: (full: boolean) => void = () => {};
  #fullDisk = false;
  #ticks = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly token: string) {}

  /** The lab that has started this process, with what is on from its start; null where none has. */
  static of(environment: Readonly<Record<string, string | undefined>>): Lab | null {
    const token = environment[LAB_TOKEN_VARIABLE];
    if (token === undefined || token === "") return null;
    const lab = new Lab(token);
    const early = parseLabFaults(parsed(environment[LAB_FAULTS_VARIABLE] ?? ""));
    if (early !== null) lab.#apply(early);
    return lab;
  }

  get diskIsFull(): boolean {
    return this.#fullDisk;
  }

  /** What is on; undefined where nothing is. */
  get shown(): StatusFaults | undefined {
    const links = this.faults.faults;
    if (links.length === 0 && !this.#fullDisk) return undefined;
    return { links, fullDisk: this.#fullDisk };
  }

  /** @returns false, with nothing done, where the token is another one */
  put(token: string | null, faults: LabFaults): boolean {
    const [given, own] = [Buffer.from(token ?? ""), Buffer.from(this.token)];
    if (given.length !== own.length || !timingSafeEqual(given, own)) return false;
    this.#apply(faults);
    return true;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #apply({ links, reset, fullDisk, leaseMs }: LabFaults): void {
    this.faults.set(links);
    this.faults.reset(reset);
    this.#fill(fullDisk);
    this.#ticks = Math.ceil(leaseMs / LAB_TICK_MS);
    if (links.length === 0 && !fullDisk) this.close();
    else this.#timer ??= setInterval(() => this.#tick(), LAB_TICK_MS);
  }

  #tick(): void {
    this.#ticks -= 1;
    if (this.#ticks > 0) return;
    this.close();
    this.faults.set([]);
    this.#fill(false);
  }

  #fill(full: boolean): void {
    if (full === this.#fullDisk) return;
    this.#fullDisk = full;
    this.filled(full);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
