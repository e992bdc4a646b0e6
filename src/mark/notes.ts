/** What is to be said beside the marks, each thing once, with the peers that it is said of. */
import { displayPeers } from "../terminal/display.ts";
import { MAX_NOTES } from "./limits.ts";

export class Notes {
  private readonly peers = new Map<string, Set<number>>();

  /** @param peer whom it is said of; nobody in particular if left out */
  add(what: string, peer?: number): void {
    const of = this.peers.get(what) ?? new Set<number>();
    if (peer !== undefined) of.add(peer);
    if (this.peers.has(what) || this.peers.size < MAX_NOTES) this.peers.set(what, of);
  }

  /** Takes over what others noted. */
  addAll(notes: Notes): void {
    for (const [what, peers] of notes.peers) {
      if (peers.size === 0) this.add(what);
      for (const peer of peers) this.add(what, peer);
    }
  }

  /** A sentence each. */
  sentences(): string[] {
    return [...this.peers].map(([what, peers]) => {
      const of = [...peers].sort((a, b) => a - b);
      return of.length === 0 ? what : `${displayPeers(of)}: ${what}`;
    });
  }
}
