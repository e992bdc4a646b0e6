/** What goes for every command, wherever it stands on the line (but not after `--`). */
export type Globals = {
  readonly help: boolean;
  readonly version: boolean;
  readonly noColor: boolean;
  /** The first word that is not such a flag: a command's name, or a flag in the wrong place. */
  readonly name: string | null;
  /** The words after it. */
  readonly rest: readonly string[];
};

/** Splits a command line into the flags of every command, the command's name, and its own words. */
export function splitGlobals(argv: readonly string[]): Globals {
  const end = argv.indexOf("--");
  const head = end < 0 ? argv : argv.slice(0, end);
  const words = [
    ...head.filter((word) => word !== "--no-color"),
    ...(end < 0 ? [] : argv.slice(end)),
  ];
  const has = (...names: string[]) => head.some((word) => names.includes(word));
  const help = has("--help", "-h");
  const own = help ? words.filter((word) => word !== "--help" && word !== "-h") : words;
  // What stands before the command's name, and is no flag of p2p itself, is taken for the name:
  // the sentence about it is then about that word.
  return {
    help,
    version: own[0] === "--version" || own[0] === "-v",
    noColor: has("--no-color"),
    name: own[0] ?? null,
    rest: own.slice(1),
  };
}

/** Whether a stream may be given escape codes. */
export function mayColor(stream: { isTTY?: boolean | undefined }): boolean {
  const { NO_COLOR: noColor, TERM: term } = process.env;
  return stream.isTTY === true && (noColor ?? "") === "" && term !== "dumb";
}
