/** `p2p status`: one peer in plain words, or all that are found, with the checks of their ring. */
import { type CheckResult, checkRing, type PeerSnapshot } from "../checks/ring.ts";
import { NUMBERED_BITS } from "../protocol/config.ts";
import { Failure } from "../protocol/failure.ts";
import { doorClient } from "./client.ts";
import { bold, count, displayList, displaySize, displayTable } from "./display.ts";
import { candidates, choosePeer, type FoundPeer, none, type PeerChoice } from "./find.ts";
import type { Checks, Status, StatusFiles } from "./types.ts";

/** Rows of one table on a screen. */
const MAX_ROWS = 40;
/** Keys looked up by each peer, to check lookups, where none were given. */
const CHECKED_KEYS = 4;

/**
 * Prints what a peer says of itself; with `all`, what every peer found does, and whether they form one
 * ring.
 * @param options.lookup keys to look up from each
 * @returns the exit code: 1 if a check fails
 * @throws Failure
 */
export async function showStatus(
  choice: PeerChoice,
  options: { json: boolean; all: boolean; lookup: readonly number[] },
): Promise<number> {
  if (!options.all) {
    const status = await doorClient(choosePeer(choice).dir).status(options.lookup);
    console.log(options.json ? JSON.stringify(status) : describe(status).join("\n"));
    return 0;
  }
  const peers = ofOneRing(choice, candidates(choice));
  const { checks, silent } = await checkAll(peers, options.lookup);
  console.log(options.json ? JSON.stringify(checks) : describeAll(checks).join("\n"));
  for (const sentence of silent) process.stderr.write(`${sentence}\n`);
  const failed = Object.values(checks.checks).some((check) => !check.ok);
  return failed || silent.length > 0 ? 1 : 0;
}

/** The peers of the ring that is meant: that of the peer chosen, or the only one. */
function ofOneRing(choice: PeerChoice, peers: readonly FoundPeer[]): FoundPeer[] {
  if (peers.length === 0) throw none(choice, peers, process.cwd());
  const ring = choice.peer === null ? peers[0]?.ring : choosePeer(choice).ring;
  const same = peers.filter((peer) => peer.ring === ring);
  if (choice.peer !== null || same.length === peers.length) return same;
  const rings = [...new Set(peers.map((peer) => peer.ring))];
  throw new Failure(
    `Peers of ${rings.length} rings are running here (${displayList(rings)}): choose a ring with --data DIR.`,
    2,
  );
}

/** What the checks need of a status. */
export function snapshotOf(status: Status): PeerSnapshot {
  return {
    id: status.self.id,
    bits: status.bits,
    successors: [...status.successors],
    predecessors: [...status.predecessors],
    // One that is only expected is neither held for alive nor for gone.
    members: status.members
      .filter((m) => m.incarnation > 0)
      .map(({ id, state }) => ({ id, state })),
    lookups: status.lookups.map((lookup) => ({ ...lookup, route: [...lookup.route] })),
    strategy: status.route,
  };
}

async function checkAll(
  peers: readonly FoundPeer[],
  lookup: readonly number[],
): Promise<{ checks: Checks; silent: string[] }> {
  const keys = lookup.length > 0 ? lookup : keysToCheck(peers);
  // Asked without lookups first: one that is silent is soon known to be, lookups may take their time.
  const asked = await Promise.allSettled(
    peers.map(async (peer) => {
      await doorClient(peer.dir).status();
      return await doorClient(peer.dir).status(keys);
    }),
  );
  const answers = asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const silent = asked.flatMap((answer, index) =>
    answer.status === "rejected" ? [`peer ${peers[index]?.id}: ${sentenceOf(answer.reason)}`] : [],
  );
  const checks = checkRing(answers.map(snapshotOf));
  return { checks: { v: 1, at: Date.now(), peers: answers, checks }, silent };
}

/** A few peers' own positions and those right behind them: there an owner is soonest mistaken. */
function keysToCheck(peers: readonly FoundPeer[]): number[] {
  const step = Math.max(1, Math.ceil((2 * peers.length) / CHECKED_KEYS));
  const some = peers.filter((_, index) => index % step === 0);
  return some.flatMap(({ id, bits }) => [id, (id + 1) % 2 ** bits]);
}

