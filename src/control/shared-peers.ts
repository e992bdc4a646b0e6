/** What a lab and a process in which several of its peers run say to each other: lines of JSON, both ways. */

/** What happens at a peer of a shared process, as one line of JSON each. */
export type SharedNews =
  | { readonly id: number; readonly line: string }
  | { readonly id: number; readonly note: string }
  /** Its folder is free. @property code its exit code; null where it was killed */
  | { readonly id: number; readonly ended: true; readonly code: number | null };

/** What a lab tells a shared process, as one line of JSON each. */
export type SharedOrder =
  | {
      readonly order: "start";
      readonly id: number;
      /** The command line of its peer. */
      readonly words: readonly string[];
      /** What is on at it from its start, as JSON; empty for nothing. */
      readonly faults: string;
    }
  | { readonly order: "kill" | "quit"; readonly id: number };

/** @returns null for what is no such line; what is one is of this very program's making */
export function readOrder(line: string): SharedOrder | null {
  return read<SharedOrder>(line);
}

/** @returns null for what is no such line */
export function readNews(line: string): SharedNews | null {
  return read<SharedNews>(line);
}

function read<T extends { readonly id: number }>(line: string): T | null {
  try {
    const said: T = JSON.parse(line);
    return Number.isSafeInteger(said.id) ? said : null;
  } catch {
    return null;
  }
}
