/**
 * The connections that a control socket keeps for the next request, as HTTP does: a program that asks often need
 * not connect for each. They are closed when nobody asks anything for a while; and where this process has many
 * descriptors open, each ends with its answer, so that those of whoever never closes any do not use them up.
 */
import { readdirSync, statSync } from "node:fs";
import { descriptorLimit } from "../transport/descriptors.ts";
import { DESCRIPTORS_AMPLE, DESCRIPTORS_LEFT, KEPT_LOOK_MS, KEPT_QUIET_MS } from "./limits.ts";

type Idle = { closeIdleConnections(): number };

export class Kept {
  #server: Idle | null = null;
  #usedAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isCrowded = false;
  readonly #most: number;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param descriptors how many this process has open
   * @param limit how many it may have
   */
  constructor(
    private readonly descriptors: () => number = openDescriptors,
    limit: number = descriptorLimit(),
  ) {
    this.#most = Math.min(limit - DESCRIPTORS_LEFT, DESCRIPTORS_AMPLE);
  }

  /** Whose connections are closed. */
  of(server: Idle): void {
    this.#server = server;
  }

  /** A request has come. @returns whether its connection may be kept when it is answered */
  used(): boolean {
    const now = performance.now();
    this.#usedAt = now;
    this.#timer ??= setTimeout(() => this.#look(), KEPT_QUIET_MS);
    if (now - this.#lookedAt >= KEPT_LOOK_MS) {
      this.#lookedAt = now;
      this.#isCrowded = this.descriptors() > this.#most;
    }
    return !this.#isCrowded;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#server = null;
  }

  /** No request is on its way when all have been quiet for so long: nobody finds a connection closed amid its work. */
  #look(): void {
    this.#timer = null;
    const quietMs = performance.now() - this.#usedAt;
    if (quietMs >= KEPT_QUIET_MS) this.#server?.closeIdleConnections();
    else this.#timer = setTimeout(() => this.#look(), KEPT_QUIET_MS - quietMs);
  }
}

/** On a system that does not tell, none. */
function openDescriptors(): number {
  try {
    // Linux tells how many there are as the folder's size, from 6.2 on; to list thousands takes long.
    return statSync("/dev/fd").size || readdirSync("/dev/fd").length;
  } catch {
    return 0;
  }
}
