import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { CrowdProxy } from "../../src/control/crowd-proxy.ts";
import { someBytes, temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
const path = join(folder.dir, "front.sock");
const hidden = join(folder.dir, "server.sock");
const aborted = Promise.withResolvers<void>();
const server = Bun.serve({
  unix: hidden,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  fetch: async (request) => {
    if (request.method === "PUT") {
      return new Response(await request.bytes(), { headers: { connection: "close" } });
    }
    request.signal.addEventListener("abort", () => aborted.resolve());
    return await new Promise<Response>(() => {});
  },
});
const proxy = new CrowdProxy(path, hidden, 3);
afterAll(async () => {
  proxy.close();
  await server.stop(true);
  folder.remove();
});

async function connect(says: string) {
  const closed = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    unix: path,
    socket: { data() {}, error() {}, close: () => closed.resolve() },
  });
  if (says !== "") socket.write(says);
  return { socket, closed: closed.promise };
}

const echo = async (bytes: Uint8Array) => {
  const answer = await fetch("http://x/", { unix: path, method: "PUT", body: bytes });
  return Buffer.compare(await answer.bytes(), bytes);
};

test("what is asked goes through whole, both ways, at whatever pace", async () => {
  for (const size of [0, 1, 100_000, 8_000_000]) expect(await echo(someBytes(size))).toBe(0);
});

test("whoever has asked nothing goes for the next, oldest first; whoever has, stays", async () => {
  const asked = await connect("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const idle = [await connect(""), await connect("GET / HT")];
  const before = proxy.turnedAwayAt;
  expect(await echo(someBytes(1_000))).toBe(0);
  await idle[0]?.closed;
  expect(proxy.turnedAwayAt).toBeGreaterThan(before);
  // A head without end is none.
  const endless = await connect("x".repeat(20_000));
  await endless.closed;
  for (const { socket } of idle) socket.terminate();
  // The server hears that its client has gone, who was there all the while.
  asked.socket.terminate();
  await aborted.promise;
});
