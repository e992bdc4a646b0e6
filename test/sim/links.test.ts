/** What simulated links do with what they are given: as kernels do, and no better. */
import { expect, test } from "bun:test";
import { brokenChecks, checkRing } from "../../src/checks/ring.ts";
import type { Input } from "../../src/protocol/model/io.ts";
import type { Message } from "../../src/protocol/model/messages.ts";
import { LIMITS, SMALL_LIMITS } from "../../src/sim/host.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage, snapshots } from "../../src/sim/stage.ts";

const IDS = [10, 20, 30];
const SEED = 77;

type Heard = { readonly number: number; readonly at: number; readonly heldMs: number | null };
type Given = Extract<Input, { type: "message" }>;

/** A ring in calm, in which 10 can be told to send 20 numbered messages that mean nothing. */
function ring(limits = LIMITS, seed = SEED) {
  const config = numberedRing(1_000);
  const stage = new Stage({ config, network: LOCAL_NETWORK, seed, limits });
  const { world } = stage;
  const heard: Heard[] = [];
  const froms: Given["from"][] = [];
  const refusals: string[] = [];
  const give = world.give.bind(world);
  world.give = (host, input) => {
    if (input.type === "unreachable" && host.id === 10) refusals.push(input.how);
    if (input.type === "message" && host.id === 20 && input.message.tag === "ack" && !host.frozen) {
      heard.push({ number: input.message.request, at: world.now, heldMs: input.heldMs });
      froms.push(input.from);
    }
    give(host, input);
  };
  stage.found(IDS);
  world.run(5_000);
  const send = (number: number, channel: "stream" | "datagram" = "stream") => {
    const message: Message = { tag: "ack", request: number };
    const to = world.places.placeOf(20);
    world.post.send(world.hostOf(10), { type: "send", to, channel, message, body: null });
  };
  const after = (ms: number) => {
    world.run(world.now + ms);
    return heard.splice(0).map((h) => h.number);
  };
  send(0);
  expect(after(100)).toEqual([0]);
  return { stage, world, heard, froms, refusals, send, after };
}

test("a cut stream keeps what it was given, and brings it late, in order and with its true age", () => {
  for (const words of [
    "cut 10 from 20",
    "cut 10 towards 20",
    "cut tcp 10 from 20",
    "hang 10 towards 20",
  ]) {
    const { stage, world, heard, send, after } = ring();
    stage.act(words);
    const began = world.now;
    for (const n of [1, 2, 3]) send(n);
    expect(after(9_000)).toEqual([]);
    send(4);
    stage.act("mend");
    const mended = world.now;
    world.run(began + 14_000);
    expect(heard.map((h) => h.number)).toEqual([1, 2, 3, 4]);
    for (const { at, heldMs, number } of heard) {
      expect(at).toBeGreaterThan(mended);
      const sent = number === 4 ? mended : began;
      expect(heldMs ?? 0).toBeGreaterThanOrEqual(at - sent);
      expect(heldMs ?? 0).toBeLessThan(1.01 * (at - sent) + 10);
    }
  }
});

test("a channel that is not cut, and the way that is not, go on", () => {
  const reach = (words: string, channel: "stream" | "datagram") => {
    const { stage, send, after } = ring();
    stage.act(words);
    send(1, channel);
    return after(500).length === 1;
  };
  expect(reach("cut udp 10 from 20", "datagram")).toBe(false);
  expect(reach("cut udp 10 from 20", "stream")).toBe(true);
  expect(reach("cut udp 20 towards 10", "datagram")).toBe(true);
  expect(reach("cut tcp 10 from 20", "datagram")).toBe(true);
  expect(reach("cut tcp 10 towards 20", "stream")).toBe(false);
  // Those that 20 dials do not come through; those that 10 dials do.
  expect(reach("cut tcp 20 towards 10", "stream")).toBe(true);
  expect(reach("cut 20 towards 10", "datagram")).toBe(true);
});

test("without a way back a window of frames arrives, and the rest when it is mended", () => {
  const { stage, send, after } = ring();
  stage.act("cut 20 towards 10");
  for (let n = 1; n <= 14; n++) send(n);
  expect(after(5_000).length).toBe(10);
  stage.act("mend");
  expect(after(15_000)).toEqual([11, 12, 13, 14]);
});

test("one cut is mended by its own words, and the others stay", () => {
  const { stage, send, after } = ring();
  stage.act("cut 10 from 20");
  stage.act("cut tcp 10 towards 20");
  stage.act("mend cut 10 from 20");
  send(1);
  send(2, "datagram");
  expect(after(500)).toEqual([2]);
  stage.act("mend cut tcp 10 towards 20");
  expect(after(1_000)).toEqual([1]);
});

test("a killed process's kernel sends what it had; a machine without power does not", () => {
  for (const [how, arrives] of [
    ["kill 10", [1]],
    ["power-cut 10", []],
  ] as const) {
    const { stage, send, after } = ring();
    stage.act("cut 10 from 20");
    send(1);
    stage.act(how);
    // Sooner than 20 holds it for dead, and resets what comes from there.
    expect(after(100)).toEqual([]);
    stage.act("mend");
    expect(after(5_000)).toEqual([...arrives]);
  }
});

test("what waits for a process is lost with it", () => {
  const { stage, send, after } = ring();
  stage.act("cut 10 from 20");
  send(1);
  stage.act("restart 20");
  stage.act("mend");
  expect(after(20_000)).toEqual([]);
});

