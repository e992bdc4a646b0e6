/** Peers that left in good order and are started again by the command that founded their ring. */
import { expect, test } from "bun:test";
import { RESTORED_GRACE_MS, RETURN_MS } from "../../../src/protocol/model/config.ts";
import { LOCAL_NETWORK } from "../../../src/sim/network.ts";
import { joinThrough, numberedRing, Stage } from "../../../src/sim/stage.ts";
import { member, OnePeer, STANDING } from "../one-peer.ts";

const SEED = 904;
const IDS = [2, 4, 9, 14, 30, 40];
const PLAN = { size: 10, sha256: "ab".repeat(32) } as const;
const OWN = { size: 10, sha256: "cd".repeat(32) } as const;
const STORE = { kind: "store", name: "plan", key: 3, ...PLAN, body: null, require: 0 } as const;

/** Peer 8, which founded a ring, left it to 9 and 14 in good order, and is started again. */
function back(): OnePeer {
  const restored = [8, 9, 14].map(member);
  return new OnePeer(8, [], [], {}, { start: { kind: "found" }, left: true, restored });
}

test("it asks all whom it left, both ways, and is taken in through the first that is in a ring", () => {
  const one = back();
  const asked = one.sent("ping").map(({ to, channel }) => [to, channel]);
  for (const id of [9, 14]) {
    expect(asked).toContainEqual([member(id).address, "stream"]);
    expect(asked).toContainEqual([member(id).address, "datagram"]);
  }
  // It is in no ring yet: it is not made known, and what is asked of it waits.
  expect(one.effects.filter(({ type }) => type === "persist")).toEqual([]);
  expect(one.command(1, { kind: "request", name: "plan", key: 9 })).toEqual([]);
  one.hear(9, { tag: "pong", ...STANDING, nonce: 1 });
  expect(one.sent("routed")).toMatchObject([
    { to: member(9).address, message: { ask: { kind: "join" } } },
  ]);
  const { request = 0 } = one.peer.lifecycle.joining ?? {};
  const standing = { awayMs: null, forgottenMs: null };
  const members = [9, 14].map(member);
  const outcome = { kind: "accepted", incarnation: 5, standing, members } as const;
  one.hear(9, { tag: "join-answer", request, outcome });
  one.persisted();
  expect(one.sent("routed")).toMatchObject([
    { to: member(9).address, message: { ask: { kind: "request", name: "plan" } } },
  ]);
  expect(one.told("note")).toMatchObject([{ text: expect.stringContaining("back in its ring") }]);
});

test("where nobody listens any more it goes on by itself at once, and says what it does not know", () => {
  const one = back();
  const refused = ({ address }: ReturnType<typeof member>) =>
    one.give({ type: "unreachable", address, how: "refused", broke: false });
  expect(refused(member(9))).toEqual([]);
  refused(member(14));
  expect(one.told("note")).toMatchObject([{ text: expect.stringContaining("goes on by itself") }]);
  one.persisted();
  expect(one.peer.phase).toBe("in");
  expect([...one.peer.membership.awaited.keys()]).toEqual([9, 14]);
});

/** A ring with drawn ids that 9 founded and has left, while the others went on and stored a file. */
function leftByItsFounder() {
  const config = { ...numberedRing(5_000), ring: 70_000, bits: 48, strategy: "direct" } as const;
  const stage = new Stage({ config, network: LOCAL_NETWORK, seed: SEED });
  const { world } = stage;
  world.startPeer(9, { kind: "found" });
  world.run(100);
  const others = IDS.filter((id) => id !== 9);
  for (const id of others) {
    world.startPeer(id, joinThrough(world, 9));
    world.run(world.now + 300);
  }
  world.run(20_000);
  stage.act("quit 9");
  world.run(40_000);
  expect(world.hostOf(9).exitCode).toBe(0);
  world.command(others[0] ?? 2, STORE, PLAN);
  world.run(50_000);
  expect(kinds(stage)).toEqual(["stored"]);
  const notes = () =>
    stage.lines.flatMap((l) => (l.peer === 9 && l.text.includes("member") ? [l.text] : []));
  /** Starts it, and reads and stores through it every so often. @returns how that ended until then */
  const returns = (until: () => boolean) => {
    world.startPeer(9, { kind: "found" });
    const first = world.now;
    stage.outcomes.clear();
    while (!until() && world.now < first + 60_000) {
      world.command(9, { kind: "request", name: "plan", key: 3 }, null);
      world.command(9, { ...STORE, name: "own", ...OWN }, OWN);
      world.run(world.now + (world.now < first + 100 ? 1 : 50));
    }
    return world.now - first;
  };
  return { stage, world, others, notes, returns };
}

const kinds = (stage: Stage) => [...stage.outcomes.values()].map(({ kind }) => kind);
const sizeAt = (stage: Stage, id: number) => stage.world.hostOf(id).peer?.membership.view.size ?? 0;

test("a founder goes back in, says so, and neither denies nor confirms anything before", () => {
  const { stage, world, notes, returns } = leftByItsFounder();
  const took = returns(() => notes().some((text) => text.includes("back in")));
  expect(notes()).toContain("This peer is back in its ring, with 5 members.");
  expect(took).toBeLessThan(1_000);
  // What was asked of it waits until it is in, and is answered as the ring knows it.
  expect(kinds(stage)).not.toContain("missing");
  world.run(world.now + 20_000);
  expect(stage.outcomes.size).toBeGreaterThan(4);
  expect(new Set(kinds(stage))).toEqual(new Set(["stored", "received"]));
  for (const id of IDS) expect(sizeAt(stage, id)).toBe(6);
});

