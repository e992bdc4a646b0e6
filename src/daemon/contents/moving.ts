/** The contents that are on their way in or out just now, for those who want to see them move. */
import type { Doing } from "../../control/types.ts";

export type Move = {
  readonly file: string;
  readonly size: number;
  readonly doing: Doing;
  bytes: number;
};

/** Where the last part of what came began, and who brought it. */
export type Last = { before: number; peer: number };

/** Each move is of one transfer; a transfer that breaks and goes on is another. */
export class Moving {
  readonly #moves = new Set<Move>();

  begin(file: string, size: number, bytes = 0, doing: Doing = "moving"): Move {
    const move = { file, size, bytes, doing };
    this.#moves.add(move);
    return move;
  }

  end(move: Move): void {
    this.#moves.delete(move);
  }

  /** How far the largest move of a file is; null where it does not move. */
  of(file: string): Omit<Move, "file"> | null {
    let largest: Move | null = null;
    for (const move of this.#moves) {
      if (move.file === file && move.bytes >= (largest?.bytes ?? 0)) largest = move;
    }
    if (largest === null) return null;
    const { bytes, size, doing } = largest;
    return { bytes, size, doing };
  }
}
