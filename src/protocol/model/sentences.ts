/** What a peer says to a person when something is in the way: the cause, and what to do next. */
import type { Outcome } from "./events.ts";
import { type Address, isExpected, isPresent, type Member } from "./member.ts";

/** Files that one sentence names. */
const FILES_NAMED = 4;
/** Peers of one state that it names. */
const PEERS_NAMED = 4;

/** "4", "4 and 5", "4, 5 and 8". */
export function listOf(things: readonly (string | number)[]): string {
  if (things.length < 2) return things.join("");
  return `${things.slice(0, -1).join(", ")} and ${things.at(-1)}`;
}

function membersOf(count: number): string {
  return count === 1 ? "1 member" : `${count} members`;
}

function copiesIn(count: number): string {
  return count === 1 ? "1 copy" : `${count} copies`;
}

function noneOf(count: number): string {
  return count === 1 ? "Not even the one member" : `None of the ${membersOf(count)}`;
}

/** A file and how many of its copies are elsewhere. */
export type ShortFile = { readonly name: string; readonly replicas: number };

/** "notes.txt has 1 of 3 copies elsewhere", or the worst of several. */
function shortFiles(short: readonly ShortFile[], wanted: number): string {
  const [first, ...more] = [...short].sort((a, b) => a.replicas - b.replicas);
  if (first === undefined) return "";
  const one = `${first.name} has ${first.replicas} of ${copiesIn(wanted)} elsewhere`;
  if (more.length === 0) return one;
  const named = more.slice(0, FILES_NAMED - 1).map((f) => `${f.name} ${f.replicas}`);
  const rest = more.length - named.length;
  return `${one}, ${listOf([...named, ...(rest > 0 ? [`${rest} more too few`] : [])])}`;
}

/** A member, as far as that tells whether it is here. */
export type Known = Pick<Member, "id" | "state" | "incarnation">;

/**
 * Who of those that are known is not here, and so may have what nobody here has: "Peers 20 and 40 (dead) and
 * Peer 30 (left) may have it: start them and ask again". Null if all are here.
 */
export function missingMayHave(what: "it" | "some", members: readonly Known[]): string | null {
  const missing = members.filter((m) => absenceOf(m) !== null);
  if (missing.length === 0) return null;
  const groups = Array.from(Map.groupBy(missing, absenceOf), ([how, those]) => {
    const more = those.length - PEERS_NAMED;
    const ids = those.slice(0, PEERS_NAMED).map(({ id }) => `${id}`);
    const named = listOf(more > 0 ? [...ids, `${more} more`] : ids);
    return `${those.length > 1 ? "Peers" : "Peer"} ${named} (${how})`;
  });
  const them = missing.length > 1 ? "them" : "it";
  return `${listOf(groups)} may have ${what}: start ${them} and ask again`;
}

/** How a member is missing; null if it is here. */
function absenceOf({ state, incarnation }: Known): string | null {
  if (!isPresent({ state })) return state;
  return isExpected({ incarnation }) ? "not heard from yet" : null;
}

/**
 * That nobody has a file, as far as that is known to those that are here.
 * @param what the file, as in "file 2067"
 * @param members all that the peer knows of which it was asked
 * @param advice what to do if none of them is missing
 */
export function nobodyHolds(
  what: string,
  owner: number,
  members: readonly Known[],
  advice: string,
): string {
  const others = missingMayHave("it", members);
  const owned = `${what} (its owner is Peer ${owner})`;
  return others === null
    ? `No peer holds ${owned}: ${advice}.`
    : `No peer that is here holds ${owned}, and ${others}.`;
}

function noSuchFile(name: string, owner: number, members: readonly Known[]): string {
  return nobodyHolds(`file ${name}`, owner, members, "store it first");
}

