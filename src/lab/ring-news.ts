/**
 * What of a peer's words is news to whoever records a ring. While a ring comes together each peer hears of each other
 * one, and all are asked again and again: of 256 that would be more than a hundred thousand lines that say nothing.
 */
import { isTold } from "../page/ring-lines.ts";
import type { Seen } from "./follower.ts";

export class RingNews {
  /** All of what peers hear of each other is news from now on. */
  stands = false;
  /** Who has doubts about whom, or holds it for gone. */
  private readonly doubts = new Set<string>();
  /** The neighbours that each has told of last. */
  private readonly neighbours = new Map<number, string>();

  /** The process of a peer was started: what was known of it is that of a former one. */
  forget(peer: number): void {
    this.neighbours.delete(peer);
  }

  /** @returns false of what is already known, or told to nobody */
  isNews({ id, event, snapshot }: Seen): boolean {
    if (event === null) {
      return snapshot !== null && this.tellNeighbours(id, snapshot);
    }
    switch (event.event) {
      case "successors":
        this.tellNeighbours(id, event);
        return true;
      case "probe":
        this.doubt(`${id} ${event.id}`, event.doubt !== "answered");
        return true;
      case "member": {
        const hadDoubts = this.doubt(`${id} ${event.id}`, event.state !== "alive");
        return hadDoubts || this.stands || event.state !== "alive";
      }
      default:
        return isTold(event);
    }
  }

  /** @returns whether there was a doubt */
  private doubt(pair: string, isThere: boolean): boolean {
    const was = this.doubts.delete(pair);
    if (isThere) this.doubts.add(pair);
    return was;
  }

  private tellNeighbours(
    id: number,
    of: { readonly successors: readonly number[]; readonly predecessors: readonly number[] },
  ): boolean {
    const told = `${of.successors} ${of.predecessors}`;
    if (this.neighbours.get(id) === told) return false;
    this.neighbours.set(id, told);
    return true;
  }
}