function describe(status: Status): string[] {
  const { self, dropped, files } = status;
  const lines = [
    bold(`peer ${self.id} of ${ringName(status)}`),
    `  address       ${self.host}:${self.port}, process ${self.pid}, incarnation ${self.incarnation}`,
    `  successors    ${displayList(status.successors)}`,
    `  predecessors  ${displayList(status.predecessors)}`,
    `  routing       ${status.route}, pings each ${status.pingIntervalMs / 1000} s`,
    `  files         ${count(files.count, "file")}, ${displaySize(files.bytes)}${roomInWords(files)}`,
    `  copies        ${copiesInWords(files, status.members.filter(isAlive).length)}`,
    `  memory        ${displaySize(status.rssBytes)}`,
    `  dropped       ${count(dropped.datagrams, "datagram")} and ${count(dropped.frames, "frame")}`,
    `  members       ${membersInWords(status)}`,
    "",
    ...memberTable(status),
  ];
  if (status.lookups.length > 0) lines.push("", ...lookupTable(status));
  return lines;
}

function roomInWords({ freeBytes }: StatusFiles): string {
  return freeBytes === null ? "" : `; ${displaySize(freeBytes)} free on the disk`;
}

/**
 * Whether all has its copies, and whether this machine may go.
 * @param alive the members that are alive, this one included
 */
export function copiesInWords(
  { count: held, copies, short, safe, damaged }: StatusFiles,
  alive: number,
): string {
  const parts: string[] = [];
  if (held === 0) parts.push("nothing is kept here");
  else if (short === 0 && alive < copies) {
    const where = alive === 1 ? "this peer alone" : `all ${alive} peers`;
    parts.push(`every file here is on ${where}, and ${copies} copies are wanted`);
  } else if (short === 0) parts.push(`every file here has its ${count(copies, "copy", "copies")}`);
  else
    parts.push(`${short} of ${count(held, "file")} here ${short === 1 ? "lacks" : "lack"} a copy`);
  parts.push(
    safe
      ? "it is safe to take this machine down"
      : "do not take this machine down yet: some copies are nowhere else",
  );
  if (damaged > 0) {
    parts.push(`${count(damaged, "damaged copy", "damaged copies")} found since the start`);
  }
  return parts.join("; ");
}

function ringName({ ring, bits }: Status): string {
  return bits === NUMBERED_BITS ? `ring ${ring}, numbered` : `ring ${ring}`;
}

function membersInWords(status: Status): string {
  const amounts = new Map<string, number>();
  for (const member of status.members) {
    const state = stateOf(member);
    amounts.set(state, (amounts.get(state) ?? 0) + 1);
  }
  return displayList(Array.from(amounts, ([state, amount]) => `${amount} ${state}`));
}

function isAlive(member: Status["members"][number]): boolean {
  return stateOf(member) === "alive";
}

function stateOf({ incarnation, state }: Status["members"][number]): string {
  return incarnation === 0 && state === "alive" ? "expected" : state;
}

function memberTable(status: Status): string[] {
  const rows = status.members.map((m) => [
    String(m.id),
    `${m.host}:${m.port}`,
    String(m.incarnation),
    stateOf(m),
  ]);
  return shortened(["member", "address", "incarnation", "state"], rows);
}

function lookupTable(status: Status): string[] {
  const rows = status.lookups.map(({ key, owner, hops, route }) => [
    String(key),
    owner === null ? "nobody answered" : String(owner),
    String(hops),
    route.join(" -> "),
  ]);
  return shortened(["key", "owner", "hops", "route"], rows);
}

function shortened(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const table = displayTable(header, rows.slice(0, MAX_ROWS)).map((line) => `  ${line}`);
  if (rows.length > MAX_ROWS) table.push(`  and ${rows.length - MAX_ROWS} more (see --json)`);
  return table;
}

function describeAll({ peers, checks }: Checks): string[] {
  const rows = peers.map((status) => [
    String(status.self.id),
    displayList(status.successors),
    displayList(status.predecessors),
    membersInWords(status),
    count(status.files.count, "file"),
  ]);
  const failed = Object.entries(checks).filter(([, check]) => !check.ok);
  const good = Object.keys(checks).filter((name) => checks[name]?.ok);
  return [
    ...shortened(["peer", "successors", "predecessors", "members", "files"], rows),
    "",
    ...failed.map(([name, check]) => `  ${name} fails${inWords(check)}`),
    ...(good.length > 0 ? [`  ${displayList(good)} ${good.length === 1 ? "holds" : "hold"}`] : []),
  ];
}

function inWords(check: CheckResult): string {
  return check.ok
    ? ""
    : ` at ${count(check.peers.length, "peer")} (${displayList(check.peers)}): ${check.why}`;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
