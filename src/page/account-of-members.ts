/** What a peer found out about others, as accounts: doubts, deaths, joins, and what became of its successors. Pure. */

import { type Of, step, type Told } from "./account-form.ts";
import { peersInWords } from "./explain.ts";
import type { RingState } from "./ring-state.ts";

export function ofDoubt(by: number, { id, doubt, asked }: Of<"probe">): Told {
  const common = { kind: "doubt", points: [by, id] } as const;
  switch (doubt) {
    case "refused":
      return {
        ...common,
        text: `suspects ${id}: refused`,
        meaning: `Peer ${by} has lost its stream to peer ${id}, or could not have one: nobody listens at that port. ${step("One refusal may be a firewall or a reset, so it dials twice more and pings once, before it believes in a death", "ping-1")}`,
      };
    case "silent":
      return {
        ...common,
        text: `suspects ${id}: silent`,
        meaning: `Peer ${by} pinged peer ${id} twice, and heard nothing. ${step("It goes on pinging, and after five seconds in all silence counts as a death", "ping-1")}`,
      };
    case "asking":
      return {
        ...common,
        text: `asks ${asked.join(" and ")} to try ${id}`,
        meaning: `Peer ${by} still hears nothing from peer ${id}, and has ${peersInWords(asked)} ping it instead. ${step("So a broken way between two peers is not mistaken for a death: the indirect probe of SWIM", "ping-req-3")}`,
      };
    case "word":
      return {
        ...common,
        text: `is told ${id} died: tries it`,
        meaning: `Another peer has told peer ${by} that peer ${id} is dead. ${step("Word alone is never enough: the suspect is told and tried first, and may refute", "gossip-5")}`,
      };
    case "answered":
      return {
        ...common,
        kind: "join",
        text: `trusts ${id}: it answers`,
        meaning: `Peer ${id} has answered peer ${by}, or somebody that was asked. ${step("An answer ends the probe, and nobody hears of the doubt", "pong-2")}`,
      };
  }
}

const BY_DEATH: Readonly<Record<string, readonly [text: string, meaning: string]>> = {
  refused: ["refused", "nobody listens at its port any more"],
  lost: ["silent 5 s", "neither this peer nor those that it asked had an answer"],
  suspicion: ["told so", "others said so, and it did not refute in time"],
};

export function ofMember(
  by: number,
  { id, state, why }: Of<"member">,
  before: RingState,
): Told | null {
  const points = [by, id] as const;
  switch (state) {
    case "dead": {
      const [text, meaning] = BY_DEATH[why] ?? ["it was told so", "it was told so"];
      return {
        kind: "death",
        text: `holds ${id} for dead: ${text}`,
        points,
        meaning: `Peer ${by} has taken peer ${id} out of its table, since ${meaning}. ${step("Its successors follow from the table at once, and it tells others, who try it themselves", "gossip-5")}`,
      };
    }
    case "leaving":
    case "left":
      return {
        kind: "leave",
        text: state === "left" ? `knows that ${id} has left` : `knows that ${id} is leaving`,
        points,
        meaning: `Peer ${id} ${state === "left" ? "has left" : "is about to leave"} in good order, and peer ${by} has heard of it. ${step("A leaver hands its files on first, and tells its neighbours who comes after it", "depart-15")}`,
      };
    case "alive": {
      const peer = before.peers.get(id);
      const isNews = before.stands && (peer === undefined || !peer.deadTo.includes(by));
      if (
        !before.stands ||
        (why !== "joined" && why !== "returned" && !(peer?.deadTo.includes(by) ?? false))
      )
        return null;
      return {
        kind: "join",
        text: isNews ? `takes ${id} into its table` : `takes ${id} back into its table`,
        points,
        meaning: `Peer ${by} has heard from peer ${id}, or from one that had just heard from it. ${step("The new member is in its table from now on, and the peers around it are computed anew", "gossip-5")}`,
      };
    }
  }
}

export function ofSuccessors(by: number, now: readonly number[], before: RingState): Told | null {
  const was = before.peers.get(by)?.says ?? [];
  if (was.join() === now.join()) return null;
  const former = was.length === 0 ? "" : `; was ${was.join(", ")}`;
  return {
    kind: "arrow",
    text: `now ${now.join(", ")}${former}`,
    points: now[0] === undefined ? null : [by, now[0]],
    meaning: `Peer ${by} now takes ${peersInWords(now)} for its successors${was.length === 0 ? "" : `, and no longer ${was.join(" and ")}`}. ${step("They are the next two members clockwise in its table, and it pings these from now on", "ping-1")}`,
  };
}

export function ofJoined(by: number): Told {
  return {
    kind: "join",
    text: "is in the ring",
    points: null,
    meaning: `Peer ${by} takes part in the ring from now on. ${step("Its incarnation is on its disk, so that nobody can mistake it for an earlier run of itself", "join-answer-12")}`,
  };
}
