/**
 * `p2p status --all`: a peer asks all members of its ring, wherever they are, and what they say is
 * judged. Peers of this machine that it does not know of are asked as well: there two rings may be one.
 */

import { CHECK_NAMES, type CheckResult } from "../checks/ring.ts";
import { controlClient } from "../control/client.ts";
import { candidates, choosePeer, type FoundPeer, none, type PeerChoice } from "../control/find.ts";
import { checksOf, isAt } from "../control/snapshot.ts";
import type { CheckedPeer, Checks, RingTold } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { count, displayList, shortened } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";

/** Members that are named in one sentence. */
const NAMED = 20;

/**
 * Prints what the members of a ring say, and whether they form one.
 * @param options.lookup keys that each of them looks up; none for some of the ring's own
 * @returns the exit code: 1 if a check fails, or somebody does not answer
 * @throws Failure if there is nobody to ask
 */
export async function showRing(
  choice: PeerChoice,
  options: { json: boolean; lookup: readonly number[] },
): Promise<number> {
  const { told, mute } = await askAll(ofOneRing(choice, candidates(choice)), options.lookup);
  const checks = checksOf(told);
  console.log(options.json ? JSON.stringify(checks) : describe(checks, options.lookup).join("\n"));
  const silent = silenceInWords(checks);
  for (const sentence of silent === null ? mute : [silent, ...mute]) {
    say(sentence);
  }
  const failed = Object.values(checks.checks).some((check) => !check.ok);
  return failed || silent !== null || mute.length > 0 ? 1 : 0;
}

/** The peers here of the ring that is meant: that of the peer chosen, which comes first, or the only one. */
function ofOneRing(choice: PeerChoice, peers: readonly FoundPeer[]): FoundPeer[] {
  if (peers.length === 0) throw none(choice, peers, process.cwd());
  const ring = choice.peer === null ? peers[0]?.ring : choosePeer(choice).ring;
  const same = peers.filter((peer) => peer.ring === ring);
  if (choice.peer !== null) {
    const chosen = choosePeer(choice);
    return [chosen, ...same.filter(({ dir }) => dir !== chosen.dir)];
  }
  if (same.length === peers.length) return same;
  const rings = [...new Set(peers.map((peer) => peer.ring))];
  throw new Failure(
    `Peers of ${rings.length} rings are running here (${displayList(rings)}): choose a ring with --data DIR.`,
    2,
  );
}

/** Asks the first that answers, and then those found here of whom it has heard nothing. */
async function askAll(
  peers: readonly FoundPeer[],
  lookup: readonly number[],
): Promise<{ told: RingTold[]; mute: string[] }> {
  const told: RingTold[] = [];
  const mute: string[] = [];
  const attempt = async (peer: FoundPeer, ask: () => Promise<unknown>): Promise<boolean> => {
    try {
      await ask();
      return true;
    } catch (error) {
      mute.push(`peer ${peer.id}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  };
  // One that is silent is soon known to be, the ring may take its time.
  const answer = await Promise.all(
    peers.map((peer) => attempt(peer, () => controlClient(peer.dir).status())),
  );
  let left = peers.filter((_, index) => answer[index]);
  const askOne = async (peer: FoundPeer): Promise<void> => {
    told.push(await controlClient(peer.dir).ring(lookup));
  };
  for (let first = left.shift(); first !== undefined; first = left.shift()) {
    const peer = first;
    if (await attempt(peer, () => askOne(peer))) break;
  }
  left = left.filter(
    (peer) => !told.some((ring) => ring.peers.some(({ self }) => isAt(self, peer))),
  );
  await Promise.all(left.map((peer) => attempt(peer, () => askOne(peer))));
  return { told, mute };
}

/** `3 of 5 members answered; no answer from 12 and 40` */
function silenceInWords({ peers, silent }: Checks): string | null {
  if (silent.length === 0) return null;
  const ids = silent.map(({ id }) => id);
  const named = ids.length > NAMED ? [...ids.slice(0, NAMED), "others"] : ids;
  const all = count(peers.length + ids.length, "member");
  return `${peers.length} of ${all} answered; no answer from ${displayList(named)}`;
}

function describe({ peers, silent, checks }: Checks, keys: readonly number[]): string[] {
  const rows = peers.map((peer) => [
    String(peer.self.id),
    displayList(peer.successors),
    displayList(peer.predecessors),
    membersInWords(peer),
    count(peer.files.count, "file"),
  ]);
  const failed = Object.entries(checks).filter(([, check]) => !check.ok);
  const good = Object.keys(checks).filter((name) => checks[name]?.ok);
  const untold = CHECK_NAMES.filter((name) => !(name in checks));
  const all = peers.length + silent.length;
  const table = shortened(["peer", "successors", "predecessors", "members", "files"], rows);
  return [
    ...(peers.length === 0 ? [] : [...table, ""]),
    all === 0 ? "  nobody answered" : `  ${peers.length} of ${count(all, "member")} answered`,
    ...(peers.length === 0 ? [] : keys.map((key) => `  key ${key}: ${ownersInWords(peers, key)}`)),
    ...failed.map(([name, check]) => `  ${name} fails${inWords(check)}`),
    ...(good.length > 0 ? [`  ${displayList(good)} ${good.length === 1 ? "holds" : "hold"}`] : []),
    ...(untold.length > 0 ? [`  ${displayList(untold)} cannot be told`] : []),
  ];
}

/** `peer 8 owns it, by 5 peers`; where they do not agree, what each part of them says. */
function ownersInWords(peers: readonly CheckedPeer[], key: number): string {
  const found = peers.flatMap(({ lookups }) => lookups.filter((lookup) => lookup.key === key));
  const owners = [...new Set(found.map(({ owner }) => owner))];
  const parts = owners.map((owner) => {
    const by = count(found.filter((lookup) => lookup.owner === owner).length, "peer");
    return owner === null ? `no answer to ${by}` : `peer ${owner} owns it, by ${by}`;
  });
  return parts.join("; ");
}

function membersInWords({ members, expected, dead, left }: CheckedPeer): string {
  const alive = members.filter(({ state }) => state === "alive").length;
  const leaving = members.length - alive;
  const amounts = Object.entries({ alive, leaving, expected, dead, left });
  return displayList(
    amounts.filter(([, amount]) => amount > 0).map(([state, amount]) => `${amount} ${state}`),
  );
}

function inWords(check: CheckResult): string {
  return check.ok
    ? ""
    : ` at ${count(check.peers.length, "peer")} (${displayList(check.peers)}): ${check.why}`;
}
