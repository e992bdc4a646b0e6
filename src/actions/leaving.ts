/** `p2p leave`: a peer goes for good, and its folder forgets the ring. */
import { join, resolve } from "node:path";
import { controlClient } from "../control/client.ts";
import { candidates, choosePeer, type PeerChoice } from "../control/find.ts";
import { PEERS_FOLDER } from "../control/own.ts";
import { inTime } from "../control/waiting.ts";
import { Failure } from "../protocol/model/failure.ts";
import { forgetRing, knowsRing } from "../store/forgetting.ts";
import { readLivingProcess } from "../store/process-file.ts";
import { displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";

/** What a peer holds goes to others before it leaves: a disk full of it over a slow line. */
const LEAVING_MS = 86_400_000;
/** A process whose last word is said has ended after so long. */
const ENDING_MS = 10_000;
const LOOK_MS = 20;
/** Names said in a sentence. */
const NAMES_SAID = 40;

/** What came of it. */
export type LeftRing = {
  /** The data folder. */
  readonly dir: string;
  /** The folder knows nothing of its ring any more. */
  readonly forgotten: boolean;
  /** Files that are still there, as far as they are known: nobody else has them, or they were set aside. */
  readonly kept: readonly string[];
  readonly sentence: string | null;
};

/**
 * Has a peer leave its ring in order, if it runs, and then its folder forget the ring.
 * @throws Failure where there is no such peer, or it goes on leaving
 */
export async function leaveRing(choice: PeerChoice): Promise<LeftRing> {
  const stopped = stoppedFolder(choice);
  const dir = stopped ?? choosePeer(choice).dir;
  const lastWord = stopped === null ? await quit(dir) : null;
  const done = await forgetRing(dir);
  if (done.kind === "forgotten") {
    const kept = done.aside?.names ?? [];
    const where = done.aside?.dir ?? "";
    const sentence = `What was set aside as damaged stays in ${where}: ${listed(kept)}.`;
    return { dir, forgotten: true, kept, sentence: done.aside === null ? null : sentence };
  }
  if (done.kind === "alone") {
    const { names: kept } = done;
    const sentence = `Nobody was left in the ring of ${dir} to take what it holds, which stays: ${listed(kept)}. Remove the folder if nobody needs it.`;
    return { dir, forgotten: false, kept, sentence };
  }
  const why =
    stopped === null
      ? `${lastWord ?? "It has not left its ring in order."} ${dir} still knows its ring: start that peer again where others can take it, or remove the folder if nobody needs it.`
      : `The peer in ${dir} does not run, and has not left its ring in order: start it again, so that p2p leave can hand on what it holds.`;
  return { dir, forgotten: false, kept: done.names, sentence: why };
}

/** Says what came of it: on standard output what went well. */
export function sayLeft({ dir, forgotten, sentence }: LeftRing): void {
  if (forgotten)
    console.log(`left its ring: ${dir} knows nothing of it any more, and can join another`);
  if (sentence !== null) say(sentence);
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_SAID;
  return displayList([...names.slice(0, NAMES_SAID), ...(more > 0 ? [`${more} more`] : [])]);
}

/** A folder that is meant, and whose peer does not run; null where one runs. */
function stoppedFolder(choice: PeerChoice): string | null {
  if (choice.peer !== null || candidates(choice).length > 0) return null;
  const dir = resolve(choice.data ?? join(PEERS_FOLDER, "peer"));
  return knowsRing(dir) && readLivingProcess(dir) === null ? dir : null;
}

/** Has a peer leave, and waits for its end. @returns the last sentence that it said, or null */
async function quit(dir: string): Promise<string | null> {
  let lastWord: string | null = null;
  const client = controlClient(dir);
  const events = await client.events((event) => {
    if (event.event === "note") lastWord = event.text;
  });
  await client.type("Quit");
  const late = () => new Failure(`The peer in ${dir} is still leaving: p2p leave goes on with it.`);
  await inTime(events.ended, LEAVING_MS, late);
  for (let waited = 0; readLivingProcess(dir) !== null; waited += LOOK_MS) {
    if (waited >= ENDING_MS) throw late();
    await Bun.sleep(LOOK_MS);
  }
  return lastWord;
}
