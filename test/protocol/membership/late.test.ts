/** A peer whose folder was away for 40 days, 8 in the ring 8, 9, 14: message by message. */
import { expect, test } from "bun:test";
import {
  AWAY_MS,
  INQUIRE_MS,
  LATE_FOR_MS,
  TOMBSTONE_LAST_MS,
} from "../../../src/protocol/model/config.ts";
import { EMPTY_SHA256, type FileRecord } from "../../../src/protocol/model/files.ts";
import type { Effect, Input, StartInput } from "../../../src/protocol/model/io.ts";
import { type Member, makeMember } from "../../../src/protocol/model/member.ts";
import type { Message, Standing } from "../../../src/protocol/model/messages.ts";
import { NO_LINEAGE } from "../../../src/protocol/model/siblings.ts";
import { View } from "../../../src/protocol/model/view.ts";
import { nextDeadline, startPeer, step } from "../../../src/protocol/peer.ts";

const DAY_MS = 86_400_000;
const AT = 1_000;
/** What others say of themselves. */
const LATE: Standing = { awayMs: 40 * DAY_MS, forgottenMs: null };
const THERE: Standing = { awayMs: null, forgottenMs: 35 * DAY_MS };
const THERE_BEFORE: Standing = { awayMs: null, forgottenMs: 45 * DAY_MS };

function member(id: number): Member {
  const instance = id.toString(16).padStart(16, "0");
  return makeMember({ id, incarnation: 1, instance, state: "alive", address: `127.0.0.1:${id}` });
}
const [EIGHT, NINE, FOURTEEN] = [member(8), member(9), member(14)];

/** A file that 8 owns, stored so long before. */
function fileOf(ageMs: number): FileRecord {
  return {
    ...{ name: "plan", key: 7, operation: { origin: "a".repeat(16), number: 3 } },
    ...{
      version: { counter: 3, owner: 8, instance: 1 },
      also: [],
      size: 10,
      sha256: "ab".repeat(32),
    },
    ...{ removed: false, apart: false, ageMs, ...NO_LINEAGE },
  };
}
const OLD = fileOf(41 * DAY_MS);
const BY_STREAM = { channel: "stream", body: null, heldMs: 0 } as const;

class Life {
  now = AT;
  readonly peer;
  effects: Effect[] = [];

  constructor(
    files: readonly FileRecord[],
    more: Partial<StartInput>,
    ring = [EIGHT, NINE, FOURTEEN],
  ) {
    const bits = 48;
    const config = {
      ring: 70_000,
      bits,
      strategy: "direct",
      pingIntervalMs: 5_000,
      replicationFactor: 3,
    } as const;
    const start: StartInput = {
      ...{
        type: "start",
        config,
        id: 8,
        address: EIGHT.address,
        instance: EIGHT.instance,
        seed: 5,
      },
      start: { kind: "formed", view: View.of(ring) },
      ...{ incarnation: 0, restored: [], files, ...more },
    };
    this.peer = startPeer(start, AT).peer;
    this.#give({ type: "persisted", at: AT, incarnation: this.peer.membership.incarnationAsked });
  }

  hear(from: Member, message: Message): Effect[] {
    this.now += 1;
    return this.#give({ type: "message", at: this.now, from, message, ...BY_STREAM });
  }

  ping(from: Member, standing: Standing): Effect[] {
    const { digest } = this.peer.membership.view;
    return this.hear(from, { tag: "ping", nonce: 1, round: false, digest, room: 1, ...standing });
  }

  pong(from: Member, standing: Standing): Effect[] {
    const { digest } = this.peer.membership.view;
    return this.hear(from, { tag: "pong", nonce: 1, round: false, digest, room: 1, ...standing });
  }

  /** Lets time pass, and has the others answer pings, if they do. @returns what was done meanwhile */
  pass(ms: number, answers: Standing | null): Effect[] {
    const end = this.now + ms;
    const before = this.effects.length;
    for (let at = nextDeadline(this.peer); at <= end; at = nextDeadline(this.peer)) {
      this.now = Math.max(this.now, at);
      const effects = this.#give({ type: "tick", at: this.now });
      for (const { to, message } of sent(effects)) {
        const from = [NINE, FOURTEEN].find(({ address }) => address === to);
        if (message.tag !== "ping" || from === undefined || answers === null) continue;
        const pong = { ...message, tag: "pong", ...answers } as const;
        this.#give({ type: "message", at: this.now, from, message: pong, ...BY_STREAM });
      }
    }
    this.now = end;
    return this.effects.slice(before);
  }

  #give(input: Input): Effect[] {
    const effects = step(this.peer, input);
    this.effects.push(...effects);
    return effects;
  }
}

function sent(effects: readonly Effect[]): Extract<Effect, { type: "send" }>[] {
  return effects.filter((e) => e.type === "send");
}

/** The messages of a kind that were sent to a member. */
function told<T extends Message["tag"]>(effects: readonly Effect[], tag: T, to: Member) {
  const is = (message: Message): message is Extract<Message, { tag: T }> => message.tag === tag;
  const messages = sent(effects).flatMap((e) => (e.to === to.address ? e.message : []));
  return messages.filter(is);
}

