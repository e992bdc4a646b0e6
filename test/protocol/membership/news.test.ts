/** What hearing from a member says, and what others say of it: told to whom, and tried how. */
import { describe, expect, test } from "bun:test";
import { OTHERS_WORD, OWN_WORD, WORD_OF_SELF } from "../../../src/protocol/membership/believing.ts";
import type { Decision } from "../../../src/protocol/membership/decision.ts";
import { known } from "../../../src/protocol/membership/records.ts";
import { awaitMember } from "../../../src/protocol/membership/rounds.ts";
import { INCARNATION_JUMP } from "../../../src/protocol/model/bounds.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { GREETED_BY_ALL } from "../../../src/protocol/model/limits.ts";
import {
  type Address,
  isPresent,
  type Member,
  makeMember,
  NO_INSTANCE,
} from "../../../src/protocol/model/member.ts";
import type { Gossip, Ping } from "../../../src/protocol/model/messages.ts";
import type { Peer } from "../../../src/protocol/state.ts";
import { member, OnePeer, STANDING } from "../one-peer.ts";
import { dies } from "../situations.ts";

const NINE = member(9);
const DEAD = makeMember({ ...NINE, state: "dead" });
/** From the beginning until one that never answers has its last try. */
const LAST_TRY_MS = 3_500;

/** Peer 8 of the ring 2, 8, 9. */
function eight(): OnePeer {
  return new OnePeer(8, [2, 8, 9], [], { pingIntervalMs: 5_000 });
}

function pinged(one: OnePeer, from: Member, nonce = 1): readonly Effect[] {
  const ping = { tag: "ping", nonce, ...STANDING } as const;
  return one.hear(from, ping, { channel: "datagram", heldMs: null });
}

/** What an address was told of members with the last input. */
function toldAt(one: OnePeer, address: Address): Gossip[] {
  return one.sent("gossip").flatMap(({ to, message }) => (to === address ? [message] : []));
}

test("one that is held for dead and lives is told so, and tried, by datagram and by stream", () => {
  const one = new OnePeer(8);
  dies(one, 9);
  pinged(one, NINE);
  const ways = (tag: "gossip" | "ping") =>
    one.sent(tag).flatMap(({ to, channel }) => (to === NINE.address ? [channel] : []));
  expect(ways("gossip").sort()).toEqual(["datagram", "stream"]);
  pinged(one, makeMember({ ...NINE, incarnation: 2 }));
  expect(ways("ping").sort()).toEqual(["datagram", "stream"]);
});

test("whoever is held for dead hears where it is seen now", () => {
  const one = eight();
  pinged(one, DEAD);
  const moved = makeMember({ ...NINE, address: "1.0.0.9:12009" });
  one.now += 100;
  pinged(one, moved, 2);
  // By datagram, and by stream.
  const members = [moved, DEAD];
  expect(toldAt(one, moved.address).map((told) => told.members)).toEqual([members, members]);
});

test.each(["by others", "by silence"])(
  "one that is doubted %s hears so where it is seen",
  (doubted) => {
    const one = eight();
    // Of two addresses of one life this is the lesser: it is not simply taken over.
    const moved = makeMember({ ...NINE, address: "1.0.0.9:12009" });
    pinged(one, moved);
    expect(one.sent("gossip")).toEqual([]);
    if (doubted === "by others") one.hear(2, { tag: "gossip", joining: false, members: [DEAD] });
    else one.pass(LAST_TRY_MS, [NINE.address]);
    expect(one.peer.membership.view.find(9)).toEqual(NINE);
    pinged(one, moved, 2);
    expect(toldAt(one, moved.address)).toMatchObject([{ members: [moved, DEAD] }]);
  },
);

