/** Who is served, and who is not, where readers are slow and slots are short. */
import { afterEach, expect, test } from "bun:test";
import type { Wire } from "../../src/transport/connection.ts";
import {
  CRAWL_WINDOWS,
  RATE_WINDOW_MS,
  SERVED_AT_ONCE,
  SERVED_PER_ADDRESS,
  SERVED_TO_STRANGERS,
  STALL_MS,
} from "../../src/transport/limits.ts";
import type { ContentSource } from "../../src/transport/types.ts";
import { encodeFrame } from "../../src/wire/message.ts";
import { closeAll, HOST, openPeer, sender } from "./peer.ts";

afterEach(closeAll);

const TICKET = { kind: "ticket", request: 5 } as const;
/** More than the buffers of both sockets take. */
const SIZE = 64 << 20;
const MEMBERS = [1, 2, 3].map((port) => `${HOST}:${port}`);

async function server() {
  const opened: number[] = [];
  const ended: number[] = [];
  const peer = await openPeer(1, {
    isMember: (address) => MEMBERS.includes(address),
    open: (_source, _offset, id): ContentSource => {
      opened.push(id);
      const read: ContentSource["read"] = (into) => into.length;
      return { size: SIZE, sha256: "00".repeat(32), read, done: () => ended.push(id) };
    },
  });
  return { peer, opened, ended };
}

/** Asks for a content, and reads nothing of it. @param port where it says that it listens */
async function ask(to: number, id: number, port: number): Promise<void> {
  const socket = await Bun.connect({ hostname: HOST, port: to, socket: { data() {} } });
  (socket as unknown as Wire).pause();
  socket.write(encodeFrame({ tag: "fetch", source: TICKET, offset: 0 }, sender(id, port)));
}

async function askMany(to: number, count: number, port: (i: number) => number): Promise<void> {
  for (let i = 0; i < count; i++) await ask(to, port(i), port(i));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("strangers have a part of the slots, and the rest is there for members", async () => {
  const { peer, opened } = await server();
  const { port, drops } = { port: peer.transport.port, drops: peer.transport.drops };
  await askMany(port, SERVED_TO_STRANGERS + 4, (i) => 1_000 + i);
  await until(() => opened.length + drops.total("content") === SERVED_TO_STRANGERS + 4);
  expect(opened.length).toBe(SERVED_TO_STRANGERS);
  await askMany(port, SERVED_AT_ONCE - SERVED_TO_STRANGERS - 1, () => 1);
  await until(() => opened.length === SERVED_AT_ONCE - 1);
  await askMany(port, 1, () => 2);
  await until(() => opened.at(-1) === 2);
  expect(drops.total("content")).toBe(4);
});

test("one address has a part of the slots, and others are served beside it", async () => {
  const { peer, opened } = await server();
  const { port, drops } = { port: peer.transport.port, drops: peer.transport.drops };
  await askMany(port, SERVED_PER_ADDRESS + 1, () => 1);
  await until(() => opened.length + drops.total("content") === SERVED_PER_ADDRESS + 1);
  expect(opened.length).toBe(SERVED_PER_ADDRESS);
  await askMany(port, 1, () => 2);
  await until(() => opened.at(-1) === 2);
});

test("readers that crawl give way where all slots are taken, and to nobody where they are not", async () => {
  const { peer, opened, ended } = await server();
  const { port } = peer.transport;
  await askMany(port, SERVED_AT_ONCE - 1, (i) => 1 + (i % 2));
  await until(() => opened.length === SERVED_AT_ONCE - 1);
  const began = performance.now();
  await askMany(port, 1, () => 3);
  await until(() => opened.at(-1) === 3);
  expect(ended).toEqual([]);
  const refused = () => peer.transport.drops.rows().find(({ from }) => from === MEMBERS[2]);
  while (opened.filter((id) => id === 3).length < 2) {
    await ask(port, 3, 3);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // The first window holds what went into the sockets' buffers.
  expect(performance.now() - began).toBeGreaterThan(CRAWL_WINDOWS * RATE_WINDOW_MS);
  expect(performance.now() - began).toBeLessThan(STALL_MS);
  expect(ended.length).toBeGreaterThan(0);
  expect(refused()?.reason).toBe("too many are served");
}, 60_000);