test("a side that severs its streams hears nothing of what was on them", () => {
  for (const by of [10, 20]) {
    const { stage, world, send, after } = ring();
    stage.act("cut 10 from 20");
    send(1);
    after(1_000);
    world.post.sever(world.hostOf(by), world.places.placeOf(by === 10 ? 20 : 10));
    stage.act("mend");
    send(2);
    expect(after(20_000)).toEqual([2]);
  }
});

test("of a stream that is reset frames are lost, or come, or come twice, whichever way", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const { stage, send, after } = ring(LIMITS, seed);
    send(1);
    after(0.6);
    const early = seed % 2 === 0 ? [] : after(10);
    send(2);
    stage.act("reset 20 from 10");
    const got = [...early, ...after(5_000)];
    seen.add(got.join(" "));
    expect(got.filter((n) => n === 2).length).toBeLessThanOrEqual(1);
  }
  expect([...seen].some((s) => s.includes("2"))).toBe(true);
  expect([...seen].some((s) => !s.includes("2"))).toBe(true);
  expect([...seen].some((s) => s.includes("1 2") || s.includes("1 1 2"))).toBe(true);
  // It comes twice: once before the reset, and once after it.
  const twice = Array.from({ length: 40 }, (_, i) => {
    const { stage, send, after } = ring(LIMITS, 100 + i);
    after(2_000);
    send(1);
    const first = after(10);
    stage.act("reset 10 from 20");
    return [...first, ...after(5_000)].length;
  });
  expect(new Set(twice)).toEqual(new Set([1, 2]));
});

test("a stream is given up after its time, and when its buffers are full", () => {
  const { stage, send, after, refusals } = ring(SMALL_LIMITS);
  stage.act("cut 10 from 20");
  for (let n = 1; n <= SMALL_LIMITS.heldFrames; n++) send(n);
  expect(refusals).toEqual([]);
  send(100);
  expect(refusals).toEqual(["timeout"]);
  stage.act("mend");
  expect(after(10_000)).toEqual([]);
});

test("who sleeps gets first what came meanwhile, as old as it is", () => {
  const { stage, world, heard, send } = ring();
  stage.act("freeze 20");
  const began = world.now;
  send(1);
  send(2);
  world.run(began + 3_000);
  stage.act("thaw 20");
  expect(heard.map((h) => h.number)).toEqual([1, 2]);
  for (const { heldMs } of heard) expect(heldMs ?? 0).toBeGreaterThanOrEqual(2_999);
});

test("of the first frames of connections some come without a time, of others none", () => {
  const firsts: (number | null)[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const { world, stage, heard, send } = ring(LIMITS, seed);
    stage.act("restart 10");
    world.run(world.now + 5_000);
    world.post.sever(world.hostOf(10), world.places.placeOf(20));
    heard.length = 0;
    send(1);
    send(2);
    world.run(world.now + 10);
    firsts.push(heard[0]?.heldMs ?? null);
    expect(heard[1]?.heldMs).toBeGreaterThanOrEqual(0);
  }
  expect(firsts).toContain(null);
  expect(firsts.filter((ms) => ms !== null).length).toBeGreaterThan(20);
});

test("a machine that moves is heard from its new address, and not reached at the old one", () => {
  const { stage, world, froms, send, after } = ring();
  const [old, sender] = [world.places.placeOf(20), world.places.placeOf(10)];
  stage.act("move 10");
  send(1, "datagram");
  expect(after(100)).toEqual([1]);
  expect(froms.at(-1)?.address).toBe(world.places.placeOf(10));
  expect(froms.at(-1)?.address).not.toBe(sender);
  stage.act("move 20");
  expect(world.at(old)).toBeUndefined();
  const message: Message = { tag: "ack", request: 2 };
  const effect = { type: "send", to: old, channel: "datagram", message, body: null } as const;
  world.post.send(world.hostOf(10), effect);
  expect(after(1_000)).toEqual([]);
  // It starts again where it is now.
  stage.act("restart 20");
  expect(world.hostOf(20).peer?.self.address).toBe(world.places.placeOf(20));
});

test("a machine with two addresses is heard from either, and reached at both", () => {
  const { stage, world, froms, send, after } = ring();
  const first = world.places.placeOf(10);
  stage.act("second 10 for 20");
  send(1, "datagram");
  expect(after(100)).toEqual([1]);
  const second = froms.at(-1)?.address ?? "";
  expect(second).not.toBe(first);
  expect(world.at(second)).toBe(world.hostOf(10));
  expect(world.at(first)).toBe(world.hostOf(10));
});

test("two that reach each other through others alone stay members of one ring, started again or not", () => {
  for (const ids of [IDS, [10, 20, 30, 40, 50, 60]]) {
    for (const again of [[10], [10, 20]]) {
      const stage = new Stage({ config: numberedRing(500), network: LOCAL_NETWORK, seed: SEED });
      stage.found(ids);
      stage.world.run(5_000);
      stage.act("cut 10 from 20");
      stage.world.run(9_000);
      stage.act(`restart ${again.join(" ")}`);
      const dead: string[] = [];
      stage.world.readers.push((host, event) => {
        if (event.event === "member" && event.state === "dead")
          dead.push(`${host.id}: ${event.id}`);
      });
      stage.world.run(60_000);
      expect(dead).toEqual([]);
      expect(brokenChecks(checkRing(snapshots(stage.world)))).toEqual([]);
    }
  }
});
