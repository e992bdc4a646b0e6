/** The files of the whole ring: every member is asked, page by page, and the writes of each name are merged. */
import { LIST_RECORDS, LIST_WAIT_MS, LIST_WRITES, LISTED_FILES } from "../model/config.ts";
import type { ListedFile } from "../model/events.ts";
import { conflictName, type FileRecord, writeKey } from "../model/files.ts";
import { fitting } from "../model/fitting.ts";
import type { Member } from "../model/member.ts";
import type { List, Listed, RequestId } from "../model/messages.ts";
import { merge, winnerOf } from "../model/siblings.ts";
import { emit, type Peer, send } from "../state.ts";
import type { Listing } from "./state.ts";

/** Asks all members which files they hold. `command` is the driver's number for it. */
export function beginListing(peer: Peer, command: number, request: RequestId): void {
  const others = peer.membership.view.members.filter((m) => m.id !== peer.self.id);
  const silent = new Map(others.map((m) => [m.id, null]));
  const listing: Listing = { command, silent, found: new Map(), replicas: new Map() };
  noteListed(listing, peer.self.id, peer.replication.files.values());
  peer.requests.listings.set(request, listing);
  peer.deadlines.set("list", request, peer.now + LIST_WAIT_MS);
  for (const { address } of others) {
    send(peer, address, "stream", { tag: "list", request, after: null });
  }
  if (silent.size === 0) listingOverdue(peer, request);
}

/** "Which files do you hold?" */
export function receiveList(peer: Peer, from: Member, { request, after }: List): void {
  const page = peer.replication.files.page(after, LIST_RECORDS + 1);
  const all = page.slice(0, LIST_RECORDS).flat();
  const fit = fitting(all, LIST_WRITES);
  // A name that is cut comes whole in the next page, unless it fills this one alone.
  const cut = all[fit.length]?.name;
  const whole = fit.filter(({ name }) => name !== cut);
  const records = whole.length > 0 ? whole : fit;
  const last = records.at(-1)?.name ?? null;
  const more = page.length > LIST_RECORDS || all.at(-1)?.name !== (last ?? undefined);
  send(peer, from.address, "stream", { tag: "listed", request, records, more });
}

/** One page of what a member holds. */
export function receiveListed(peer: Peer, from: Member, listed: Listed): void {
  const { request, records, more } = listed;
  const listing = peer.requests.listings.get(request);
  const told = listing?.silent.get(from.id);
  if (listing === undefined || told === undefined) return;
  // Each page is of names behind those before: so they come to an end.
  if (told !== null && records.some(({ name }) => name <= told)) return;
  const isFull = listing.replicas.size >= LISTED_FILES;
  if (!isFull) noteListed(listing, from.id, records);
  const last = records.at(-1);
  if (more && last !== undefined && !isFull) {
    listing.silent.set(from.id, last.name);
    peer.deadlines.set("list", request, peer.now + LIST_WAIT_MS);
    send(peer, from.address, "stream", { tag: "list", request, after: last.name });
    return;
  }
  // One of whom there is more than fits has not said all.
  if (!more && !isFull) listing.silent.delete(from.id);
  if (listing.silent.size === 0) listingOverdue(peer, request);
}

/** All have answered, or have had their time. */
export function listingOverdue(peer: Peer, request: RequestId): void {
  const listing = peer.requests.listings.get(request);
  if (listing === undefined) return;
  peer.requests.listings.delete(request);
  peer.deadlines.clear("list", request);
  const files = listedFiles(listing);
  const outcome = { kind: "listed", files, silent: listing.silent.size } as const;
  emit(peer, { event: "outcome", command: listing.command, outcome });
}

function noteListed(listing: Listing, replica: number, records: Iterable<FileRecord>): void {
  for (const record of records) {
    const key = writeKey(record);
    listing.replicas.set(key, [...(listing.replicas.get(key) ?? []), replica]);
    listing.found.set(record.name, merge(listing.found.get(record.name) ?? [], record));
  }
}

/** The files there are, conflicts under their names, by name. */
function listedFiles({ found, replicas }: Listing): ListedFile[] {
  const files = [...found.values()].flatMap((siblings) => {
    const winner = winnerOf(siblings);
    return siblings
      .filter((record) => !record.removed)
      .map((record) => ({
        record: record === winner ? record : { ...record, name: conflictName(record) },
        replicas: replicas.get(writeKey(record)) ?? [],
      }));
  });
  return files.sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
}
