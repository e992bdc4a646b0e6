import { afterEach, describe, expect, test } from "bun:test";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import type { Message } from "../../src/protocol/model/messages.ts";
import type { Wire } from "../../src/transport/connection.ts";
import { LINK_QUEUE_BYTES } from "../../src/transport/limits.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { decode } from "../../src/wire/message.ts";
import {
  ack,
  closeAll,
  datagramOf,
  deadPort,
  HOST,
  Mailbox,
  openPeer,
  ping,
  RING,
  routed,
} from "./peer.ts";

afterEach(closeAll);

test.each(["datagram", "stream"] as const)(
  "a message by %s arrives, with its sender",
  async (channel) => {
    const one = await openPeer(1);
    const two = await openPeer(2);
    one.transport.send(two.address, channel, ping(7));
    const heard = await two.heard.first();
    expect(heard).toMatchObject({ message: ping(7), channel });
    expect(heard.from).toMatchObject({ id: 1, address: one.address, instance: "00000000000000aa" });

    two.transport.send(heard.from.address, channel, ping(8));
    expect((await one.heard.first()).message).toEqual(ping(8));
  },
);

test("streams keep the order of many messages", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  const count = 5_000;
  for (let i = 0; i < count; i++) one.transport.send(two.address, "stream", ack(i));
  await two.heard.first(({ message }) => message.tag === "ack" && message.request === count - 1);
  expect(two.heard.seen.map(({ message }) => message)).toEqual(
    Array.from({ length: count }, (_, i) => ack(i)),
  );
});

test("a peer has one host, whichever of this machine's it is", async () => {
  const one = await openPeer(1, { host: "127.0.0.5" });
  const two = await openPeer(2);
  for (const channel of ["datagram", "stream"] as const) {
    one.transport.send(two.address, channel, ping(1));
    const { from } = await two.heard.first((heard) => heard.channel === channel);
    expect(from.address).toBe(`127.0.0.5:${one.transport.port}`);
  }
});

test("a dead neighbour silences no datagram to a live one", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  const dead = `${HOST}:${await deadPort()}`;
  for (let round = 0; round < 50; round++) {
    const next = two.heard.next();
    one.transport.send(dead, "datagram", ping(round));
    one.transport.send(two.address, "datagram", ping(round));
    one.transport.send(dead, "datagram", ping(round));
    expect((await next).message).toEqual(ping(round));
  }
});

test("a message that is none for a datagram goes by stream", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  one.transport.send(two.address, "datagram", ack(1));
  expect((await two.heard.first()).channel).toBe("stream");
});

test("who is no member gets by datagram what it sent, until it has answered a ping", async () => {
  const one = await openPeer(1, { isMember: () => false });
  const stranger = await openPeer(2);
  const pong = (nonce: number): Message => ({ ...ping(nonce), tag: "pong" });
  one.transport.send(stranger.address, "datagram", pong(1));
  expect(one.transport.drops.rows()).toEqual([
    {
      ...{ kind: "datagram", reason: "more than came from there", count: 1 },
      from: stranger.address,
    },
  ]);
  stranger.transport.send(one.address, "datagram", ping(2));
  await one.heard.first();
  // The ping that proves it comes first, and takes all there is.
  for (const nonce of [2, 3]) one.transport.send(stranger.address, "datagram", pong(nonce));
  one.transport.send(stranger.address, "datagram", ping(4));
  await stranger.heard.first(({ message }) => message.tag === "ping");
  expect(stranger.heard.seen.map(({ message }) => message)).toEqual([ping(4)]);
  stranger.transport.send(one.address, "datagram", pong(4));
  await one.heard.first(({ message }) => message.tag === "pong");
  for (const nonce of [5, 6, 7]) one.transport.send(stranger.address, "datagram", pong(nonce));
  await stranger.heard.first(({ message }) => message.tag === "pong" && message.nonce === 7);
  expect(stranger.heard.seen.length).toBe(4);
});

test("datagrams that are none of ours are dropped and counted", async () => {
  const one = await openPeer(1);
  const stranger = await Bun.udpSocket({ hostname: HOST, port: 0 });
  const bad = [
    Uint8Array.of(1, 2, 3),
    new Uint8Array(1_200),
    datagramOf(ping(1), RING + 1),
    datagramOf(ping(1)).subarray(1),
    datagramOf(ack(1)),
    datagramOf({ tag: "content", size: 5 }),
    datagramOf({ tag: "fetch", source: { kind: "ticket", request: 1 }, offset: 0 }),
  ];
  for (const bytes of bad) stranger.send(bytes, one.transport.port, HOST);
  stranger.send(datagramOf(ping(2)), one.transport.port, HOST);
  expect((await one.heard.first()).message).toEqual(ping(2));
  expect(one.heard.seen).toHaveLength(1);
  expect(one.transport.drops.totals).toEqual({ datagrams: bad.length, frames: 0 });
  stranger.close();
});

