/** What helps a person who types at a ring's prompt: lines of earlier runs, and what Tab makes of a beginning. */
import { readdirSync } from "node:fs";
import { type Completed, complete } from "./completing.ts";
import { TypedHistory } from "./typed-history.ts";
import type { TypedRing } from "./typed-ring.ts";

/** A file of the assignment. */
const NAMED = /^(\d{4})\.pdf$/;
const STORED = /^\s*\d+\s+store\s+(\d{4})\s*$/i;

export class Typing {
  readonly history = new TypedHistory();
  private readonly stored = new Set<string>();

  constructor(
    private readonly ring: TypedRing,
    private readonly cwd: string,
  ) {}

  /** A line was typed. */
  note(line: string): void {
    this.history.add(line);
    const [, name] = STORED.exec(line) ?? [];
    if (name !== undefined) this.stored.add(name);
  }

  /** @param line what stands before the cursor */
  complete(line: string): Completed {
    const peers = this.ring.peers();
    const those = (state: string) => peers.filter((p) => p.state === state).map((p) => p.id);
    return complete(line, {
      ...{ running: those("running"), frozen: those("frozen"), ended: those("ended") },
      ...{ words: this.ring.words, files: this.files() },
    });
  }

  private files(): string[] {
    try {
      const here = readdirSync(this.cwd).flatMap((file) => NAMED.exec(file)?.[1] ?? []);
      return [...new Set([...here, ...this.stored])].sort();
    } catch {
      return [...this.stored].sort();
    }
  }
}
