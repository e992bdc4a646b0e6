/** Peers that have been brought to where a test begins, and what brings them there. */
import { learn } from "../../src/protocol/membership/records.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import type { Routed } from "../../src/protocol/model/messages.ts";
import { BODY, IDS, member, OnePeer, READ, routedFrom, STORE, storeAsk } from "./one-peer.ts";

/** A read comes from another member, or, where there is none, from the owner itself. */
export function read(owner: OnePeer, request: number): void {
  const { members } = owner.peer.membership.view;
  const from = members.find((m) => m.id !== owner.id && m.state === "alive")?.id ?? owner.id;
  owner.hear(from, routedFrom(from, request, READ));
}

/** Peer 8 of a ring, which has been promised by these that it may answer alone. */
export function leased(ids: readonly number[] = IDS, by: readonly number[] = [9, 14]): OnePeer {
  const owner = new OnePeer(8, ids);
  read(owner, 1);
  owner.grant(by);
  return owner;
}

/** An owner that has versioned a store, and has not got it onto its disk yet. */
export function stamping(
  id = 8,
  more: Partial<Routed> = {},
): { readonly owner: OnePeer; readonly record: FileRecord; readonly job: number } {
  const owner = new OnePeer(id);
  owner.hear(2, routedFrom(2, 1, storeAsk(1), more), { body: BODY });
  owner.tell(1, id === 8 ? [9, 14] : [14, 20]);
  const job = owner.effects.find((e) => e.type === "fetch")?.job ?? 0;
  return { owner, record: versionedBy(owner), job };
}

/** Peer 2, which has just sent a store of its own to its owner, 8. */
export function storing(): { readonly one: OnePeer; readonly request: number } {
  const one = new OnePeer(2);
  one.command(1, STORE);
  return { one, request: one.sent("routed")[0]?.message.request ?? 0 };
}

/** The peer has seen a member die. */
export function dies({ peer }: OnePeer, id: number): void {
  learn(peer, makeMember({ ...member(id), state: "dead" }), "lost");
}

/** The write that an owner has versioned with the last input, as it offers it. */
export function versionedBy(owner: OnePeer): FileRecord {
  const [record] = owner.sent("replicate")[0]?.message.records ?? [];
  if (record === undefined) throw new Error("nothing was written");
  return record;
}
