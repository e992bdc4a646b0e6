/** By datagram or by stream: as one peer finds out, and as rings do whose network lets none through, or loses many. */
import { expect, test } from "bun:test";
import { brokenChecks, checkRing } from "../../../src/checks/ring.ts";
import { mute, wayTo } from "../../../src/protocol/membership/ways.ts";
import {
  DATAGRAM_PROBES,
  DATAGRAMS_MISSED,
  MUTED_MS,
  MUTED_ROUNDS,
} from "../../../src/protocol/model/config.ts";
import type { PeerEvent } from "../../../src/protocol/model/events.ts";
import type { Address } from "../../../src/protocol/model/member.ts";
import type { Channel } from "../../../src/protocol/model/messages.ts";
import { refuse } from "../../../src/sim/mishaps.ts";
import { LOCAL_NETWORK, NETWORKS } from "../../../src/sim/network.ts";
import { numberedRing, Stage, snapshots } from "../../../src/sim/stage.ts";
import { member, OnePeer, STANDING } from "../one-peer.ts";

const IDS = [10, 20, 30, 40, 50, 60];
const SECONDS = 90;

type Told = { readonly at: number; readonly by: number; readonly event: PeerEvent };

/** A ring in calm, and all that its peers tell. */
function ring(network: typeof LOCAL_NETWORK, seed: number): { stage: Stage; told: Told[] } {
  const stage = new Stage({ config: numberedRing(1_000), network, seed });
  const told: Told[] = [];
  stage.world.readers.push((host, event) => told.push({ at: stage.world.now, by: host.id, event }));
  stage.found(IDS);
  stage.world.run(10_000);
  told.length = 0;
  return { stage, told };
}

test("one that is spoken to by stream is tried by datagram with each round, which is said after many in vain", () => {
  const one = new OnePeer(8, [8, 9, 14], [], { pingIntervalMs: 1_000 });
  const { address } = member(9);
  one.pass(500);
  mute(one.peer, address);
  const pings = (by: Channel) =>
    one.sent("ping").filter(({ to, channel }) => to === address && channel === by).length;
  const rounds = DATAGRAMS_MISSED / DATAGRAM_PROBES;
  for (let i = 0; i <= rounds; i++) {
    one.pass(1_000);
    expect(pings("stream")).toBe(1);
    expect(pings("datagram")).toBe(i < rounds ? DATAGRAM_PROBES : 1);
    expect(one.told("note")).toHaveLength(i < rounds ? 0 : 1);
  }
  one.hear(9, { tag: "pong", ...STANDING, nonce: 1 }, { channel: "datagram" });
  expect(wayTo(one.peer, address)).toBe("datagram");
  expect(one.told("note")).toMatchObject([{ text: "Datagrams (UDP) come through again." }]);
});

test("an address that nothing is heard of any more is spoken to by datagram again, after a while", () => {
  const { peer } = new OnePeer(8, [8, 9, 14], [], { pingIntervalMs: 1_000 });
  const { address } = member(9);
  mute(peer, address);
  peer.now += MUTED_MS + MUTED_ROUNDS * 1_000;
  expect(wayTo(peer, address)).toBe("stream");
  peer.now += 1;
  expect(wayTo(peer, address)).toBe("datagram");
});

/** Lets no datagram through from one to the other where `lost` says so. */
function block(stage: Stage, lost: (from: Address, to: Address) => boolean): void {
  const { network } = stage.world;
  const through = network.datagramDelays.bind(network);
  network.datagramDelays = (from, to) => (lost(from, to) ? [] : through(from, to));
}

const deaths = (told: readonly Told[]): string[] =>
  told.flatMap(({ by, event }) =>
    event.event === "member" && event.state === "dead" ? [`${by}: ${event.id} ${event.why}`] : [],
  );
const notes = (told: readonly Told[]): string[] =>
  told.flatMap(({ by, event }) => (event.event === "note" ? [`${by}: ${event.text}`] : []));

/** Lets a time pass. */
function pass(stage: Stage, ms: number): void {
  stage.world.run(stage.world.now + ms);
}

function expectCalm(stage: Stage): void {
  expect(brokenChecks(checkRing(snapshots(stage.world)))).toEqual([]);
}

/** Who then says what: that none come through, or none from and to one other. */
const blocked: [string, (from: Address, to: Address) => boolean, number[]][] = [
  ["reach one peer", (_, to) => to.endsWith(":12030"), [10, 20, 30]],
  ["leave one peer", (from) => from.endsWith(":12030"), [10, 20, 30]],
  ["go anywhere", () => true, IDS],
];

