/** Clients of a simulated ring, and the history of what they saw. */
import { expect, test } from "bun:test";
import type { Operation } from "../../src/checks/history.ts";
import { Chronicle } from "../../src/sim/chronicle.ts";
import { LOCAL_NETWORK, NETWORKS } from "../../src/sim/network.ts";
import { drawnRing, numberedRing, Stage } from "../../src/sim/stage.ts";

const IDS = [10, 20, 30, 40, 50];
const LATER_MS = 60_000;

function ring(config = numberedRing(1_000), network = LOCAL_NETWORK) {
  const stage = new Stage({ config, network, seed: 3 });
  const chronicle = new Chronicle(stage);
  stage.found(IDS);
  stage.world.run(8_000);
  chronicle.note();
  const { operations } = stage.clients;
  const act = (...actions: string[]) => {
    for (const action of actions) {
      stage.act(action);
      chronicle.note();
    }
  };
  const idle = () => {
    const end = stage.world.now + LATER_MS;
    while (!stage.clients.idle && stage.world.now < end) stage.world.run(stage.world.now + 10);
    expect(stage.clients.idle).toBe(true);
  };
  return { stage, chronicle, operations, act, idle };
}

function told({ client, peer, kind, outcome }: Operation): string {
  const what =
    outcome.kind === "done" ? (outcome.value === null ? "missing" : "done") : outcome.kind;
  return `${client} ${kind} at ${peer}: ${what}`;
}

test("a client does one thing after the other, and its history says what it saw and when", () => {
  const { operations, act, idle } = ring();
  act(
    "client 1 request 0015 via 40",
    "client 1 store 0015 400 via 50",
    "client 1 request 0015 via 10",
    "client 2 where 0016 via 30",
    "client 1 remove 0015 via 20",
    "client 1 request 0015 via 30",
  );
  idle();
  expect(operations.filter((o) => o.client === 1).map(told)).toEqual([
    "1 request at 40: missing",
    "1 store at 50: done",
    "1 request at 10: done",
    "1 remove at 20: done",
    "1 request at 30: missing",
  ]);
  const [, store, read] = operations.filter((o) => o.client === 1);
  expect(store?.outcome).toMatchObject({ kind: "done", replicas: [20, 30, 40] });
  expect(read?.outcome).toMatchObject({ kind: "done", value: store?.content });
  const mine = operations.filter((o) => o.client === 1);
  for (const [i, { start }] of mine.entries()) {
    expect(start).toBeGreaterThanOrEqual(mine[i - 1]?.end ?? 0);
  }
});

test("what is not answered is tried at another peer, as an operation and with a content of its own", () => {
  const { stage, operations, act, idle } = ring();
  act(
    "freeze 50",
    "kill 40",
    "client 1 store 0015 400 via 40 50 10",
    "client 2 request 0015 via 50 20",
  );
  idle();
  // Nobody runs at 40, so nothing was asked there.
  expect(operations.map(({ peer, kind }) => `${kind} ${peer}`).sort()).toEqual([
    "request 20",
    "request 50",
    "store 10",
    "store 50",
  ]);
  const [first, second] = operations.filter((o) => o.kind === "store");
  expect(first?.content).not.toBe(second?.content);
  expect(first?.end).toBeNull();
  expect(second?.outcome.kind).toBe("done");
  // The peer that slept goes on with it, and what comes of it belongs to the first.
  act("thaw 50");
  stage.world.run(stage.world.now + 15_000);
  expect(first?.end).not.toBeNull();
});

test("with a process end what its clients wait for, and it may have been done", () => {
  const { stage, operations, act } = ring();
  act("client 1 store 0015 400 via 50", "kill 50");
  expect(operations.map(told)).toEqual(["1 store at 50: unknown"]);
  expect(operations[0]?.end).toBe(stage.world.now);
});