export const sentences = {
  contactRefused: (name: string, at: Address) =>
    `${name} does not run at ${at}: start it first, or join through another peer.`,
  contactSilent: (name: string, at: Address) =>
    `${name} at ${at} gave no answer to the join request: try again, or join through another peer.`,
  goingOnAlone: (name: string, at: Address) =>
    `${name} does not answer at ${at}: looking for the members known from an earlier run instead.`,
  joinBusy: (name: string) =>
    `The ring that ${name} belongs to is busy taking in others: try again in a moment.`,
  idTaken: (id: number, by: Address) =>
    `Peer ${id} is taken by a living peer at ${by}: choose another id.`,
  folderCopied: (id: number, by: Address) =>
    `Peer ${id}, whose data folder this is or is a copy of, lives at ${by}: stop that one, or start with a new folder, as in --data DIR, and the ring gives this peer an id of its own.`,
  claimantWon: (claimant: Member) =>
    `Another peer with the id ${claimant.id} lives at ${claimant.address} and came later: this one stops.`,
  missing: (ids: readonly number[]) =>
    `No answer yet from ${ids.length > 1 ? "Peers" : "Peer"} ${listOf(ids)}: start ${
      ids.length > 1 ? "them" : "it"
    }, or check the numbers given.`,
  noDatagrams: () =>
    "No datagrams (UDP) come through to this peer, or from it: it goes on over TCP alone, more slowly. Open its port for UDP to mend that.",
  noDatagramsTo: (id: number) =>
    `Datagrams (UDP) between this peer and Peer ${id} do not come through: the two go on over TCP, more slowly. Open their ports for UDP to mend that.`,
  datagramsAgain: () => "Datagrams (UDP) come through again.",
  noStreams: (id: number, at: Address) =>
    `Peer ${id} answers pings but takes no connections (TCP) at ${at}: files and requests go around it. Open its port for TCP to mend that.`,
  damaged: (name: string) =>
    `The copy of file ${name} here was damaged, and was set aside: it is fetched anew from another holder.`,
  replicasDamaged: (what: string, ids: readonly number[]) =>
    `${what} is not possible: the ${ids.length === 1 ? "copy" : "copies"} on ${listOf(ids)} ${ids.length === 1 ? "was" : "were"} damaged, and no other peer that is here has one.`,
  heldByLost: (what: string, ids: readonly number[]) =>
    `${what} is not possible: no peer that is here has it, and ${listOf(ids)}, which ${ids.length === 1 ? "was lost" : "were lost together"}, may have it.`,
  noContent: (name: string) =>
    `File ${name} was placed, but no content was stored: there is no ${name}.pdf in the working directory.`,
  noOwnerAnswers: (what: string) => `${what} got no answer from the ring: try again in a moment.`,
  notDelivered: (name: string, why: string) => `File ${name} could not be received: ${why}`,
  notPlaced: (name: string, owner: number, why: string) =>
    `Peer ${owner}, the owner of file ${name}, could not take it: ${why}`,
  spoilt: (name: string) =>
    `The content of ${name} changed before any peer had it: nothing was stored.`,
  notConfirmed: (what: string, durable: readonly number[], wanted: number) =>
    `${what} is not confirmed: it is durable on ${durable.length} of ${wanted} peers${durable.length > 0 ? ` (${listOf(durable)})` : ""}, and may still appear.`,
  noAnswer: (what: string) =>
    `${what} got no answer from the ring and is not confirmed: it may still appear.`,
  notNow: (what: string, answered: number, needed: number, maybe: boolean) =>
    maybe
      ? `${what} is not confirmed: ${answered} of the ${needed} peers answered that have to, and it may still appear.`
      : `${what} is not possible now: ${answered} of the ${needed} peers answered that have to: try again in a moment.`,
  maybeStill: (why: string) => `${why} An earlier try of it may still appear.`,
  noRoom: (name: string, needed: number, peers: number, full: readonly number[]) =>
    full.length === 0
      ? `File ${name} was not stored: it needs ${copiesIn(needed)}, and there ${peers === 1 ? "is 1 peer" : `are ${peers} peers`}.`
      : `File ${name} was not stored: it needs ${copiesIn(needed)}, and ${full.length} of ${peers} peers (${listOf(full)}) ${full.length === 1 ? "has" : "have"} no room for it.`,
  tooManyRequired: (name: string, required: number, replicationFactor: number) =>
    `${name} cannot have ${required} copies: this ring keeps ${replicationFactor} of each file, so require that many at most.`,
  tooFewToRemove: (name: string, needed: number, peers: number) =>
    `File ${name} was not removed: ${needed} peers have to note it, and there ${peers === 1 ? "is 1 peer" : `are ${peers} peers`}.`,
  noCounter: (name: string) =>
    `${name} cannot be stored or removed any more: a version of it has gone to the end of what is counted. Store it under another name.`,
  tooManyRequests: () => "Too many requests are under way at this peer: wait for some to end.",
  ownerBusy: (owner: number) =>
    `Peer ${owner}, whose file it is, deals with too many requests: try again in a moment.`,
  notIn: () => "This peer is not in the ring yet: try again in a moment.",
  backIn: (others: number) => `This peer is back in its ring, with ${membersOf(others)}.`,
  wasAway: (days: number, files: number) => {
    const whose =
      days > 0
        ? `This folder was away for ${days} days: its`
        : "Of a folder that was away for long,";
    return files === 1
      ? `${whose} file is kept as a conflict if the ring does not have it.`
      : `${whose} ${files} files are kept as conflicts where the ring does not have them.`;
  },
  returnedAlone: (others: number) =>
    `${noneOf(others)} that this peer left answers: it goes on by itself, without what was stored since, until one of them is back.`,
  returnedByName: (others: number) =>
    `${noneOf(others)} that this peer left answers: it begins again with the peers named to it.`,
  nobodyBack: (others: number) =>
    `${noneOf(others)} known from an earlier run answers: this peer goes on by itself until one of them is back.`,
  leaveWaits: (short: readonly ShortFile[], wanted: number, seconds: number) =>
    `This peer waits up to ${seconds} s before it leaves, since no other has room: ${shortFiles(short, wanted)}.`,
  leftShort: (short: readonly ShortFile[], wanted: number) =>
    `Left with too few copies elsewhere: ${shortFiles(short, wanted)}; what is in the data folder here stays, and is offered at the next start.`,
} as const;

