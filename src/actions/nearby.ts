/** What is found without being named: the peers that run here, and the names that a ring has. */
import { controlClient } from "../control/client.ts";
import { choosePeer, findPeers, findPeersIn, type PeerChoice } from "../control/find.ts";
import { inTime } from "../control/waiting.ts";
import { Failure } from "../protocol/model/failure.ts";
import { displaySize } from "../terminal/display.ts";

/** A word for a command line, and what it is. */
type Row = readonly [word: string, what: string];

/** Whoever has pressed a key waits for it. */
const LIST_MS = 1_000;
/** Nobody reads more. */
const MAX_NAMES = 1_000;

/** The peers that run below this folder. @throws Failure if others have a hand in it */
export function peersHere(): Row[] {
  return findPeers(process.cwd()).map(({ id, dir }) => [String(id), dir]);
}

/** The peers whose folders are in one. */
export function peersIn(dir: string): Row[] {
  return findPeersIn(dir).map(({ id, pid }) => [String(id), `process ${pid}`]);
}

/**
 * The names that a ring has, as a peer of it tells.
 * @throws Failure if it is not clear which, or it does not answer at once
 */
export async function namesAt(choice: PeerChoice): Promise<Row[]> {
  const { dir } = choosePeerOfOneRing(choice);
  const late = () => new Failure("The peer does not answer at once.");
  const { files } = await inTime(controlClient(dir).list(), LIST_MS, late);
  return files
    .filter(({ record }) => !record.removed)
    .slice(0, MAX_NAMES)
    .map(({ record: { name, size } }) => [name, displaySize(size)]);
}

/** Where several peers run and none was named, they may well be of one ring, and know the same. */
function choosePeerOfOneRing(choice: PeerChoice) {
  if (choice.peer !== null || choice.data !== null) return choosePeer(choice);
  return findPeers(process.cwd())[0] ?? choosePeer(choice);
}