const inquire = { tag: "inquire", request: 1, name: "plan", key: 7, asked: [8, 9, 14] } as const;
const away = (files: readonly FileRecord[]) => new Life(files, { awayMs: 40 * DAY_MS });

test("what is asked of it waits until the asker has answered it", () => {
  for (const [standing, apart] of [
    [LATE, false],
    [THERE, true],
    [THERE_BEFORE, false],
  ] as const) {
    const life = away([OLD]);
    const asked = life.hear(NINE, inquire);
    expect(told(asked, "inquired", NINE)).toEqual([]);
    expect(told(asked, "ping", NINE)).toMatchObject([{ awayMs: 40 * DAY_MS + 1 }]);
    // Word of another that was away says nothing of this one.
    expect(told(life.pong(FOURTEEN, LATE), "inquired", NINE)).toEqual([]);
    // Nor does a ping: one that was away as well has to know that this one was.
    if (standing === LATE) expect(told(life.ping(NINE, LATE), "inquired", NINE)).toEqual([]);
    const answered = life.pong(NINE, standing);
    expect(told(answered, "inquired", NINE)).toMatchObject([{ records: [{ apart }] }]);
    expect(answered.some((e) => e.type === "apart")).toBe(apart);
  }
});

test("so does whatever is said of the writes in a range", () => {
  const ranges = [{ from: 7, to: 8, count: 0, digest: 0 }];
  const answers = { same: [], differ: ranges };
  for (const [message, answer] of [
    [{ tag: "compare", ranges }, "compared"],
    [{ tag: "catch-up", nonce: 1, counter: 0, ranges }, "caught-up"],
  ] as const) {
    const life = away([OLD]);
    expect(told(life.hear(NINE, message), answer, NINE)).toEqual([]);
    expect(told(life.pong(NINE, LATE), answer, NINE)).toHaveLength(1);
  }
  for (const message of [
    { tag: "compared", ...answers, taking: false },
    { tag: "caught-up", nonce: 1, counter: 0, ...answers },
  ] as const) {
    const life = away([OLD]);
    life.hear(NINE, message);
    expect(life.peer.membership.absence.postponed).toMatchObject([{ message }]);
  }
});

test("it replicates nothing to whoever has not answered it", () => {
  const life = away([OLD]);
  life.pong(NINE, LATE);
  const effects = life.pass(900, null);
  expect(told(effects, "replicate", NINE)).toMatchObject([{ records: [{ apart: false }] }]);
  expect(told(effects, "replicate", FOURTEEN)).toEqual([]);
  expect(told(effects, "ping", FOURTEEN).length).toBeGreaterThan(0);
  // What was not offered is, once it may be.
  life.pong(FOURTEEN, LATE);
  expect(told(life.pass(5_000, LATE), "replicate", FOURTEEN)).toMatchObject([
    { records: [{ apart: false }] },
  ]);
});

test("of two, it serves nothing before it has heard from the other", () => {
  const origin = { id: 9, address: NINE.address, instance: NINE.instance };
  const ask = { kind: "request", name: "plan", key: 7 } as const;
  const request: Message = {
    ...{ tag: "routed", request: 5, origin, route: [9], ask, leftMs: 9_000, counter: 0 },
    ...{ avoid: [], back: false, lost: false },
  };
  for (const [awayMs, kinds] of [
    // What is not known to be safe it brings to the other, so that both have it.
    [0, ["replicate"]],
    [40 * DAY_MS, ["unavailable"]],
  ] as const) {
    const life = new Life([OLD], { awayMs }, [EIGHT, NINE]);
    const asked = [...life.hear(NINE, request), ...life.pass(INQUIRE_MS, null)];
    const replicates = told(asked, "replicate", NINE).map(() => "replicate");
    const answers = told(asked, "answer", NINE).map(({ outcome }) => outcome.kind);
    expect([...new Set([...replicates, ...answers])]).toEqual([...kinds]);
  }
  const life = away([OLD]);
  life.hear(NINE, request);
  const records: FileRecord[] = [];
  const word = { tag: "inquired", request: 5, records, rejected: false, lost: [] } as const;
  for (const one of [NINE, FOURTEEN]) life.hear(one, { ...word, room: 1, others: [] });
  expect(told(life.effects, "answer", NINE)).toEqual([]);
  // One word of a member that was there makes it a conflict, and the name nothing.
  const effects = life.pong(NINE, THERE);
  expect(told(effects, "answer", NINE)).toMatchObject([{ outcome: { kind: "missing" } }]);
});

test("one that was there takes old files of one that was not as conflicts", () => {
  const forgottenMs = 35 * DAY_MS;
  for (const [record, standing, apart] of [
    [OLD, LATE, true],
    [fileOf(34 * DAY_MS), LATE, false],
    [OLD, { awayMs: 34 * DAY_MS, forgottenMs: null }, false],
    [OLD, THERE, false],
  ] as const) {
    const life = new Life([], { awayMs: 1_000, forgottenMs });
    life.ping(NINE, standing);
    const effects = life.hear(NINE, { tag: "replicate", records: [record], origin: null });
    const into = effects.flatMap((e) => (e.type === "fetch" ? e.into : []));
    expect(into).toMatchObject([{ kind: "store", record: { apart } }]);
  }
});