test.each([
  ["is killed", "kill", 3_000],
  ["falls silent", "freeze", 15_000],
])("a founder whose first contact %s goes in through another", (_, fault, most) => {
  const { stage, world, notes, returns } = leftByItsFounder();
  let hit = false;
  const took = returns(() => {
    const contact = world.hostOf(9).peer?.lifecycle.joining?.contact;
    const id = [...world.hosts.values()].find((h) => h.address === contact)?.id;
    if (!hit && id !== undefined) {
      stage.act(`${fault} ${id}`);
      hit = true;
    }
    return notes().some((text) => text.includes("back in"));
  });
  expect(hit).toBe(true);
  expect(took).toBeLessThan(most);
  expect(kinds(stage)).not.toContain("missing");
});

test("a founder that is cut off says so in time, and confirms nothing until it has been given up", () => {
  const { stage, world, others, notes, returns } = leftByItsFounder();
  stage.act(`cut 9 from ${others.join(" ")}`);
  const took = returns(() => notes().some((text) => text.includes("answers")));
  expect(notes()).toEqual([
    "None of the 5 members that this peer left answers: it goes on by itself, without what was stored since, until one of them is back.",
  ]);
  expect(took).toBeLessThanOrEqual(RETURN_MS + 100);
  expect(kinds(stage)).toEqual([]);
  world.run(world.now + RESTORED_GRACE_MS / 2);
  expect(kinds(stage)).not.toContain("stored");
  expect(kinds(stage)).not.toContain("missing");
  stage.act("mend");
  world.run(world.now + 2 * RESTORED_GRACE_MS);
  for (const id of IDS) expect(sizeAt(stage, id)).toBe(6);
});

test("a founder whose former members do not run goes on at once, and they come back to it", () => {
  const { stage, world, others, notes, returns } = leftByItsFounder();
  stage.act(`kill ${others.join(" ")}`);
  const took = returns(() => notes().some((text) => text.includes("answers")));
  expect(took).toBeLessThan(500);
  stage.act(`restart ${others.join(" ")}`);
  world.run(world.now + 30_000);
  for (const id of IDS) expect(sizeAt(stage, id)).toBe(6);
});

test("a founder that was killed says whom it has come back to", () => {
  const { stage, world, notes } = leftByItsFounder();
  world.startPeer(9, { kind: "found" });
  world.run(world.now + 10_000);
  stage.lines.length = 0;
  stage.act("restart 9");
  world.run(world.now + 15_000);
  expect(notes()).toEqual(["This peer is back in its ring, with 5 members."]);
  stage.lines.length = 0;
  stage.act(`kill ${IDS.join(" ")}`);
  world.startPeer(9, { kind: "found" });
  world.run(world.now + 15_000);
  expect(notes()).toEqual([
    "None of the 5 members known from an earlier run answers: this peer goes on by itself until one of them is back.",
  ]);
});

/** A numbered ring that stands, and what its peers print from here on. */
function numbered() {
  const stage = new Stage({ config: numberedRing(1_000), network: LOCAL_NETWORK, seed: SEED });
  stage.found(IDS);
  stage.world.run(5_000);
  const printed = () => stage.lines.filter((l) => !l.fold).map((l) => `${l.peer} ${l.text}`);
  const again = (id: number) => stage.world.startPeer(id, stage.world.hostOf(id).start);
  return { stage, world: stage.world, printed, again };
}

test("a numbered peer that left goes back into its ring as one that joins", () => {
  const { stage, world, printed, again } = numbered();
  stage.act("quit 9");
  world.run(10_000);
  stage.lines.length = 0;
  again(9);
  world.run(20_000);
  // Whom it asks first is left to chance.
  const lines = printed().filter((line) => !line.includes("Join request forwarded"));
  expect(lines).toEqual([
    "4 Peer 9 Join request received",
    "4 My new first successor is Peer 9",
    "4 My new second successor is Peer 14",
    "2 Successor Change request received",
    "2 My new first successor is Peer 4",
    "2 My new second successor is Peer 9",
    "9 Join request has been accepted",
    "9 My first successor is Peer 14",
    "9 My second successor is Peer 30",
    "9 This peer is back in its ring, with 5 members.",
  ]);
});

test.each([
  ["at one time", 0],
  ["one after the other", 700],
])("a numbered ring that was left by all begins again by its commands, %s", (_, spacing) => {
  for (const leaving of [0, 3_000]) {
    const { stage, world, printed, again } = numbered();
    for (const id of IDS) {
      stage.act(`quit ${id}`);
      world.run(world.now + leaving);
    }
    world.run(world.now + 30_000);
    for (const id of IDS) expect(world.hostOf(id).exitCode).toBe(0);
    stage.lines.length = 0;
    for (const id of [14, 2, 40, 9, 30, 4]) {
      again(id);
      world.run(world.now + spacing);
    }
    world.run(world.now + 900);
    expect(printed()).toEqual([]);
    world.run(world.now + 15_000);
    expect(printed()).toEqual([]);
    for (const id of IDS) expect(sizeAt(stage, id)).toBe(6);
  }
});