test.each(blocked)("where no datagrams %s nobody dies, and it is said once", (_, lost, tellers) => {
  const { stage, told } = ring(LOCAL_NETWORK, 3);
  block(stage, lost);
  pass(stage, SECONDS * 1_000);
  expect(deaths(told)).toEqual([]);
  const said = notes(told);
  expect(said.map((note) => Number(note.split(":")[0])).sort()).toEqual(tellers);
  for (const note of said) {
    const other =
      tellers.length === IDS.length || note.startsWith("30:")
        ? "come through to this peer"
        : "Peer 30";
    expect(note).toContain(other);
  }
  expectCalm(stage);

  // A real death and a new member are noticed all the same, by everybody.
  stage.act("kill 40");
  stage.act("join 45 via 30");
  pass(stage, 20_000);
  expect(new Set(deaths(told).map((death) => death.split(" ")[1]))).toEqual(new Set(["40"]));
  expectCalm(stage);
  for (const host of stage.world.living()) {
    expect([...(host.peer?.membership.view.members ?? [])].map(({ id }) => id)).toEqual([
      10, 20, 30, 45, 50, 60,
    ]);
  }
  stage.world.network.datagramDelays = () => [0.1];
  told.length = 0;
  pass(stage, 30_000);
  const again = notes(told);
  expect(again.length).toBeGreaterThan(0);
  for (const note of again) expect(note).toContain("come through again");
  expect(new Set(again).size).toBe(again.length);
});

test("a ring forms and starts again where no datagrams go", () => {
  const stage = new Stage({
    config: numberedRing(1_000),
    network: { ...LOCAL_NETWORK, lossPerMille: 1_000 },
    seed: 4,
  });
  stage.found(IDS);
  pass(stage, 10_000);
  expectCalm(stage);
  for (const id of IDS) stage.act(`kill ${id}`);
  pass(stage, 2_000);
  for (const id of IDS) stage.act(`restart ${id}`);
  pass(stage, 15_000);
  expectCalm(stage);
  expect(stage.world.living()).toHaveLength(IDS.length);
});

test("two halves of a ring find each other again where no datagrams go", () => {
  const { stage } = ring({ ...LOCAL_NETWORK, lossPerMille: 1_000 }, 5);
  stage.act("cut 10 20 30 from 40 50 60");
  pass(stage, 20_000);
  stage.act("mend");
  pass(stage, 20_000);
  expectCalm(stage);
});

test("halves between which only streams go find each other again", () => {
  const { stage } = ring(LOCAL_NETWORK, 8);
  const low = (address: Address): boolean => Number(address.split(":")[1]) < 12_035;
  block(stage, (from, to) => low(from) !== low(to));
  stage.act("cut 10 20 30 from 40 50 60");
  pass(stage, 15_000);
  expect(stage.world.hostOf(10).peer?.membership.view.size).toBe(3);
  stage.act("mend");
  pass(stage, 60_000);
  expectCalm(stage);
});

test.each([
  ["one of six", "cut 30 from 10 20 40 50 60"],
  ["halves", "cut 10 20 30 from 40 50 60"],
])("%s, cut off for 30 s, are back within 3 s, however long the interval", (_, cut) => {
  for (const [i, lossPerMille] of [0, 50].entries()) {
    const config = numberedRing(30_000);
    const stage = new Stage({ config, network: { ...NETWORKS.wide, lossPerMille }, seed: 11 + i });
    stage.found(IDS);
    pass(stage, 20_000);
    stage.act(cut);
    // Not just before a round: their rounds are in step.
    pass(stage, 77_000);
    expect(brokenChecks(checkRing(snapshots(stage.world))).length).toBeGreaterThan(0);
    stage.act("mend");
    pass(stage, 3_000);
    expectCalm(stage);
  }
});

test("two that cannot reach each other are held for alive by word of those who reach both, by stream too", () => {
  for (const lost of [false, true]) {
    const { stage, told } = ring(LOCAL_NETWORK, 9);
    // Nobody knows yet that datagrams are lost.
    block(stage, () => lost);
    stage.act("cut 20 from 30");
    pass(stage, SECONDS * 1_000);
    expect(deaths(told)).toEqual([]);
  }
});

test.each([50, 200, 400])("%d of a thousand datagrams lost kill nobody", (lossPerMille) => {
  for (const seed of [1, 2, 3]) {
    const { stage, told } = ring({ ...NETWORKS.wide, lossPerMille }, seed);
    pass(stage, SECONDS * 1_000);
    expect(deaths(told)).toEqual([]);
  }
});

test("a connection that is refused now and then kills nobody", () => {
  const { stage, told } = ring(LOCAL_NETWORK, 6);
  for (let i = 0; i < 30; i++) {
    const from = IDS[i % 6] ?? 10;
    const to = IDS[(i + 1 + (i % 2)) % 6] ?? 10;
    refuse(stage.world, [stage.world.hostOf(from), stage.world.hostOf(to)], 1, false);
    pass(stage, 500);
  }
  expect(deaths(told)).toEqual([]);
  expectCalm(stage);
});
