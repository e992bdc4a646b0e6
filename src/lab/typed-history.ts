/**
 * What was typed at prompts of rings, so that the arrow up remembers it from one run to the next: a file of this
 * user's alone, of so many lines. One that cannot be kept is a shorter memory, and no more.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { readSmall, replaceSmall, stateFolder } from "../control/own.ts";
import { HISTORY_BYTES, HISTORY_LINES } from "./limits.ts";

const FILE = "ring-history";

export class TypedHistory {
  private readonly path = join(stateFolder(), FILE);

  /** The latest first. */
  read(): string[] {
    try {
      return readSmall(this.path).split("\n").filter(Boolean).slice(-HISTORY_LINES).reverse();
    } catch {
      return [];
    }
  }

  /** Adds to what is there by now: another ring may be typed at. Never throws. */
  add(line: string): void {
    const text = line.trim();
    const fits = Buffer.byteLength(text) < HISTORY_BYTES;
    if (text === "" || !fits || /\p{C}/u.test(text)) return;
    const lines = [
      ...this.read()
        .reverse()
        .filter((one) => one !== text),
      text,
    ];
    while (lines.length > HISTORY_LINES || Buffer.byteLength(lines.join("\n")) > HISTORY_BYTES) {
      lines.shift();
    }
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      replaceSmall(this.path, lines.map((one) => `${one}\n`).join(""));
    } catch {
      // The next line may find room.
    }
  }
}