test.each([
  ["greater", "127.0.1.9:12009"],
  ["lesser", "1.0.0.9:12009"],
])(
  "a member that speaks from two addresses in turn, the other the %s, is news once",
  (_, other) => {
    const one = eight();
    const effects: Effect[] = [];
    for (let i = 0; i < 500; i++) {
      const address = i % 2 === 0 ? other : NINE.address;
      one.now += 2;
      const from = makeMember({ ...NINE, address });
      effects.push(...pinged(one, from, i));
      // It is believed to be there once it has answered from there.
      const probe = one.sent("ping").find(({ to }) => to === other)?.message;
      if (probe !== undefined) effects.push(...one.hear(from, { ...probe, tag: "pong" }));
    }
    const count = (is: (effect: Effect) => boolean) => effects.filter(is).length;
    expect(count((e) => e.type === "event" && e.event.event === "member")).toBeLessThanOrEqual(1);
    expect(count((e) => e.type === "save")).toBeLessThanOrEqual(2);
    expect(count((e) => e.type === "send" && e.message.tag === "gossip")).toBeLessThanOrEqual(4);
    const greater = [other, NINE.address].sort()[1] ?? "";
    expect(one.peer.membership.view.find(9)?.address).toBe(greater);
  },
);

type Fields = Partial<Omit<Member, "hash">>;

const HERE = member(8).address;
/** Whom word is about: 8 knows of it what each test says. */
const SUBJECT = 14;
const OTHER_ADDRESS = "127.0.0.1:12500";
const OTHER_INSTANCE = "f".repeat(16);
const HIGHER = 4;
/** The incarnation that is spoken of, and that of this very peer where it is the subject. */
const SPOKEN = 3;
const LOWER = 2;

/** A peer that knows a member as this record says, and of its doubts, if it has any. */
function knowing(record: Member | null, inDoubt = false, more = 0): OnePeer {
  const one = new OnePeer(8, [2, 8, 9, 20, ...Array.from({ length: more }, (_, i) => 1_000 + i)]);
  const { membership } = one.peer;
  if (record !== null && isPresent(record)) {
    membership.view = membership.view.with(record);
    awaitMember(one.peer, record.id, Number.POSITIVE_INFINITY);
  } else if (record !== null) membership.departed.add(record, one.now);
  if (record !== null && inDoubt) {
    const word = makeMember({ ...record, state: "dead" });
    one.hear(2, { tag: "gossip", joining: false, members: [word] });
  }
  one.give({ type: "tick" });
  return one;
}

function spoken(fields: Fields = {}): Member {
  return makeMember({ ...member(SUBJECT), incarnation: SPOKEN, ...fields });
}

/** What a peer has done with word of a member, told from what it knows, asks and says afterwards. */
function done({ peer, effects }: OnePeer, before: Before, said: Member): Decision[] {
  const { membership } = peer;
  const all: Decision[] = [];
  const now = known(peer, said.id);
  const believed = now !== before.known && said.id !== peer.self.id;
  if (believed) all.push(belief(effects, now, said));
  const pings = sends(effects).filter(({ message }) => message.tag === "ping");
  const told = believed ? [] : sends(effects).filter(({ message }) => message.tag === "gossip");
  const probe = [...membership.probes.values()].find((p) => !before.probes.has(p));
  if (probe?.reason === "claimant") all.push("probe the claimant");
  if (probe?.reason === "stranger") all.push("ask the stranger");
  if (effects.some((e) => e.type === "greet" && e.address === said.address))
    all.push("greet first");
  if (probe?.reason === "unverified") {
    const channels = pings.filter(({ to }) => to === probe.target.address).map((p) => p.channel);
    all.push(channels.length === 2 ? "probe first, both ways" : "probe first");
  }
  for (const { to, message } of told) {
    if (message.tag !== "gossip" || now === undefined) continue;
    const last = message.members.at(-1);
    if (probe !== undefined) {
      expect({ probe, to, last }).toMatchObject({ to: now.address, last: said });
      if (probe.reason === "suspicion") all.push("tell the suspect and probe");
    } else if (to === said.address) {
      const inDoubt = isPresent(now) && last?.state === "dead";
      all.push(inDoubt ? "tell it of the doubt" : "tell it better");
    }
  }
  if (before.awaited && !(believed || membership.awaited.has(said.id))) {
    all.push("note that it answers");
  }
  if (peer.self.address !== before.self.address) all.push("move there");
  const refutes = effects.some((e) => e.type === "persist" && e.incarnation === SPOKEN + 2);
  const noted = membership.suspecters.size > 0;
  if (refutes) all.push(noted ? "refute to who says so" : "refute");
  else if (noted) all.push("note who says so");
  return [...new Set(all)];
}

type Before = ReturnType<typeof look>;

