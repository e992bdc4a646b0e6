/** `p2p invite` and `p2p key`: letting peers into a closed ring, and changing what keeps others out. */
import { existsSync } from "node:fs";
import { controlClient } from "../control/client.ts";
import { choosePeer, type PeerChoice } from "../control/find.ts";
import { Failure } from "../protocol/model/failure.ts";
import { drawKey, keyText } from "../seal/key-text.ts";
import { errorCode } from "../store/durable.ts";
import { makeSecret } from "../store/key-file.ts";
import { displayDuration, displayPeers } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";

/**
 * Has a peer write an invite, and prints what to type elsewhere.
 * @returns the exit code
 * @throws Failure in a ring that has no key of its own
 */
export async function writeInvite(
  choice: PeerChoice,
  { lastsMs, once, qr, json }: { lastsMs: number; once: boolean; qr: boolean; json: boolean },
): Promise<number> {
  const invite = await controlClient(choosePeer(choice).dir).invite(lastsMs, once);
  if (json) {
    const expiresAt = Date.now() + lastsMs;
    console.log(JSON.stringify({ v: 1, invite, expiresAt, once }));
    return 0;
  }
  console.log(`p2p join ${invite}`);
  if (qr) {
    const { renderUnicodeCompact } = await import("uqr");
    console.log(renderUnicodeCompact(invite));
  }
  const who = once ? "one peer" : "whoever has that word";
  say(
    `It lets in ${who}, for ${displayDuration(lastsMs)}, as long as this peer runs: give it to nobody else.`,
  );
  return 0;
}

/**
 * Makes a file with a new key.
 * @returns the exit code
 * @throws Failure where it is there already, or cannot be made
 */
export function makeKeyFile(path: string): number {
  if (existsSync(path))
    throw new Failure(
      `${path} is there already: a ring may need what is in it; name another file.`,
    );
  try {
    makeSecret(path, `${keyText(drawKey())}\n`);
  } catch (error) {
    throw new Failure(`The key file ${path} cannot be made (${errorCode(error) || error}).`);
  }
  console.log(`made ${path}, which only you can read`);
  return 0;
}

/**
 * Changes the key of a peer's ring, and says who does not have the new one yet.
 * @returns the exit code: 1 if some could not be reached
 * @throws Failure in a ring that has no key of its own, or where that is being done
 */
export async function rotateKey(
  choice: PeerChoice,
  { without, endsMs, json }: { without: readonly number[]; endsMs: number; json: boolean },
): Promise<number> {
  const missed = await controlClient(choosePeer(choice).dir).rotate(without, endsMs);
  if (json) console.log(JSON.stringify({ v: 1, missed, without, endsMs }));
  else
    console.log(
      `the key of the ring changes: in ${displayDuration(endsMs)} the former lets nobody in any more`,
    );
  if (missed.length === 0) return 0;
  say(
    `Not reached yet: ${displayPeers(missed)}. Whoever is not reached by then is out, and needs an invite.`,
  );
  return 1;
}
