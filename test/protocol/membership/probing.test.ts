/** Trying one member: by which ways, and whose answer counts; and each event in each phase of the failure detector. */
import { describe, expect, test } from "bun:test";
import {
  type Action,
  EVENTS,
  type ProbeEvent,
  REASONS,
  REFUSAL_TABLE,
  SILENCE_TABLE,
} from "../../../src/protocol/membership/machine.ts";
import {
  INDIRECT_EVERY,
  INDIRECT_PROBERS,
  PROBE_WAIT_LEAST_MS,
  PROBES_BEFORE_LAST_TRY,
  SILENCE_MS,
  WATCH_MS,
} from "../../../src/protocol/membership/patience.ts";
import { known, probeKey } from "../../../src/protocol/membership/records.ts";
import type {
  ProbeEnd,
  ProbeReason,
  RefusalPhase,
  SilencePhase,
  Verdict,
} from "../../../src/protocol/membership/state.ts";
import { REFUSALS, STREAMS_MISSED } from "../../../src/protocol/model/config.ts";
import { makeMember } from "../../../src/protocol/model/member.ts";
import { keysOf, REFUSAL_PHASES, SILENCE_PHASES } from "../detector-tables.ts";
import { member, OnePeer, STANDING } from "../one-peer.ts";
import { BEFALL, Trying } from "../trying.ts";

test("a new member that cannot answer this peer is believed when another had its answer", () => {
  const one = new OnePeer(8);
  const unverified = member(30);
  one.hear(9, { tag: "gossip", joining: false, members: [unverified] });
  expect(one.peer.membership.view.find(30)).toBeUndefined();
  let pingReq = one.sent("ping-req")[0];
  for (const end = one.now + SILENCE_MS; pingReq === undefined && one.now < end; ) {
    one.now += 50;
    one.give({ type: "tick" });
    pingReq = one.sent("ping-req")[0];
  }
  expect(pingReq?.message.target.id).toBe(30);
  const nonce = pingReq?.message.nonce ?? 0;
  // Another run of it is another peer.
  const other = makeMember({ ...unverified, instance: "f".repeat(16) });
  one.hear(9, { tag: "ping-req-ack", nonce, target: other });
  expect(one.peer.membership.view.find(30)).toBeUndefined();
  one.hear(9, { tag: "ping-req-ack", nonce, target: unverified });
  expect(one.peer.membership.view.find(30)).toBeDefined();
});

test("of one that falls silent the readers of events hear that it is in doubt, who is asked, and that it answers", () => {
  const one = new OnePeer(8);
  const doubts = () => one.told("probe").filter(({ id }) => id === 9);
  one.pass(WATCH_MS + PROBES_BEFORE_LAST_TRY * PROBE_WAIT_LEAST_MS, [member(9).address]);
  const [silent, asking] = doubts();
  expect(silent).toMatchObject({ doubt: "silent", asked: [] });
  expect(asking).toMatchObject({ doubt: "asking" });
  expect(asking?.asked).toHaveLength(INDIRECT_PROBERS);
  expect(asking?.asked).not.toContain(9);
  one.pass(SILENCE_MS / 2);
  expect(doubts().map(({ doubt }) => doubt)).toEqual(["answered"]);
  one.give({ type: "unreachable", address: member(9).address, how: "refused", broke: true });
  expect(doubts().map(({ doubt }) => doubt)).toEqual(["refused"]);
});

test("a new member that moves on is tried where it is", () => {
  const one = new OnePeer(8, [2, 8, 9]);
  const { address: former } = member(9);
  one.give({ type: "unreachable", address: former, how: "timeout", broke: false });
  for (const [incarnation, address] of [
    [2, "127.0.1.9:12009"],
    [3, "127.0.2.9:12009"],
  ] as const) {
    const instance = `${incarnation}`.repeat(16);
    const back = makeMember({ ...member(9), address, incarnation, instance });
    one.hear(back, { tag: "ping", nonce: 1, ...STANDING });
    expect(one.sent("ping").filter(({ to }) => to === address)).toHaveLength(1);
  }
  const probes = [...one.peer.membership.probes.values()];
  expect(probes.filter(({ reason }) => reason === "unverified")).toHaveLength(1);
});

type Place = {
  readonly silence: SilencePhase;
  readonly refusals: RefusalPhase;
  readonly end: ProbeEnd | null;
};

/** All that a probe can be in before its end. */
const PLACES = SILENCE_PHASES.flatMap((silence) =>
  REFUSAL_PHASES.map((refusals): Place => ({ silence, refusals, end: null })),
);

