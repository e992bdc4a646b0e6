/** What an owner asks the other holders before it deals with a name: what they have of it. */
import { INQUIRE_MS, REQUESTS_IN_FLIGHT } from "./config.ts";
import { compareStamps } from "./files.ts";
import type { Member } from "./member.ts";
import type { Answer, AnswerOutcome, Inquired, RequestId, Routed } from "./messages.ts";
import { boundTable, type Inquiry, type Peer, send } from "./state.ts";

/**
 * Asks the other holders of a name; one more than there are copies, and leavers too, since views differ.
 * @returns the inquiry if it has ended already, for there is nobody to ask
 */
export function beginInquiry(
  peer: Peer,
  routed: Routed,
  name: string,
  key: number,
): Inquiry | null {
  const { request } = routed;
  const others = peer.view
    .after(key - 1, peer.config.copies + 1)
    .filter((m) => m.id !== peer.self.id);
  const asked = new Set(others.map((m) => m.id));
  const mine = peer.files.get(name);
  const best = mine === undefined ? null : { record: mine, holder: peer.self };
  peer.inquiries.set(request, { routed, name, asked, best });
  boundTable(peer.inquiries, REQUESTS_IN_FLIGHT);
  peer.deadlines.set("inquiry", request, peer.now + INQUIRE_MS);
  for (const { address } of others)
    send(peer, address, "stream", { tag: "inquire", request, name });
  return asked.size === 0 ? endInquiry(peer, request) : null;
}

/** Another holder's word. @returns the inquiry if that was the last of them */
export function receiveInquired(peer: Peer, from: Member, inquired: Inquired): Inquiry | null {
  const inquiry = peer.inquiries.get(inquired.request);
  if (inquiry === undefined || !inquiry.asked.delete(from.id)) return null;
  const { record } = inquired;
  const { best } = inquiry;
  if (record !== null && (best === null || compareStamps(record.stamp, best.record.stamp) > 0)) {
    inquiry.best = { record, holder: from };
  }
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

/** Tells the origin of a request how it ended, or goes on. */
export function answer(
  peer: Peer,
  to: string,
  request: RequestId,
  route: readonly number[],
  outcome: AnswerOutcome,
): Answer {
  const message: Answer = { tag: "answer", request, route, outcome };
  send(peer, to, "stream", message);
  return message;
}
