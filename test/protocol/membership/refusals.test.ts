/** A refusal is a death only where all else says so too. */
import { expect, test } from "bun:test";
import {
  REFUSAL_LEAST_MS,
  REFUSAL_MOST_MS,
  STREAMS_FORGOTTEN_MS,
  STREAMS_MISSED,
} from "../../../src/protocol/model/config.ts";
import type { Effect, Input, StartInput } from "../../../src/protocol/model/io.ts";
import { type Member, makeMember } from "../../../src/protocol/model/member.ts";
import type { Channel, Ping } from "../../../src/protocol/model/messages.ts";
import { View } from "../../../src/protocol/model/view.ts";
import { nextDeadline, startPeer, step } from "../../../src/protocol/peer.ts";

const [EIGHT, NINE, FOURTEEN] = [memberOf(8), memberOf(9), memberOf(14)] as const;
const START: StartInput = {
  type: "start",
  config: {
    ring: 12_000,
    bits: 8,
    strategy: "successor",
    pingIntervalMs: 3_600_000,
    replicationFactor: 3,
  },
  id: 8,
  address: "127.0.0.1:12008",
  instance: EIGHT.instance,
  seed: 5,
  start: { kind: "formed", view: View.of([EIGHT, NINE, FOURTEEN]) },
  incarnation: 0,
  restored: [],
  files: [],
};

function memberOf(id: number): Member {
  const instance = `00000000000000${10 + id}`;
  return makeMember({
    id,
    address: `127.0.0.1:${12_000 + id}`,
    incarnation: 1,
    instance,
    state: "alive",
  });
}

type Sent = { channel: Channel; nonce: number };

/** Peer 8 in a ring with 9 and 14, whose rounds are an hour apart. */
class Life {
  at = 1_000;
  readonly effects: Effect[] = [];
  readonly #peer;
  #calm = true;

  constructor() {
    const { peer, effects } = startPeer(START, this.at);
    this.#peer = peer;
    this.effects.push(...effects);
    this.give({ type: "persisted", at: this.at, incarnation: 1 });
    // What follows the start is over before anything else happens.
    this.until(5_000);
    this.#calm = false;
    this.effects.length = 0;
  }

