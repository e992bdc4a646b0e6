import { afterEach, describe, expect, test } from "bun:test";
import { callbacks, IGNORING } from "../../src/transport/connection.ts";
import { roomFor } from "../../src/transport/descriptors.ts";
import { Inbound } from "../../src/transport/inbound.ts";
import { FRAME_DEADLINE_MS, SILENT_STREAM_MS } from "../../src/transport/limits.ts";
import { PREFIX_BYTES } from "../../src/wire/age.ts";
import { MAX_FRAME } from "../../src/wire/limits.ts";
import { decode, encodeFrame, VERSION } from "../../src/wire/message.ts";
import { randomFrom } from "../wire/random.ts";
import { ack, callRaw, closeAll, frameOf, HOST, Mailbox, openPeer, RING, sender } from "./peer.ts";

afterEach(closeAll);

const hello = frameOf({ tag: "hello", beat: 0 });

function announce(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

describe("a connection is closed and counted", () => {
  test.each<[string, Uint8Array]>([
    ["for a huge length announced", announce(0xffffffff)],
    ["for a length of nothing", announce(0)],
    ["for a frame of garbage", Buffer.concat([announce(40), new Uint8Array(45)])],
    ["for another ring", frameOf(ack(1), RING + 1)],
    ["for a content nobody asked for", frameOf({ tag: "content", size: 3 })],
    [
      "for a fetch that is not the first frame",
      Buffer.concat([
        hello,
        frameOf({ tag: "fetch", source: { kind: "ticket", request: 1 }, offset: 0 }),
      ]),
    ],
  ])("%s", async (_, bytes) => {
    const one = await openPeer(1);
    const raw = await callRaw(one.transport.port);
    raw.write(bytes);
    await raw.closed;
    expect(one.transport.drops.totals).toEqual({ datagrams: 0, frames: 1 });
    expect(one.heard.seen).toEqual([]);
    expect(one.faults).toEqual([]);
  });
});

test("messages of a later version are passed over, and the stream goes on", async () => {
  const one = await openPeer(1);
  const raw = await callRaw(one.transport.port);
  const unknown = frameOf(ack(1));
  unknown[PREFIX_BYTES + 2] = VERSION + 1;
  unknown[PREFIX_BYTES + 3] = 200;
  const next = one.heard.next();
  raw.write(Buffer.concat([hello, unknown, frameOf(ack(2))]));
  expect((await next).message).toEqual(ack(2));
  expect(one.transport.drops.totals).toEqual({ datagrams: 0, frames: 1 });
});

test("500 connections of garbage, some held open, disturb nobody", async () => {
  const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`P2P_TEST_SEED=${seed}`);
  const random = randomFrom(seed);
  const one = await openPeer(1);
  const two = await openPeer(2);
  for (let i = 0; i < 500; i++) {
    const raw = await callRaw(one.transport.port);
    if (i % 3 === 0) raw.write(announce(MAX_FRAME));
    else raw.write(Uint8Array.from({ length: 1 + random() * 100 }, () => random() * 256));
    if (i % 50 !== 0) continue;
    const next = one.heard.next();
    two.transport.send(one.address, "stream", ack(i));
    expect((await next).message).toEqual(ack(i));
  }
  expect(one.faults).toEqual([]);
});

test("a frame that comes byte by byte is heard", async () => {
  const one = await openPeer(1);
  const raw = await callRaw(one.transport.port);
  for (const byte of frameOf(ack(3))) {
    raw.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await one.heard.first()).message).toEqual(ack(3));
});