test("the history says who ran, who was frozen, and which streams could not be", () => {
  const { stage, chronicle, act } = ring();
  const last = () => chronicle.history(() => false).situations.at(-1);
  expect(last()).toMatchObject({ running: IDS, frozen: [], severed: [] });
  act("cut 10 from 20");
  expect(last()?.severed).toEqual([
    [10, 20],
    [20, 10],
  ]);
  act("mend", "cut tcp 10 towards 20");
  expect(last()?.severed).toEqual([[10, 20]]);
  act("mend", "cut udp 10 from 20");
  expect(last()?.severed).toEqual([]);
  // A link that breaks and refuses is a moment's cut; one that is frozen sees it when it thaws.
  act("mend", "refuse 10 towards 20");
  expect(last()?.severed).toHaveLength(2);
  stage.world.run(stage.world.now + 2);
  expect(last()?.severed).toEqual([]);
  act("freeze 30");
  expect(last()?.frozen).toEqual([30]);
  act("refuse 20 towards 30");
  stage.world.run(stage.world.now + 500);
  expect(last()?.severed).toHaveLength(2);
  act("thaw 30");
  expect(last()?.severed).toHaveLength(2);
  stage.world.run(stage.world.now + 2);
  expect(last()?.severed).toEqual([]);
  act("freeze 30");
  expect(last()?.frozen).toEqual([30]);
  act("kill 40");
  stage.world.run(stage.world.now + 1);
  expect(last()?.running).toEqual([10, 20, 30, 50]);
  const times = chronicle.history(() => false).situations.map((s) => s.from);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test("what nobody could have kept is excused, and nothing else", () => {
  const { chronicle, act, idle } = ring();
  act("client 1 store 0015 400 via 50", "client 1 store 0016 400 via 50");
  idle();
  const { operations } = chronicle.history(({ name }) => name === "0016");
  expect(operations.map((o) => o.excused ?? false)).toEqual([false, true]);
});

test("any name that a control socket takes is stored, found and removed where names are free", () => {
  const { operations, act, idle } = ring(drawnRing(1_000), NETWORKS.local);
  const names = ["two%20words", "%25", "%F0%9F%91%A9.jpg", "..x", "a%2Fb"];
  for (const name of names)
    act(`client 1 store ${name} 40 via 10`, `client 1 request ${name} via 50`);
  // A control socket refuses these, so no peer hears of them.
  act("client 1 store a%0Ab 40 via 10", "client 1 store .. 40 via 10");
  act("client 1 store x.conflict-1-2-3 40 via 10", `client 1 store ${"n".repeat(256)} 40 via 10`);
  idle();
  expect(operations.map((o) => o.outcome.kind)).toEqual(names.flatMap(() => ["done", "done"]));
  expect(operations.map((o) => o.name)).toContain("👩.jpg");
});

test("a twin is on the side of the peer that it knows, and no client asks under its id", () => {
  const { stage, operations, act, idle } = ring();
  const TWICE = 25;
  act(`cut 10 20 ${TWICE} from 30 40 50`, `join ${TWICE} via 10`, `twin ${TWICE} via 30`);
  const { network, places } = stage.world;
  const twin = places.twinAddress(TWICE);
  expect(network.carries(twin, places.addressOf(30))).toBe(true);
  expect(network.carries(twin, places.addressOf(10))).toBe(false);
  expect(network.carries(places.addressOf(20), twin)).toBe(false);
  // A later cut names the id, and means both: the twin would else be a bridge.
  act(`cut 30 ${TWICE} from 10 20 40 50`);
  expect(network.carries(twin, places.addressOf(40))).toBe(false);
  expect(network.carries(places.addressOf(50), twin)).toBe(false);
  expect(network.carries(twin, places.addressOf(30))).toBe(true);
  act(`client 1 where 0001 via ${TWICE} 20`);
  idle();
  expect(operations.map(({ peer }) => peer)).toEqual([20]);
});

test("what a killed process had written was executed before it ended, whenever it starts again", () => {
  const { stage, chronicle, operations, act } = ring();
  const { world } = stage;
  const disks = () => [...world.hosts.values()].map(({ disk }) => disk);
  act("client 1 store 0015 400 via 50");
  while (!disks().some((disk) => disk.hasUnsynced)) world.run(world.now + 0.05);
  act("kill 20 30 40 50");
  const killedAt = world.now;
  world.run(killedAt + 9_000);
  act("restart 20 30 40 50");
  const { applied = [] } = chronicle.history(() => false);
  expect(applied.length).toBeGreaterThan(0);
  for (const { at, content } of applied) {
    expect(at).toBe(killedAt);
    expect(content).toBe(operations[0]?.content ?? "");
  }
});
