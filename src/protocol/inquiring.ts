/** What an owner asks the other holders before it deals with a name: what they have of it. */
import { INQUIRE_MS, REQUESTS_IN_FLIGHT } from "./config.ts";
import { compareStamps, type FileRecord } from "./files.ts";
import type { Body, BodySource } from "./io.ts";
import { isExpected, type Member } from "./member.ts";
import type { Answer, AnswerOutcome, Inquired, RequestId, Routed } from "./messages.ts";
import { boundTable, type Peer, send } from "./state.ts";
import type { Inquiry } from "./work.ts";

/** A request at its owner. `first`: it has not been here before, so the transcript tells of it. */
export type Arrival = {
  readonly routed: Routed;
  readonly body: Body | null;
  readonly first: boolean;
};

/**
 * Asks the other holders of a name; one more than there are copies, and leavers too, since views differ.
 * @returns the inquiry if it has ended already, for there is nobody to ask
 */
export function beginInquiry(peer: Peer, arrival: Arrival, name: string): Inquiry | null {
  const { request } = arrival.routed;
  const others = othersToAsk(peer);
  const asked = new Set(others.map((m) => m.id));
  const inquiry: Inquiry = { ...arrival, name, asked, answers: 0, best: null };
  noteHeld(inquiry, peer.self, peer.files.get(name));
  peer.inquiries.set(request, inquiry);
  boundTable(peer.inquiries, REQUESTS_IN_FLIGHT);
  peer.deadlines.set("inquiry", request, peer.now + INQUIRE_MS);
  for (const { address } of others)
    send(peer, address, "stream", { tag: "inquire", request, name });
  return asked.size === 0 ? endInquiry(peer, request) : null;
}

/** The members that may hold something which an owner of this peer's part of the circle has to know of. */
export function othersToAsk(peer: Peer): Member[] {
  const { view, self, config } = peer;
  return view.after(self.id, config.copies).filter((m) => !isExpected(m));
}

/** Another holder's word. @returns the inquiry if that was the last of them */
export function receiveInquired(peer: Peer, from: Member, inquired: Inquired): Inquiry | null {
  const inquiry = peer.inquiries.get(inquired.request);
  if (inquiry === undefined || !inquiry.asked.delete(from.id)) return null;
  inquiry.answers += 1;
  noteHeld(inquiry, from, inquired.record ?? undefined);
  return inquiry.asked.size === 0 ? endInquiry(peer, inquired.request) : null;
}

/** All have answered, or have had their time. @returns the inquiry, unless it ended before */
export function endInquiry(peer: Peer, request: RequestId): Inquiry | null {
  const inquiry = peer.inquiries.get(request);
  peer.inquiries.delete(request);
  peer.deadlines.clear("inquiry", request);
  return inquiry ?? null;
}

/** The ids on the way up to this peer, itself included. */
export function routeHere(peer: Peer, route: readonly number[]): readonly number[] {
  return route.at(-1) === peer.self.id ? route : [...route, peer.self.id];
}

/** Ids in the order in which they come from a key on. */
export function clockwise(peer: Peer, key: number, ids: readonly number[]): number[] {
  const circle = 2 ** peer.config.bits;
  return ids.toSorted((a, b) => ((a - key + circle) % circle) - ((b - key + circle) % circle));
}

/** Tells the origin of a request how it ended, or goes on. */
export function answer(
  peer: Peer,
  to: string,
  request: RequestId,
  route: readonly number[],
  outcome: AnswerOutcome,
  body: BodySource | null = null,
): Answer {
  const message: Answer = { tag: "answer", request, route, outcome };
  send(peer, to, "stream", message, body);
  return message;
}

function noteHeld(inquiry: Inquiry, holder: Member, record: FileRecord | undefined): void {
  if (record === undefined) return;
  const { best } = inquiry;
  const order = best === null ? 1 : compareStamps(record.stamp, best.record.stamp);
  if (order > 0) inquiry.best = { record, holders: [holder] };
  else if (order === 0) best?.holders.push(holder);
}