function look(peer: Peer, { id }: Member) {
  const { awaited, probes } = peer.membership;
  return {
    self: peer.self,
    known: known(peer, id),
    awaited: awaited.has(id),
    probes: new Set(probes.values()),
  };
}

function belief(effects: readonly Effect[], now: Member | undefined, said: Member): Decision {
  if (now?.instance !== said.instance || now.incarnation !== said.incarnation) {
    return now?.state === "dead" ? "hold the known one for dead" : "cannot be";
  }
  for (const effect of effects) {
    if (effect.type !== "event" || effect.event.event !== "member") continue;
    const { why } = effect.event;
    if (why === "joined" || why === "returned" || why === "replaced") return `believe: ${why}`;
  }
  return "believe";
}

function sends(effects: readonly Effect[]): Extract<Effect, { type: "send" }>[] {
  return effects.flatMap((effect) => (effect.type === "send" ? [effect] : []));
}

/** Expects what the table says of this cell, and nothing besides. */
function expectDone(one: OnePeer, before: Before, said: Member, decision: Decision): void {
  const expected = decision === "ignore" ? [] : [decision];
  expect(done(one, before, said)).toEqual(expected);
}

/** True if word of the subject is passed on as heard from itself. */
function isFirstHand({ effects, peer }: OnePeer): boolean {
  const pushed = sends(effects).some(({ message }) => message.tag === "gossip" && message.joining);
  return pushed || peer.membership.joiningRumours.has(SUBJECT);
}

/** What is known, beside what is said; null for nothing. */
type Known<T> = Readonly<Record<keyof T, Fields | null>>;
type Said = Readonly<Record<string, readonly Fields[]>>;

/** The rows of a table with what is known there, and the records of all that can be said. */
function cells<K extends string, T>(
  rows: Readonly<Record<K, Readonly<Record<string, Decision>>>>,
  beside: Readonly<Record<K, T>>,
  said: Said,
) {
  return (Object.keys(rows) as K[]).flatMap((name) =>
    Object.entries(rows[name]).flatMap(([column, decision]) =>
      decision === "cannot be"
        ? []
        : (said[column] ?? []).map((fields) => ({
            ...{ name, column, decision, fields, beside: beside[name] },
            title: `${name}: ${column}, ${fields.state}: ${decision}`,
          })),
    ),
  );
}

const PING: Ping = {
  ...{ tag: "ping", nonce: 9, round: false, digest: 0, room: 0 },
  ...{ awayMs: null, forgottenMs: null },
};

/** Above whatever is known by more than others can tell. */
const FAR = 2 * INCARNATION_JUMP;

function farIf({ name, fields }: { readonly name: string; readonly fields: Fields }): Fields {
  return name === "far below" ? { ...fields, incarnation: FAR } : fields;
}