/**
 * How a typed command ended, for standard error; null where the transcript has said it all.
 * @param members all that the peer knows, asked for where nobody has the file
 */
export function outcomeSentence(
  name: string,
  outcome: Outcome,
  members: () => readonly Known[],
): string | null {
  switch (outcome.kind) {
    case "stored": {
      const { record, replicas, wanted } = outcome;
      const peers = `${replicas.length > 1 ? "Peers" : "Peer"} ${listOf(replicas)}`;
      const sum = record.sha256.slice(0, 12);
      const { withoutReplica } = outcome;
      const silent = replicas.length < wanted && withoutReplica.length > 0;
      const fewer = silent
        ? `; not confirmed by ${withoutReplica.length > 1 ? "Peers" : "Peer"} ${listOf(withoutReplica)}`
        : "";
      if (record.removed)
        return `Removed ${name}: noted on ${replicas.length} of ${wanted} holders, ${peers}${fewer}.`;
      return `Stored ${name}: ${replicas.length} of ${wanted} copies, on ${peers}, ${record.size} bytes, sha256 ${sum}${fewer}.`;
    }
    case "placed":
      return sentences.noContent(name);
    case "where": {
      const { record, replicas, wanted } = outcome;
      if (record === null) return noSuchFile(name, outcome.owner, members());
      // Whoever is missing has an old copy at most.
      if (record.removed) return noSuchFile(name, outcome.owner, []);
      const peers = `${replicas.length > 1 ? "Peers" : "Peer"} ${listOf(replicas)}`;
      return `File ${name} is on ${peers}: ${replicas.length} of ${wanted} copies, ${record.size} bytes.`;
    }
    case "missing":
      return noSuchFile(name, outcome.owner, members());
    case "failed":
      return outcome.why;
    case "received":
    case "owner":
    case "listed":
    case "surveyed":
      return null;
  }
}
