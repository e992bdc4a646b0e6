/** What one connection of a link shows of its other end: hellos that come back, and who says them. */
import type { Member } from "../protocol/model/member.ts";
import type { Age } from "../wire/age.ts";
import { FrameReader } from "../wire/frame.ts";
import { decode } from "../wire/message.ts";
import { Beats } from "./beats.ts";

/** Who says a hello that comes back listens where it was dialled, wherever that is. */
const ANY_HOST = "0.0.0.0";

export class Pulse {
  readonly #beats = new Beats();
  readonly #reader = new FrameReader();
  /** Bytes given to the socket since the last hello came back. */
  #underWay = 0;

  /** So many bytes more went out. */
  sent(bytes: number): void {
    this.#underWay += bytes;
  }

  /** @param waiting bytes that are to go out before it @returns the number of the hello to send */
  begin(now: number, waiting = 0): number {
    return this.#beats.begin(now, waiting + this.#underWay);
  }

  /**
   * Takes what has come: nothing is to come but this side's own hellos.
   * @returns who has said the last of them, or null; false where something else came
   */
  read(bytes: Uint8Array, now: number): Member | null | false {
    let by: Member | null = null;
    this.#reader.push(bytes);
    let frame = this.#reader.next();
    for (; frame.kind === "message"; frame = this.#reader.next()) {
      const decoded = decode(frame.bytes, ANY_HOST);
      if ("error" in decoded || decoded.message.tag !== "hello") return false;
      if (!this.#beats.came(decoded.message.beat, now)) return false;
      this.#underWay = 0;
      by = decoded.from;
    }
    return frame.kind === "more" ? by : false;
  }

  /** What to say of a frame that is made now. */
  age(now: number): Age {
    return this.#beats.age(now);
  }

  /** The latest hello has not come back yet. */
  get isAwaited(): boolean {
    return this.#beats.isAwaited;
  }

  /** It is time for the next one. */
  isDue(now: number): boolean {
    return this.#beats.isDue(now);
  }

  /** The other side has not read for too long. */
  isStalled(now: number): boolean {
    return this.#beats.isStalled(now);
  }

  /** A hello takes longer than it does on a network that carries it. */
  isLate(now: number): boolean {
    return this.#beats.isLate(now);
  }

  /** This very process was asleep: the waiting begins anew. */
  woke(now: number): void {
    this.#beats.woke(now);
  }
}