/** What the tables say of events one after the other. */
function foretold(from: Place, events: readonly ProbeEvent[]): [to: Place, actions: Action[]] {
  let { silence, refusals, end } = from;
  const actions: Action[] = [];
  for (const event of events) {
    const byRefusals = end === null ? REFUSAL_TABLE[refusals][event] : null;
    refusals = byRefusals?.to ?? refusals;
    end ??= byRefusals?.end ?? null;
    const bySilence = end === null ? SILENCE_TABLE[silence][event] : null;
    silence = bySilence?.to ?? silence;
    end ??= bySilence?.end ?? null;
    actions.push(...(byRefusals?.do ?? []), ...(bySilence?.do ?? []));
  }
  return [{ silence, refusals, end }, actions];
}

/** A new member is being tried, and has come so far. */
function tryingIn(place: Place): Trying {
  const trying = new Trying("unverified");
  for (let i = 0; i < SILENCE_PHASES.indexOf(place.silence); i++) trying.deadline();
  for (let i = 0; i < REFUSAL_PHASES.indexOf(place.refusals); i++) {
    trying.unreachable("refused", false);
  }
  expect(trying.probe).toMatchObject(place);
  return trying;
}

/** By which ways an action has the member tried, when so many of its pings were missed. */
function waysOf(action: Action, missed: number): string[] {
  const everyWay = (missed - PROBES_BEFORE_LAST_TRY) % INDIRECT_EVERY === 0;
  const asked = ["ping-req", "ping-req", "ping-req", "ping-req"];
  if (action === "try-every-way") return everyWay ? ["stream", ...asked] : [];
  if (action === "look-closer") return ["datagram", "stream", "dial"];
  return action.startsWith("ping") || action === "begin-anew" ? ["datagram"] : [];
}

describe.each([...EVENTS])("wherever a probe is, %s", (event) => {
  test("leads to where the tables say, by the ways that they say", () => {
    for (const from of PLACES) {
      const trying = tryingIn(from);
      const { probe, one } = trying;
      const begun = { missed: 0, until: probe.until };
      const [to, actions] = foretold(from, BEFALL[event](trying));
      const key = probeKey(probe.reason, probe.target.id);
      const { silence, refusals, end, timedOut } = probe;
      const seen = {
        ...{ from, to: { silence, refusals, end }, timedOut, ways: trying.ways },
        isTried: one.peer.membership.probes.get(key) === probe,
        waits: one.peer.deadlines.has("probe", key),
      };
      // A later run is tried in the place of the former one, and pinged where that was.
      const ways = actions.flatMap((action) => waysOf(action, probe.missed));
      expect(seen).toEqual({
        ...{ from, to, timedOut: actions.includes("note-timeout") },
        ways: event === "restart" ? ["datagram"] : ways,
        isTried: to.end === null,
        waits: to.end === null || event === "restart",
      });
      if (!actions.includes("begin-anew")) expect(probe.until).toBe(begun.until);
      else
        expect(probe).toMatchObject({ missed: 0, until: one.now + REASONS.unverified.silenceMs });
    }
  });

  test("has noted what the tables say", () => {
    for (const from of PLACES) {
      const trying = tryingIn(from);
      trying.unreachable("timeout", false);
      trying.one.now += 5;
      const { now } = trying.one;
      const { streamless, datagrams, roundTrips } = trying.one.peer.membership;
      const { id, address } = trying.probe.target;
      streamless.set(id, { missed: 0, at: now, said: true });
      datagrams.lostAt = 0;
      const [, actions] = foretold(from, BEFALL[event](trying));
      const has = (action: Action) => actions.includes(action);
      const seen = {
        measured: roundTrips.has(id),
        lostAt: datagrams.lostAt,
        muted: datagrams.muted.has(address),
        blamed: streamless.get(id)?.missed,
      };
      const blamed = has("blame-refusals") ? STREAMS_MISSED : has("blame-timeout") ? 1 : 0;
      expect({ from, ...seen }).toEqual({
        ...{ from, measured: has("measure"), lostAt: has("note-loss") ? now : 0 },
        ...{ muted: has("mute"), blamed: has("clear-streams") ? undefined : blamed },
      });
    }
  });
});

