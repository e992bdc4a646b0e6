/**
 * The whole ring as its members see it: each is asked, over the ring itself, how it sees the others,
 * and looks some keys up. For the checks that a person asks for; nothing of it changes the ring.
 */

import {
  SURVEY_KEYS,
  SURVEY_LOOKUPS,
  SURVEY_MOST_MS,
  SURVEY_QUIET_WAITS,
  SURVEY_WAIT_MS,
} from "../model/config.ts";
import type { SurveyedLookup, SurveyedMember } from "../model/events.ts";
import { isExpected, type Member } from "../model/member.ts";
import type { Answer, RequestId, Routed } from "../model/messages.ts";
import { randomRequest } from "../model/random.ts";
import type { PresentMember, StatusAsk, StatusTold } from "../model/told.ts";
import type { View } from "../model/view.ts";
import { snapshotFiles } from "../replication/safety.ts";
import { emit, type Peer, send } from "../state.ts";
import { arrive, seeFirst } from "./arriving.ts";
import type { Survey, SurveyLookup } from "./state.ts";

/**
 * Asks all members of the view. `command` is the driver's number for it.
 * @param keys to be looked up, by every member where there are not too many of them; none for some near
 *   the members' own positions, where an owner is soonest mistaken
 */
export function beginSurvey(
  peer: Peer,
  command: number,
  request: RequestId,
  keys: readonly number[],
): void {
  const {
    self,
    now,
    membership: { view },
  } = peer;
  const members = view.members.filter((member) => !isExpected(member));
  const survey: Survey = {
    ...{ command, view, startedAt: now, quiet: 0, heard: true },
    silent: new Map(members.map((member) => [member.id, member])),
    told: new Map(),
    lookups: new Map(),
  };
  const chosen = keys.length > 0 ? keys : keysNear(members, peer.config.bits);
  for (const lookup of lookupsOf(members, chosen)) {
    survey.lookups.set(randomRequest(peer.random), lookup);
  }
  peer.requests.surveys.set(request, survey);
  take(survey, self, tell(peer, request, view.digest));
  ask(peer, request, survey);
}

/** "How do you see the ring?" */
export function receiveStatusAsk(peer: Peer, from: Member, { request, digest }: StatusAsk): void {
  send(peer, from.address, "stream", tell(peer, request, digest));
}

/** A member's word. */
export function receiveStatusTold(peer: Peer, from: Member, told: StatusTold): void {
  const survey = peer.requests.surveys.get(told.request);
  if (survey === undefined || !survey.silent.has(from.id)) return;
  // To be the same as another view is to have its digest.
  if (told.present === null && told.digest !== survey.view.digest) return;
  take(survey, from, told);
  endIfAll(peer, told.request, survey);
}

/** What a lookup for a survey has come to. */
export function surveyAnswered(
  peer: Peer,
  from: Member,
  { request, outcome, route }: Answer,
): void {
  if (outcome.kind !== "owner") return;
  for (const [id, survey] of peer.requests.surveys) {
    const lookup = survey.lookups.get(request);
    if (lookup === undefined || lookup.found !== null) continue;
    // The way begins at the member that looked it up, whoever asked it to.
    const own = lookup.by.id === peer.self.id ? route : route.slice(1);
    lookup.found = { owner: route.at(-1) ?? from.id, route: own };
    survey.heard = true;
    endIfAll(peer, id, survey);
    return;
  }
}

/** Some have not answered: they are asked again, until nothing comes any more. */
export function surveyOverdue(peer: Peer, request: RequestId): void {
  const survey = peer.requests.surveys.get(request);
  if (survey === undefined) return;
  survey.quiet = survey.heard ? 0 : survey.quiet + 1;
  survey.heard = false;
  const late = peer.now - survey.startedAt >= SURVEY_MOST_MS;
  if (late || survey.quiet >= SURVEY_QUIET_WAITS) end(peer, request, survey);
  else ask(peer, request, survey);
}

function ask(peer: Peer, request: RequestId, survey: Survey): void {
  peer.deadlines.set("survey", request, peer.now + SURVEY_WAIT_MS);
  const { digest } = survey.view;
  for (const { address } of survey.silent.values()) {
    send(peer, address, "stream", { tag: "status-ask", request, digest });
  }
  for (const [id, lookup] of [...survey.lookups]) {
    if (lookup.found === null) lookUp(peer, id, lookup, peer.now > survey.startedAt);
  }
}