  /**
   * @returns the pings to peer 9 that it brings; those to peer 14, those by which 9 is watched, and at
   * first all are answered
   */
  give(input: Input): Sent[] {
    this.at = Math.max(this.at, input.at);
    const effects = step(this.#peer, { ...input, at: this.at });
    this.effects.push(...effects);
    const pings: Sent[] = [];
    for (const effect of effects) {
      if (effect.type !== "send" || effect.message.tag !== "ping") continue;
      const sent = { channel: effect.channel, nonce: effect.message.nonce };
      if (effect.to === FOURTEEN.address) this.answer(sent, FOURTEEN);
      else if (this.#calm || input.type === "tick") this.answer(sent);
      else pings.push(sent);
    }
    return pings;
  }

  refuse(broke: boolean): Sent[] {
    return this.give({
      type: "unreachable",
      at: this.at,
      address: NINE.address,
      how: "refused",
      broke,
    });
  }

  timeOut(): Sent[] {
    return this.give({
      type: "unreachable",
      at: this.at,
      address: NINE.address,
      how: "timeout",
      broke: false,
    });
  }

  answer({ channel, nonce }: Sent, from = NINE): void {
    const { digest } = this.#peer.membership.view;
    const message = {
      tag: "pong",
      nonce,
      round: false,
      digest,
      room: 1,
      awayMs: null,
      forgottenMs: null,
    } as const;
    this.give({ type: "message", at: this.at, from, channel, message, body: null, heldMs: null });
  }

  ask(ping: Ping, channel: Channel): Effect[] {
    const before = this.effects.length;
    this.give({
      type: "message",
      at: this.at,
      from: NINE,
      channel,
      message: ping,
      body: null,
      heldMs: null,
    });
    return this.effects.slice(before);
  }

  /** Meets the deadlines up to a time. */
  until(at: number): void {
    for (let due = nextDeadline(this.#peer); due <= at; due = nextDeadline(this.#peer)) {
      this.give({ type: "tick", at: Math.max(this.at, due) });
    }
    this.at = Math.max(this.at, at);
  }

  get deaths(): unknown[] {
    return this.effects.flatMap((e) =>
      e.type === "event" && e.event.event === "member" && e.event.state === "dead"
        ? [e.event.why]
        : [],
    );
  }

  get notes(): string[] {
    return this.effects.flatMap((e) =>
      e.type === "event" && e.event.event === "note" ? [e.event.text] : [],
    );
  }
}

test("three refusals in a row and a broken stream are a death at once", () => {
  const life = new Life();
  const first = life.refuse(true);
  expect(first.map(({ channel }) => channel)).toContain("datagram");
  expect(first.map(({ channel }) => channel)).toContain("stream");
  expect(life.effects).toContainEqual({ type: "dial", address: NINE.address });
  expect(life.refuse(true)).toEqual([]);
  expect(life.deaths).toEqual([]);
  life.refuse(true);
  expect(life.deaths).toEqual(["refused"]);
  expect(life.effects).toContainEqual({ type: "sever", address: NINE.address });
});

test("where no stream has broken, a ping has four round trips to be answered", () => {
  for (const roundTrip of [0.1, 7, 500]) {
    const life = new Life();
    // It is known how far away it is.
    const [ping] = life.timeOut();
    life.at += roundTrip;
    if (ping !== undefined) life.answer(ping);
    const refusedAt = life.at;
    for (let i = 0; i < 3; i++) life.refuse(false);
    const wait = Math.max(REFUSAL_LEAST_MS, Math.min(REFUSAL_MOST_MS, 4 * roundTrip));
    life.until(refusedAt + wait - 1);
    expect(life.deaths).toEqual([]);
    life.until(refusedAt + wait + 1);
    expect(life.deaths).toEqual(["refused"]);
  }
});

test.each(["datagram", "stream"] as const)("an answer by %s says that it lives", (channel) => {
  const life = new Life();
  const pings = [...life.refuse(false), ...life.refuse(false), ...life.refuse(false)];
  const ping = pings.find((sent) => sent.channel === channel);
  if (ping !== undefined) life.answer(ping);
  life.until(life.at + 20_000);
  expect(life.deaths).toEqual([]);
  expect(life.notes.length).toBe(channel === "datagram" ? 1 : 0);
});

test("that streams are blocked is said once, and again only when they were well for long", () => {
  const life = new Life();
  const blocked = (): void => {
    const pings = [...life.refuse(false), ...life.refuse(false), ...life.refuse(false)];
    const ping = pings.find(({ channel }) => channel === "datagram");
    if (ping !== undefined) life.answer(ping);
  };
  for (let i = 0; i < 20; i++) {
    blocked();
    life.until(life.at + 1_000);
  }
  expect(life.notes).toHaveLength(1);
  expect(life.notes[0]).toContain("Peer 9 answers pings but takes no connections");
  life.until(life.at + STREAMS_FORGOTTEN_MS + 1);
  blocked();
  expect(life.notes).toHaveLength(2);
});

test("dials without an answer are said of one that answers pings after many in a row", () => {
  const life = new Life();
  for (let i = 1; i <= STREAMS_MISSED; i++) {
    expect(life.notes).toEqual([]);
    const [ping] = life.timeOut();
    if (ping !== undefined) life.answer(ping);
    life.until(life.at + 2_000);
  }
  expect(life.notes).toHaveLength(1);
  expect(life.deaths).toEqual([]);
});

test("refusals that are far apart do not add up", () => {
  const life = new Life();
  for (let i = 0; i < 10; i++) {
    const pings = life.refuse(true);
    const ping = pings.find(({ channel }) => channel === "stream");
    if (ping !== undefined) life.answer(ping);
    life.until(life.at + 1_000);
  }
  expect(life.deaths).toEqual([]);
});

test("a ping is answered the way it was asked", () => {
  const life = new Life();
  for (const channel of ["datagram", "stream"] as const) {
    const effects = life.ask(
      { tag: "ping", nonce: 77, round: false, digest: 1, room: 1, awayMs: null, forgottenMs: null },
      channel,
    );
    expect(effects).toContainEqual(
      expect.objectContaining({
        type: "send",
        channel,
        message: expect.objectContaining({ tag: "pong" }),
      }),
    );
  }
});