test.each(SILENCE_PHASES)("whoever is spoken to by stream is so for longer: %s", (silence) => {
  for (const event of ["answer", "answer-by-stream"] as const) {
    const trying = tryingIn({ silence, refusals: "unrefused", end: null });
    const { muted } = trying.one.peer.membership.datagrams;
    const { address } = trying.probe.target;
    const until = trying.one.now + 1;
    muted.set(address, { until, missed: 0 });
    BEFALL[event](trying);
    // A datagram that is answered by one opens the way again.
    if (event === "answer") expect(muted.has(address)).toBe(false);
    else expect(muted.get(address)?.until).toBeGreaterThan(until);
  }
});

describe.each(keysOf(REASONS))("a probe for the reason %s", (reason: ProbeReason) => {
  /** When each of its pings was missed, in milliseconds from its beginning on. */
  const QUICK = [400, 800, 1_200];
  const LAST = [1_500, 1_800, 2_100, 2_400, 2_700, 3_000, 3_300, 3_600, 3_900, 4_200, 4_500, 4_800];
  const MISSED: Readonly<Record<ProbeReason, readonly number[]>> = {
    watch: [...QUICK, ...LAST, 5_000],
    suspicion: [...QUICK, 1_500, 1_800, 2_000],
    unverified: [...QUICK, ...LAST, 5_000],
    stranger: [2_000],
    claimant: [800],
  };

  test("waits so long for each answer, and asks whom it may", () => {
    const trying = new Trying(reason);
    const { startedAt } = trying.probe;
    const missed: number[] = [];
    const asking: number[] = [];
    const beside: number[] = [];
    while (trying.probe.end === null) {
      trying.deadline();
      missed.push(trying.one.now - startedAt);
      if (trying.ways.includes("ping-req")) asking.push(trying.probe.missed);
      if (trying.probe.end === null && trying.triesOthers) beside.push(trying.probe.missed);
    }
    expect(missed).toEqual([...MISSED[reason]]);
    expect(asking).toEqual(REASONS[reason].asksOthers ? [3, 6, 9, 12, 15] : []);
    expect(beside).toEqual(REASONS[reason].triesNeighbours ? [5] : []);
  });

  /** By what each verdict is known. */
  const DONE: Readonly<Record<Verdict, (trying: Trying) => boolean>> = {
    lives: (t) => t.news.length === 0 && t.one.peer.membership.view.find(9) !== undefined,
    confirmed: (t) => !t.one.peer.membership.awaited.has(9) && t.news.length === 0,
    lost: (t) => t.news.join() === "9 dead lost",
    suspicion: (t) => t.news.join() === "9 dead suspicion",
    refused: (t) => t.news.join() === "9 dead refused",
    believed: (t) => t.news.join() === "30 alive joined",
    ignored: (t) => known(t.one.peer, 30) === undefined && t.news.length === 0,
    disbelieved: (t) => t.one.peer.membership.departed.get(30)?.state === "dead",
    "id-taken": (t) => t.one.peer.phase === "ended",
    "id-free": (t) => t.one.peer.membership.incarnationAsked > t.probe.target.incarnation,
  };
  const END: Readonly<Record<keyof (typeof REASONS)[ProbeReason]["verdicts"], ProbeEvent[]>> = {
    answered: ["answer"],
    relayed: ["relayed-answer"],
    silent: ["last-deadline"],
    refused: ["refusal", "refusal", "refusal-and-break"],
  };

  test.each(keysOf(END))("means what its table says when it is %s", (end) => {
    const trying = new Trying(reason);
    const { awaited } = trying.one.peer.membership;
    const { verdicts } = REASONS[reason];
    const verdict = verdicts[end];
    if (verdict === "confirmed") {
      awaited.set(9, { since: 0, until: Number.POSITIVE_INFINITY, retryMs: 1_000 });
    }
    for (const event of END[end]) BEFALL[event](trying);
    if (verdict === null) expect(trying.news).toEqual([]);
    else expect(keysOf(DONE).filter((each) => DONE[each](trying))).toContain(verdict);
  });
});

test("after its end nothing befalls a probe", () => {
  const trying = new Trying("watch");
  const other = makeMember({ ...trying.target, instance: "f".repeat(16) });
  trying.hearOf(other, false);
  const { probes, departed } = trying.one.peer.membership;
  const unverified = probes.get(probeKey("unverified", other.id));
  expect(unverified).toMatchObject({ target: { instance: other.instance }, end: null });
  // Both are refused at once, and word of the death of the first outranks the second.
  for (let i = 0; i < REFUSALS; i++) trying.unreachable("refused", true);
  expect([trying.probe.end, unverified?.end]).toEqual(["refused", "superseded"]);
  expect(departed.get(other.id)?.instance).toBe(trying.target.instance);
});
