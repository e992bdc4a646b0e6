/** The contents that are on their way in or out just now, for those who want to see them move. */

export type Move = { readonly file: string; readonly size: number; bytes: number };

/** Each move is of one transfer; a transfer that breaks and goes on is another. */
export class Moving {
  readonly #moves = new Set<Move>();

  begin(file: string, size: number, bytes = 0): Move {
    const move = { file, size, bytes };
    this.#moves.add(move);
    return move;
  }

  end(move: Move): void {
    this.#moves.delete(move);
  }

  /** How far the largest move of a file is; null where it does not move. */
  of(file: string): { readonly bytes: number; readonly size: number } | null {
    let largest: Move | null = null;
    for (const move of this.#moves) {
      if (move.file === file && move.bytes >= (largest?.bytes ?? 0)) largest = move;
    }
    return largest === null ? null : { bytes: largest.bytes, size: largest.size };
  }
}