test("one that has a file under its name says so to whoever has it as a conflict", () => {
  const life = new Life([OLD], { awayMs: 1_000 });
  const replicate = { tag: "replicate", records: [{ ...OLD, apart: true }], origin: null } as const;
  const effects = life.hear(NINE, replicate);
  expect(told(effects, "replicate", NINE)).toMatchObject([{ records: [{ apart: false }] }]);
  expect(life.peer.replication.files.get("plan")?.apart).toBe(false);
});

test("it forgets no removal until it is one of a ring again, and takes what others would not", () => {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true };
  const removal = { ...fileOf(TOMBSTONE_LAST_MS + DAY_MS), ...departed };
  const drops = (effects: readonly Effect[]) => effects.some((e) => e.type === "drop");
  const life = away([removal]);
  expect(drops(life.pass(LATE_FOR_MS - 600_000, LATE))).toBe(false);
  expect(life.peer.membership.absence.late).toBe(true);
  const since = life.pass(1_200_000, LATE);
  expect(life.peer.membership.absence.late).toBe(false);
  expect(drops(since)).toBe(true);
  // It had told of that before, to others and to its folder.
  const at = since.findIndex((e) => e.type === "drop");
  const before = since.slice(0, at);
  expect(before.filter((e) => e.type === "alive").at(-1)).toMatchObject({ awayMs: 0 });
  expect(before.some((e) => e.type === "alive" && e.forgottenMs !== null)).toBe(true);
  expect(told(before, "ping", NINE).at(-1)?.forgottenMs).toBeGreaterThan(TOMBSTONE_LAST_MS);
  for (const [awayMs, taken] of [
    [40 * DAY_MS, true],
    [1_000, false],
  ] as const) {
    const other = new Life([], { awayMs });
    other.pong(NINE, LATE);
    const effects = other.hear(NINE, { tag: "replicate", records: [removal], origin: null });
    expect(effects.some((e) => e.type === "merge")).toBe(taken);
  }
});

test("a removal is taken however old it is where what it removed is held", () => {
  const departed = { size: 0, sha256: EMPTY_SHA256, removed: true, versionVector: [OLD.version] };
  const version = { ...OLD.version, counter: 4 };
  const operation = { ...OLD.operation, number: 4 };
  const removal = { ...fileOf(30.5 * DAY_MS), ...departed, version, operation };
  for (const files of [[], [OLD]]) {
    const life = new Life(files, { awayMs: 1_000 });
    const effects = life.hear(NINE, { tag: "replicate", records: [removal], origin: null });
    expect(effects.some((e) => e.type === "merge")).toBe(files.length > 0);
  }
});

test("alone it waits for others for as long as it takes", () => {
  const life = new Life([OLD], { awayMs: 40 * DAY_MS }, [EIGHT]);
  const effects = life.pass(3 * LATE_FOR_MS, null);
  expect(life.peer.membership.absence.late).toBe(true);
  const alive = effects.flatMap((e) => (e.type === "alive" ? e.awayMs : []));
  expect(alive.length).toBeGreaterThan(0);
  for (const awayMs of alive) expect(awayMs).toBeGreaterThanOrEqual(40 * DAY_MS);
});

test("a machine that slept for so long is like a folder that was away", () => {
  const life = new Life([fileOf(DAY_MS)], { awayMs: 1_000 });
  step(life.peer, { type: "woke", at: AT + 40 * DAY_MS, sleptMs: 40 * DAY_MS });
  life.now = AT + 40 * DAY_MS;
  const effects = life.pong(NINE, THERE);
  expect(effects).toContainEqual(expect.objectContaining({ type: "apart" }));
  const notes = effects.flatMap((e) =>
    e.type === "event" && e.event.event === "note" ? e.event.text : [],
  );
  expect(notes).toEqual([
    "This folder was away for 40 days: its file is kept as a conflict if the ring does not have it.",
  ]);
});

test("two that tell each other what is forgotten do not make it younger", () => {
  const life = new Life([], { awayMs: 1_000, forgottenMs: 35 * DAY_MS });
  const before = life.peer.membership.absence.forgotten;
  for (let i = 0; i < 1_000; i++) {
    const [pong] = told(life.ping(NINE, { awayMs: null, forgottenMs: null }), "pong", NINE);
    life.now += 20;
    life.ping(NINE, { awayMs: null, forgottenMs: pong?.forgottenMs ?? null });
  }
  expect(life.peer.membership.absence.forgotten).toBe(before);
  // Nobody makes anything be forgotten before its time.
  life.ping(NINE, { awayMs: null, forgottenMs: 0 });
  expect(life.peer.membership.absence.forgotten).toBe(life.now - AWAY_MS);
});
