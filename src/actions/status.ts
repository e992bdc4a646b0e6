/** `p2p status`: one peer in plain words. */

import { controlClient } from "../control/client.ts";
import { choosePeer, type PeerChoice } from "../control/find.ts";
import type { Status, StatusFiles } from "../control/types.ts";
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import {
  bold,
  count,
  displayList,
  displayPeers,
  displaySize,
  shortened,
} from "../terminal/display.ts";
import { formatAddress } from "../wire/address.ts";
import { showRing } from "./ring.ts";

/**
 * Prints what a peer says of itself; with `all`, what all members of its ring do, and whether that is right.
 * @param options.lookup keys to look up, with `all` from every member
 * @returns the exit code: 1 if a check fails, or a member does not answer
 * @throws Failure
 */
export async function showStatus(
  choice: PeerChoice,
  options: { json: boolean; all: boolean; lookup: readonly number[] },
): Promise<number> {
  if (options.all) return await showRing(choice, options);
  const status = await controlClient(choosePeer(choice).dir).status(options.lookup);
  console.log(options.json ? JSON.stringify(status) : describe(status).join("\n"));
  return 0;
}

function describe(status: Status): string[] {
  const { self, dropped, files } = status;
  const lines = [
    bold(`peer ${self.id} of ${ringName(status)}`),
    `  address       ${formatAddress(self.host, self.port)}, process ${self.pid}, incarnation ${self.incarnation}`,
    `  successors    ${displayList(status.successors)}`,
    `  predecessors  ${displayList(status.predecessors)}`,
    ...lockLine(status),
    `  routing       ${status.route}, pings each ${status.pingIntervalMs / 1000} s`,
    `  files         ${count(files.count, "file")}, ${displaySize(files.bytes)}${roomInWords(files)}`,
    `  copies        ${copiesInWords(files, status.members.filter(isAlive).length)}`,
    `  memory        ${displaySize(status.rssBytes)}`,
    `  dropped       ${count(dropped.datagrams, "datagram")} and ${count(dropped.frames, "frame")}`,
    `  members       ${membersInWords(status)}`,
    ...faultsLine(status),
    "",
    ...memberTable(status),
  ];
  if (status.drops.length > 0) lines.push("", ...dropTable(status));
  if (status.lookups.length > 0) lines.push("", ...lookupTable(status));
  return lines;
}

/** Who can come in. */
function lockLine({ lock }: Status): string[] {
  if (lock === undefined) return [];
  const to = {
    user: "to all but this user of this machine",
    nothing: "to nobody (--insecure): whoever reaches a peer can join",
    key: `to whoever does not have its key, ${lock.fingerprint}`,
  };
  return [`  closed        ${to[lock.by]}`];
}

/** What a lab has put into it, as long as that is on. */
function faultsLine({ faults }: Status): string[] {
  if (faults === undefined) return [];
  const links = faults.links.map(({ kind, from, amount }) => {
    const of = kind === "delay" ? ` of ${amount} ms` : amount > 0 ? ` of ${amount * 100}%` : "";
    return `${kind}${of} from ${from.length > NAMED_FROM ? `${from.length} peers` : displayList(from)}`;
  });
  const all = [...links, ...(faults.fullDisk ? ["a full disk"] : [])];
  return [`  faults        a lab has put in: ${displayList(all)}`];
}

/** The most addresses that are named of a fault. */
const NAMED_FROM = 3;

function roomInWords({ freeBytes, room }: StatusFiles): string {
  if (freeBytes === null) return "";
  const full = room === 0 ? ", which takes no file any more" : "";
  return `; ${displaySize(freeBytes)} free on the disk${full}`;
}

/**
 * Whether all has its copies, and whether this machine may go.
 * @param alive the members that are alive, this one included
 */
export function copiesInWords(files: StatusFiles, alive: number): string {
  const { count: held, copies, short, least, safe, damaged, kept } = files;
  const parts: string[] = [];
  if (!kept) parts.push("the data folder was deleted: nothing is kept here any more");
  else if (held === 0) parts.push("nothing is kept here");
  else if (short > 0) parts.push(shortInWords(files));
  else if (alive < copies) {
    const where = alive === 1 ? "this peer alone" : `all ${alive} peers`;
    parts.push(`every file here is on ${where}, and ${copies} copies are wanted`);
  } else if (least < copies) parts.push("copies of what has just come are being confirmed");
  else parts.push(`every file here has its ${count(copies, "copy", "copies")}`);
  if (safe) parts.push("it is safe to take this machine down");
  else {
    const why = least < 2 ? "some copies may be nowhere else" : "too few copies would be left";
    parts.push(`do not take this machine down yet: ${why}`);
  }
  if (damaged > 0) {
    parts.push(`${count(damaged, "damaged copy", "damaged copies")} found since the start`);
  }
  return parts.join("; ");
}

/** `2 of 12 files here have too few copies, at the least 1 of 3` */
export function shortInWords(files: Omit<StatusFiles, "freeBytes">): string {
  const { count: held, copies, short, least } = files;
  const have = short === 1 ? "has" : "have";
  return `${short} of ${count(held, "file")} here ${have} too few copies, at the least ${least} of ${copies}`;
}

/** The most that are named of those that died. */
const NAMED_DEAD = 4;

/** `2 peers`, and who is not among them any more: `2 peers, and peer 14 is dead`. */
export function livingInWords(members: Status["members"]): string {
  const dead = members.filter(({ state }) => state === "dead").map(({ id }) => id);
  const living = count(members.filter(isAlive).length, "peer");
  if (dead.length === 0) return living;
  const who = dead.length > NAMED_DEAD ? `${dead.length} peers` : displayPeers(dead);
  return `${living}, and ${who} ${dead.length === 1 ? "is" : "are"} dead`;
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
    formatAddress(m.host, m.port),
    String(m.incarnation),
    stateOf(m),
  ]);
  return shortened(["member", "address", "incarnation", "state"], rows);
}

function dropTable({ drops }: Status): string[] {
  const rows = drops.map(({ kind, reason, from, count: dropped }) => [
    kind,
    reason,
    from ?? "",
    String(dropped),
  ]);
  return shortened(["dropped", "why", "from", "count"], rows);
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