describe("one peer does what the table says of", () => {
  const SAID: Said = {
    present: [{ state: "alive" }, { state: "leaving" }],
    "dead or left": [{ state: "dead" }, { state: "left" }],
  };

  /** What is known, beside what is said. */
  const OF_SENDER: Known<typeof OWN_WORD> = {
    "far below": { incarnation: LOWER, state: "alive" },
    "not known": null,
    "only expected": { incarnation: 0, instance: NO_INSTANCE, state: "alive" },
    "present, same instance": { incarnation: LOWER, state: "alive" },
    "present, same instance, elsewhere": {
      ...{ incarnation: LOWER, state: "alive", address: OTHER_ADDRESS },
    },
    "present, other instance, same address": {
      ...{ incarnation: LOWER, state: "alive", instance: OTHER_INSTANCE },
    },
    "present, other instance elsewhere": {
      ...{ incarnation: LOWER, state: "alive", instance: OTHER_INSTANCE, address: OTHER_ADDRESS },
    },
    departed: { incarnation: LOWER, state: "dead" },
    "the same": {},
    "the same, elsewhere": { address: OTHER_ADDRESS },
    "the same, elsewhere, and in doubt": { address: OTHER_ADDRESS },
    better: { incarnation: HIGHER },
  };

  test.each(cells(OWN_WORD, OF_SENDER, SAID))("a sender that is $title", (cell) => {
    const sender = spoken(farIf(cell));
    const record = cell.beside === null ? null : makeMember({ ...sender, ...cell.beside });
    const one = knowing(record, cell.name.endsWith("in doubt"));
    const before = look(one.peer, sender);
    one.hear(sender, PING);
    expectDone(one, before, sender, cell.decision);
  });

  const SAID_OF_MEMBER: Said = {
    "present, trusted": [{ state: "alive" }, { state: "leaving" }],
    "present, first-hand": [{ state: "alive" }, { state: "leaving" }],
    present: [{ state: "alive" }, { state: "leaving" }],
    "present, at this peer's address": [{ state: "alive", address: HERE }],
    dead: [{ state: "dead" }],
    left: [{ state: "left" }],
  };

  const OF_MEMBER: Known<typeof OTHERS_WORD> = {
    "far below": { incarnation: LOWER, state: "alive" },
    "not known": null,
    "only expected": { incarnation: 0, instance: NO_INSTANCE, state: "alive" },
    "present, same instance": { incarnation: LOWER, state: "alive" },
    "present, other instance, lower incarnation": {
      ...{ incarnation: LOWER, state: "alive", instance: OTHER_INSTANCE },
    },
    "present, other instance, same incarnation": { state: "alive", instance: "0".repeat(15) + 1 },
    "present, at this peer's address": { incarnation: LOWER, state: "alive", address: HERE },
    departed: { incarnation: LOWER, state: "left" },
    "the same or better": { incarnation: HIGHER, state: "alive" },
  };

  test.each(cells(OTHERS_WORD, OF_MEMBER, SAID_OF_MEMBER))("a member that is $title", (cell) => {
    const word = spoken(farIf(cell));
    // Where it is known to be does not depend on where it is said to be.
    const there = { ...word, address: spoken().address };
    const record = cell.beside === null ? null : makeMember({ ...there, ...cell.beside });
    const one = knowing(record, false, cell.column === "present, trusted" ? GREETED_BY_ALL : 0);
    const before = look(one.peer, word);
    const joining = cell.column === "present, first-hand" || cell.column === "present, trusted";
    one.hear(2, { tag: "gossip", joining, members: [word] });
    expectDone(one, before, word, cell.decision);
    const enters = ["believe: joined", "believe: returned"].includes(cell.decision);
    expect(isFirstHand(one)).toBe(enters);
  });

  const OF_SELF: Readonly<Record<keyof typeof WORD_OF_SELF, readonly Fields[]>> = {
    "far below": [{ incarnation: FAR }, { incarnation: FAR, instance: OTHER_INSTANCE }],
    "this run, seen elsewhere": [{ address: OTHER_ADDRESS }],
    "this instance or address": [
      { incarnation: SPOKEN + 1 },
      { incarnation: SPOKEN + 1, address: OTHER_ADDRESS },
      { incarnation: SPOKEN + 1, instance: OTHER_INSTANCE },
    ],
    "other instance elsewhere": [
      { incarnation: SPOKEN + 1, instance: OTHER_INSTANCE, address: OTHER_ADDRESS },
    ],
    "the same or better": [{ incarnation: LOWER }],
    "about to leave": [{ incarnation: SPOKEN + 1 }],
  };

  const SAID_OF_SELF: Said = { ...SAID, present: [{ state: "alive" }] };
  /** A process cannot be told first of what it says itself. */
  const SAID_BY_ITSELF: Partial<Record<Decision, Decision>> = {
    "refute to who says so": "refute",
    "note who says so": "ignore",
    // Nor does it see itself from elsewhere.
    "move there": "ignore",
  };

  test.each(cells(WORD_OF_SELF, OF_SELF, SAID_OF_SELF))("this very peer, $title", (cell) => {
    for (const more of cell.beside) {
      for (const byAnother of [true, false]) {
        const one = knowing(null);
        one.give({ type: "persisted", incarnation: SPOKEN });
        if (cell.name === "about to leave") one.command(1, { kind: "quit" });
        const word = makeMember({ ...one.peer.self, ...cell.fields, ...more });
        const before = look(one.peer, word);
        if (byAnother) one.hear(2, { tag: "gossip", joining: false, members: [word] });
        else one.hear(word, PING);
        const own = byAnother ? undefined : SAID_BY_ITSELF[cell.decision];
        expectDone(one, before, word, own ?? cell.decision);
      }
    }
  });
});