/** @param again the answer to an earlier one may have found no way: this one's goes back as it came */
function lookUp(peer: Peer, request: RequestId, { by, key }: SurveyLookup, again: boolean): void {
  const {
    self,
    now,
    replication: { counter },
  } = peer;
  const routed: Routed = {
    tag: "routed",
    request,
    origin: { id: self.id, address: self.address, instance: self.instance },
    route: [self.id],
    ask: { kind: "lookup", key },
    leftMs: SURVEY_WAIT_MS,
    counter,
    avoid: [],
    back: again,
    lost: false,
  };
  if (by.id !== self.id) {
    send(peer, by.address, "stream", routed);
    return;
  }
  const first = seeFirst(peer, request);
  arrive(peer, { routed, body: null, first, validUntil: now + SURVEY_WAIT_MS });
}

function take(survey: Survey, from: Member, told: StatusTold): void {
  survey.silent.delete(from.id);
  survey.told.set(from.id, { from, told });
  survey.heard = true;
}

function tell(peer: Peer, request: RequestId, asked: number): StatusTold {
  const {
    self,
    config,
    membership: { view, departed },
  } = peer;
  const dead = departed.members.filter(({ state }) => state === "dead").length;
  return {
    tag: "status-told",
    request,
    strategy: config.strategy,
    successors: view.after(self.id, 2).map((m) => m.id),
    predecessors: view.before(self.id, 2).map((m) => m.id),
    digest: view.digest,
    present: view.digest === asked ? null : presentOf(view),
    expected: view.expected,
    dead,
    left: departed.size - dead,
    files: snapshotFiles(peer),
  };
}

function presentOf(view: View): readonly PresentMember[] {
  return view.members.filter((m) => !isExpected(m)).map(({ id, state }) => ({ id, state }));
}

function endIfAll(peer: Peer, request: RequestId, survey: Survey): void {
  const open = [...survey.lookups.values()].some(
    ({ by, found }) => found === null && survey.told.has(by.id),
  );
  if (survey.silent.size === 0 && !open) end(peer, request, survey);
}

function end(peer: Peer, request: RequestId, survey: Survey): void {
  peer.requests.surveys.delete(request);
  peer.deadlines.clear("survey", request);
  const own = presentOf(survey.view);
  const members = Array.from(survey.told.values(), ({ from, told }): SurveyedMember => {
    const { strategy, successors, predecessors, digest, expected, dead, left, files } = told;
    const seen = { strategy, successors, predecessors, digest, expected, dead, left, files };
    const lookups = lookupsBy(survey, from.id);
    return { member: from, ...seen, present: told.present ?? own, lookups };
  });
  members.sort((a, b) => a.member.id - b.member.id);
  const silent = [...survey.silent.values()];
  const outcome = { kind: "surveyed", members, silent } as const;
  emit(peer, { event: "outcome", command: survey.command, outcome });
}

function lookupsBy(survey: Survey, id: number): SurveyedLookup[] {
  return [...survey.lookups.values()]
    .filter(({ by }) => by.id === id)
    .map(({ key, found }) => ({ key, owner: found?.owner ?? null, route: found?.route ?? [] }));
}

/** Some members' positions and those right behind them. */
function keysNear(members: readonly Member[], bits: number): number[] {
  const step = Math.max(1, Math.ceil((2 * members.length) / SURVEY_KEYS));
  const some = members.filter((_, index) => index % step === 0);
  return some.flatMap(({ id }) => [id, (id + 1) % 2 ** bits]);
}

/** Each member looks up all the keys or, where that were too many, its share of them. */
function lookupsOf(members: readonly Member[], keys: readonly number[]): SurveyLookup[] {
  const each = Math.min(keys.length, Math.max(1, Math.floor(SURVEY_LOOKUPS / members.length)));
  const all = members.flatMap((by, index) =>
    Array.from({ length: each }, (_, i) => {
      const key = keys[(index * each + i) % keys.length] ?? 0;
      return { by, key, found: null };
    }),
  );
  return all.slice(0, SURVEY_LOOKUPS);
}