describe("a body", () => {
  const bodyOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i * 7);

  test.each(["datagram", "stream"] as const)("sent by %s arrives by stream", async (channel) => {
    const one = await openPeer(1);
    const two = await openPeer(2);
    for (const size of [1, 1_000, BODY_BYTES]) {
      const next = two.heard.next();
      one.transport.send(two.address, channel, routed(size, size), bodyOf(size));
      const heard = await next;
      expect(heard).toMatchObject({ message: routed(size, size), channel: "stream" });
      expect(heard.body).toEqual(bodyOf(size));
    }
    one.transport.send(two.address, channel, ack(7));
    expect((await two.heard.first(({ message }) => message.tag === "ack")).body).toBeNull();
    expect(one.faults).toEqual([]);
  });

  test("is copied on both sides, and keeps its order among other messages", async () => {
    const one = await openPeer(1);
    const two = await openPeer(2);
    // More than one write takes, sent while the link is still being dialled.
    const count = 90;
    const body = new Uint8Array(60_000);
    for (let i = 0; i < count; i++) {
      body.fill(i);
      one.transport.send(two.address, "stream", routed(2 * i, body.length), body);
      one.transport.send(two.address, "stream", ack(2 * i + 1));
    }
    const isLast = ({ message }: { message: Message }): boolean =>
      message.tag === "ack" && message.request === 2 * count - 1;
    await two.heard.first(isLast);
    const requests = two.heard.seen.map(({ message }) => "request" in message && message.request);
    expect(requests).toEqual(Array.from({ length: 2 * count }, (_, i) => i));
    for (const [i, heard] of two.heard.seen.entries()) {
      expect(heard.body).toEqual(i % 2 === 0 ? new Uint8Array(60_000).fill(i / 2) : null);
    }
  });

  test("that the wire cannot hold is left out", async () => {
    const one = await openPeer(1);
    one.transport.send("127.0.0.1:9", "stream", routed(1, 0), new Uint8Array(0));
    one.transport.send("127.0.0.1:9", "stream", ack(1), bodyOf(1));
    expect(one.unsent.map(([tag]) => tag)).toEqual(["routed", "ack"]);
    expect(one.faults).toEqual([]);
    expect(one.transport.drops.totals.frames).toBe(2);
  });

  test("in a datagram is refused", async () => {
    const one = await openPeer(1);
    const stranger = await Bun.udpSocket({ hostname: HOST, port: 0 });
    const bytes = Buffer.concat([datagramOf(routed(1, 1)), bodyOf(1)]);
    stranger.send(bytes, one.transport.port, HOST);
    stranger.send(datagramOf(ping(2)), one.transport.port, HOST);
    expect((await one.heard.first()).message).toEqual(ping(2));
    expect(one.transport.drops.totals.datagrams).toBe(1);
    stranger.close();
  });
});

test("a message that the wire cannot hold is left out and told of, and nothing more", async () => {
  const one = await openPeer(1);
  one.transport.send("127.0.0.1:9", "datagram", ack(-1));
  one.transport.send("127.0.0.1:9", "stream", ack(-1));
  expect(one.unsent.map(([tag]) => tag)).toEqual(["ack", "ack"]);
  expect(one.faults).toEqual([]);
  expect(one.transport.drops.totals.frames).toBe(2);
});

test("a callback that throws is a fault, and the next message arrives", async () => {
  const got = new Mailbox<number>();
  const one = await openPeer(1, {
    message(_, message) {
      const request =
        message.tag === "ack" ? message.request : message.tag === "ping" ? message.nonce : 0;
      got.put(request);
      if (request === 1) throw new Error("a mistake");
    },
  });
  const two = await openPeer(2);
  two.transport.send(one.address, "stream", ack(1));
  two.transport.send(one.address, "stream", ack(2));
  two.transport.send(one.address, "datagram", ping(3));
  await got.first((request) => request === 3);
  await got.first((request) => request === 2);
  expect(one.faults).toHaveLength(1);
});

test("a slow reader gets whole frames, and what does not fit the queue is counted", async () => {
  const opened = new Mailbox<Wire>();
  const chunks = new Mailbox<Uint8Array>();
  const listener = Bun.listen({
    hostname: HOST,
    port: 0,
    socket: {
      open(socket) {
        socket.pause();
        opened.put(socket as unknown as Wire);
      },
      data: (_, bytes) => chunks.put(bytes),
    },
  });
  const one = await openPeer(1);
  const to = `${HOST}:${listener.port}`;
  const name = "n".repeat(255);
  // Twice what the queue and the buffers of both sockets hold.
  const rounds = Math.ceil((6 * LINK_QUEUE_BYTES) / 300);
  for (let i = 0; i < rounds; i++) {
    one.transport.send(to, "stream", { tag: "inquire", request: i, name, key: 1, asked: [] });
  }
  expect(one.transport.drops.totals.frames).toBeGreaterThan(0);
  const socket = await opened.first();

  // Read slowly: a chunk, a pause, a chunk.
  const reader = new FrameReader();
  const requests: number[] = [];
  const expected = rounds - one.transport.drops.totals.frames;
  while (requests.length < expected) {
    const next = chunks.next();
    socket.resume();
    reader.push(await next);
    socket.pause();
    for (let frame = reader.next(); frame.kind === "message"; frame = reader.next()) {
      const decoded = decode(frame.bytes, HOST);
      if ("error" in decoded) throw new Error(decoded.error);
      if (decoded.message.tag === "inquire") requests.push(decoded.message.request);
    }
  }
  expect(requests).toEqual(Array.from({ length: expected }, (_, i) => i));
  listener.stop(true);
});
