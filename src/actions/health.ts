/**
 * `p2p health`: whether a ring and its files are well, for scripts. A peer is asked, and through it all
 * members: each thing that is wrong is a sentence.
 */

import { controlClient } from "../control/client.ts";
import { choosePeer, type PeerChoice } from "../control/find.ts";
import { checksOf } from "../control/snapshot.ts";
import type { Checks, Health, Status } from "../control/types.ts";
import { EXIT_FAILED, EXIT_INCONCLUSIVE, EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { count, displayList } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { livingInWords, shortInWords } from "./status.ts";

/**
 * Prints whether all is well.
 * @returns the exit code: 0 if it is, 1 if not, 3 if that could not be told
 * @throws Failure with exit code 2 if it is not clear which peer is meant
 */
export async function showHealth(choice: PeerChoice, json: boolean): Promise<number> {
  try {
    const control = controlClient(choosePeer(choice).dir);
    const status = await control.status();
    const checks = checksOf([await control.ring()]);
    const problems = [...problemsOf(status), ...problemsIn(checks, status)];
    const healthy = problems.length === 0;
    const peers = checks.peers.length;
    if (json) print({ healthy, problems, peers });
    else if (healthy)
      console.log(`healthy: ${count(peers, "peer")}, and every file has its copies`);
    else for (const problem of problems) console.log(problem);
    return healthy ? 0 : EXIT_FAILED;
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === EXIT_USAGE) throw error;
    if (json) print({ healthy: null, problems: [error.message], peers: 0 });
    else say(`The health of the ring could not be told: ${error.message}`);
    return EXIT_INCONCLUSIVE;
  }
}

function print(health: Omit<Health, "v" | "at">): void {
  console.log(JSON.stringify({ v: 1, at: Date.now(), ...health } satisfies Health));
}

/** What the peer that was asked says of the ring and of itself. */
export function problemsOf({ self, members, files }: Status): string[] {
  const problems: string[] = [];
  const alive = members.filter((m) => m.state === "alive" && m.incarnation > 0);
  const expected = members.filter((m) => m.state === "alive" && m.incarnation === 0);
  if (!alive.some((m) => m.id === self.id)) problems.push(`peer ${self.id} is not in its ring`);
  else if (alive.length < files.copies) {
    const living = livingInWords(members);
    problems.push(`${files.copies} copies are wanted of each file; the ring has ${living}`);
  }
  if (expected.length > 0) {
    const ids = displayList(expected.map(({ id }) => id));
    problems.push(`never heard of: ${ids}`);
  }
  if (!files.kept) problems.push(`peer ${self.id}: its data folder was deleted`);
  return problems;
}

/** What the members say of themselves, and whether they form one ring. */
export function problemsIn(
  { peers, silent, checks }: Checks,
  { files: { copies, kept, freeBytes }, self: asked }: Status,
): string[] {
  const problems: string[] = [];
  if (silent.length > 0) problems.push(`no answer from ${displayList(silent.map(({ id }) => id))}`);
  for (const [name, check] of Object.entries(checks)) {
    if (!check.ok) problems.push(`${name} fails at ${displayList(check.peers)}: ${check.why}`);
  }
  for (const { self, files } of peers) {
    const its = (what: string) => problems.push(`peer ${self.id}: ${what}`);
    if (files.short > 0) its(shortInWords({ ...files, copies, kept }));
    const deleted = self.id === asked.id && (!kept || freeBytes === null);
    if (files.room === 0 && !deleted) its("its disk is full, and takes no file any more");
  }
  return problems;
}
