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

/**
 * Has a peer leave its ring in order, if it runs, and then its folder forget the ring.
 * @returns the exit code: 1 if files stay that nobody else has
 * @throws Failure where there is no such peer, or it has not left
 */
export async function leaveRing(choice: PeerChoice): Promise<number> {
  const stopped = stoppedFolder(choice);
  const dir = stopped ?? choosePeer(choice).dir;
  const lastWord = stopped === null ? await quit(dir) : null;
  const done = await forgetRing(dir);
  if (done.kind === "not left") {
    if (lastWord !== null) say(lastWord);
    say(
      stopped === null
        ? `${dir} still knows its ring, for the sake of what is in it: start that peer again where others can take it, or remove the folder if nobody needs it.`
        : `The peer in ${dir} does not run, and has not left its ring in order: start it again, so that p2p leave can hand on what it holds.`,
    );
    return 1;
  }
  if (done.kind === "alone") {
    say(
      `Nobody was left in the ring of ${dir} to take what it holds, which stays: ${listed(done.names)}. Remove the folder if nobody needs it.`,
    );
    return 1;
  }
  console.log(`left its ring: ${dir} knows nothing of it any more, and can join another`);
  if (done.aside === null) return 0;
  const { names } = done.aside;
  say(`What was set aside as damaged stays in ${done.aside.dir}: ${listed(names)}.`);
  return 1;
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
