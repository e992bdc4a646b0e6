/** What a ring says of itself to a person who sees it for the first time: what it is, what to type, where files are. */
import { count, displaySomePeers } from "../terminal/display.ts";

export type Welcome = {
  /** Said as the ring starts, and once it stands. */
  readonly first: readonly string[];
  readonly standing: readonly string[];
};

/**
 * Whether a person looks on, at a terminal that does as usual: everywhere else a ring prints its lines, and no
 * more than these.
 */
export function isForPeople(env: Readonly<Record<string, string | undefined>>): boolean {
  const isSet = (name: string): boolean => (env[name] ?? "") !== "";
  const terminals = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return terminals && env["TERM"] !== "dumb" && !isSet("NO_COLOR") && !isSet("CI");
}

/** Whether there is a terminal for a picture: one that people look at, and that says how large it is. */
export function hasRoomForPicture(): boolean {
  const { columns = 0, rows = 0 } = process.stdout;
  return isForPeople(process.env) && columns > 0 && rows > 0;
}

/**
 * @param cwd the working folder of the peers
 * @param dir the ring's folder
 */
export function welcome(
  ids: readonly number[],
  basePort: number,
  cwd: string,
  dir: string,
): Welcome {
  const [first = 0, ...others] = ids;
  const victim = others[Math.floor(others.length / 2)] ?? first;
  const kill = `kill ${victim}, and see how the others heal; start ${victim}`;
  return {
    first: [
      `${count(ids.length, "peer")} in a ring on this machine: ${displaySomePeers(ids)}, at port ${basePort} + id.`,
      `They store files of ${cwd} and bring them there; each keeps its share in ${dir}/ID.`,
    ],
    standing: [
      `Try: ${others.length === 0 ? "add 9" : kill}; ${first} Store 2067, for a file 2067.pdf.`,
      "help tells the rest, Tab completes what you type, Ctrl-D ends the ring.",
    ],
  };
}
