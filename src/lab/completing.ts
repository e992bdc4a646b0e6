/** What Tab makes of a line that is being typed at a ring's prompt. Pure. */

/** What there is to name just now. */
export type Completable = {
  readonly running: readonly number[];
  readonly frozen: readonly number[];
  readonly ended: readonly number[];
  /** What may be typed at a peer. */
  readonly words: readonly string[];
  /** Names of files that could be stored, or requested. */
  readonly files: readonly string[];
};

/** What the word at the line's end may become, and that word, as a line reader wants it. */
export type Completed = [hits: string[], word: string];

const COMMANDS = [
  "add",
  "explain",
  "freeze",
  "help",
  "join",
  "kill",
  "quit",
  "start",
  "status",
  "thaw",
];

/** @param line what stands before the cursor */
export function complete(line: string, ring: Completable): Completed {
  const words = line.trimStart().split(/\s+/);
  const word = words.pop() ?? "";
  const hits = candidates(words, ring).filter((one) => {
    return one.toLowerCase().startsWith(word.toLowerCase()) && !words.slice(1).includes(one);
  });
  // What is whole goes on with the next word.
  return [hits.map((one) => `${one} `), word];
}

function candidates(before: readonly string[], ring: Completable): string[] {
  const [first, second] = before.map((word) => word.toLowerCase());
  if (first === undefined) return [...COMMANDS, ...ring.running.map(String)];
  if (/^\d+$/.test(first)) return second === undefined ? [...ring.words] : fileNames(second, ring);
  const alone = second === undefined;
  switch (first) {
    case "kill":
      return [...ring.running, ...ring.frozen].map(String);
    case "freeze":
    case "stop":
      return ring.running.map(String);
    case "thaw":
    case "cont":
      return ring.frozen.map(String);
    case "add":
    case "start":
      return alone ? ring.ended.map(String) : [];
    case "join":
      return (alone ? ring.ended : ring.running).map(String);
    default:
      return [];
  }
}

function fileNames(word: string, { files }: Completable): string[] {
  return ["store", "request", "remove", "where"].includes(word) ? [...files] : [];
}