describe("limits", () => {
  /** Accepts as a transport does, with few places. */
  function accepting(
    most: number,
    isMember: (address: string) => boolean = () => false,
  ): {
    inbound: Inbound;
    port: number;
    accepted: Mailbox<number>;
    heard: Mailbox<number>;
    refusals: Mailbox<number>;
    stop(): void;
  } {
    const refusals = new Mailbox<number>();
    let count = 0;
    const accepted = new Mailbox<number>();
    const heard = new Mailbox<number>();
    const inbound = new Inbound({
      most,
      admit: (bytes, host) => {
        const decoded = decode(bytes, host);
        return "error" in decoded ? { error: "malformed" } : decoded;
      },
      isMember,
      crowded: () => {},
      message: (_, message) => heard.put(message.tag === "ack" ? message.request : -1),
      fetch() {},
      hello: (beat) => frameOf({ tag: "hello", beat }),
      refused: () => refusals.put(refusals.seen.length + 1),
    });
    const listener = Bun.listen({
      hostname: HOST,
      port: 0,
      data: {
        ...IGNORING,
        opened(socket) {
          inbound.accept(socket);
          accepted.put(++count);
        },
      },
      socket: callbacks((error) => {
        throw error;
      }),
    });
    const stop = () => listener.stop(true);
    return { inbound, port: listener.port, accepted, heard, refusals, stop };
  }

  test("what is passed over makes nobody known: a stranger that says nothing else goes first", async () => {
    const { port, accepted, refusals, stop } = accepting(2);
    const later = frameOf(ack(1));
    later[PREFIX_BYTES + 2] = VERSION + 1;
    later[PREFIX_BYTES + 3] = 200;
    const stranger = await callRaw(port);
    await accepted.first((count) => count === 1);
    const silent = await callRaw(port);
    await accepted.first((count) => count === 2);
    stranger.write(later);
    await refusals.first();
    await callRaw(port);
    // Had it become known, the silent one would have been the oldest stranger.
    await Promise.race([stranger.closed, silent.closed.then(() => expect.unreachable())]);
    stop();
  });

  test("when all places are taken the oldest stranger goes, then whoever was silent longest", async () => {
    const { inbound, port, accepted, heard, stop } = accepting(3);
    const known = await callRaw(port);
    known.write(frameOf(ack(1)));
    await heard.first((request) => request === 1);
    const older = await callRaw(port);
    await accepted.first((count) => count === 2);
    const younger = await callRaw(port);
    await accepted.first((count) => count === 3);
    const newest = await callRaw(port);
    await older.closed;
    expect(inbound.size).toBe(3);

    younger.write(frameOf(ack(2)));
    await heard.first((request) => request === 2);
    newest.write(frameOf(ack(3)));
    await heard.first((request) => request === 3);
    await callRaw(port);
    await known.closed;
    expect(inbound.size).toBe(3);
    stop();
  });

  test("a member's connection is not closed for a stranger's", async () => {
    const { inbound, port, accepted, heard, stop } = accepting(2, (at) => at === `${HOST}:10`);
    const member = await callRaw(port);
    member.write(encodeFrame(ack(1), sender(8, 10)));
    await heard.first((request) => request === 1);
    const stranger = await callRaw(port);
    stranger.write(frameOf(ack(2)));
    await heard.first((request) => request === 2);
    const newer = await callRaw(port);
    await stranger.closed;
    newer.write(encodeFrame(ack(3), sender(8, 10)));
    await heard.first((request) => request === 3);
    const turnedAway = await callRaw(port);
    await turnedAway.closed;
    expect(accepted.seen).toEqual([1, 2, 3, 4]);
    expect(inbound.size).toBe(2);
    member.write(encodeFrame(ack(4), sender(8, 10)));
    await heard.first((request) => request === 4);
    stop();
  });

  test("a stranger, and a frame without end, have ten seconds", async () => {
    const { inbound, port, accepted, heard, refusals, stop } = accepting(10);
    const silent = await callRaw(port);
    await accepted.first((count) => count === 1);
    const idle = await callRaw(port);
    idle.write(frameOf(ack(1)));
    await heard.first((request) => request === 1);
    const halfway = await callRaw(port);
    halfway.write(Buffer.concat([frameOf(ack(2)), frameOf(ack(3)).subarray(0, 20)]));
    await heard.first((request) => request === 2);

    inbound.sweep(performance.now() + FRAME_DEADLINE_MS - 1_000);
    expect(inbound.size).toBe(3);
    inbound.sweep(performance.now() + FRAME_DEADLINE_MS + 1);
    await Promise.all([silent.closed, halfway.closed]);
    expect(inbound.size).toBe(1);
    expect(refusals.seen.length).toBe(2);
    stop();
  });

  test("a stream on which nothing comes any more is closed, but not for a sleep of this process", async () => {
    const { inbound, port, heard, refusals, stop } = accepting(10);
    const silent = await callRaw(port);
    silent.write(frameOf(ack(1)));
    await heard.first((request) => request === 1);
    const talking = await callRaw(port);
    talking.write(frameOf(ack(2)));
    await heard.first((request) => request === 2);

    const now = performance.now();
    inbound.woke(now + SILENT_STREAM_MS);
    inbound.sweep(now + SILENT_STREAM_MS + 1_000);
    expect(inbound.size).toBe(2);
    inbound.sweep(now + 3 * SILENT_STREAM_MS);
    await Promise.all([silent.closed, talking.closed]);
    expect(inbound.size).toBe(0);
    expect(refusals.seen.length).toBe(0);
    stop();
  });

  test("connections stay below the system's limit", () => {
    expect(roomFor(20_000)).toEqual({ inbound: 1_024, links: 512, reserved: 80 });
    expect(roomFor(1_024)).toEqual({ inbound: 544, links: 272, reserved: 80 });
    for (const limit of [8, 64, 256, 4_096]) {
      const { inbound, links, reserved } = roomFor(limit);
      expect(inbound + links + reserved).toBeLessThan(limit);
      expect(Math.min(inbound, links)).toBeGreaterThan(0);
    }
  });
});
