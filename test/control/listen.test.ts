import { afterAll, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_REQUESTS } from "../../src/control/limits.ts";
import { type Answers, listen } from "../../src/control/listen.ts";
import { temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const staying = Promise.withResolvers<string>();

const ANSWERS: Answers = {
  routes: {
    "/here": { GET: () => new Response("here") },
    "/stays": { GET: () => staying.promise.then((text) => new Response(text)) },
    "/broken": { POST: () => Promise.reject(new Error("it broke")) },
  },
  otherwise: () => new Response("otherwise", { status: 404 }),
  busy: () => new Response("busy", { status: 503 }),
  malformed: () => new Response("malformed", { status: 400 }),
  failed: (error) => new Response(String(error), { status: 500 }),
  maxBodyBytes: 10,
};

test("a socket takes the place of what a dead process left, and goes with its own", async () => {
  const path = join(folder.dir, "a.sock");
  writeFileSync(path, "left");
  const close = listen(path, "The socket", ANSWERS);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const ask = async (where: string, init: BunFetchRequestInit = {}) => {
    const answer = await fetch(`http://socket${where}`, { ...init, unix: path });
    return [answer.status, await answer.text()];
  };
  expect(await ask("/here")).toEqual([200, "here"]);
  expect(await ask("/here", { method: "PUT" })).toEqual([404, "otherwise"]);
  expect(await ask("/nowhere")).toEqual([404, "otherwise"]);
  for (const [host, status] of [
    ["a.b-c:80", 200],
    ["[::1]:8", 200],
    ["", 400],
    ["a b", 400],
    ["a%%[", 400],
    ["[::1", 400],
    ["a:999999", 400],
  ] as const) {
    const [answered] = await ask("/here", { headers: { host } });
    expect([host, answered]).toEqual([host, status]);
  }
  expect(await ask("/broken", { method: "POST" })).toEqual([500, "Error: it broke"]);
  await close();
  expect(existsSync(path)).toBe(false);
});

test("where there is no place for it, that is a sentence, and the mask for new files is as before", () => {
  const mask = process.umask();
  const path = join(folder.dir, "missing", "a.sock");
  expect(() => listen(path, "The socket", ANSWERS)).toThrow(
    /^The socket .*a\.sock could not be opened: .*\.$/,
  );
  expect(process.umask()).toBe(mask);
});

test("a connection on which nothing is asked goes, one in the middle of a request stays, and there is an end to these", async () => {
  const path = join(folder.dir, "b.sock");
  const close = listen(path, "The socket", ANSWERS);
  const connect = async (says: string) => {
    let got = "";
    const closed = Promise.withResolvers<number>();
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data(_, bytes) {
          got += bytes.toString();
        },
        close: () => closed.resolve(performance.now()),
        error() {},
      },
    });
    if (says !== "") socket.write(says);
    return { socket, closed: closed.promise, got: () => got };
  };
  const request = (what: string) => `GET ${what} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const began = performance.now();
  const middle = await connect(request("/stays"));
  const idle = await Promise.all([
    connect(""),
    connect("GET /he"),
    connect(request("/here")),
    connect(request("/here")),
  ]);
  await Promise.all(idle.map(({ closed }) => closed));
  expect(performance.now() - began).toBeLessThan(25_000);
  expect(idle.map(({ got }) => got().endsWith("here"))).toEqual([false, false, true, true]);

  const many = await Promise.all(
    Array.from({ length: MAX_REQUESTS }, () => connect(request("/stays"))),
  );
  const busy = await Promise.race(
    many.map(async (one) => {
      while (one.got() === "") await Bun.sleep(5);
      return one.got();
    }),
  );
  expect(busy).toContain("503");
  expect(middle.got()).toBe("");
  staying.resolve("stayed");
  while (!middle.got().endsWith("stayed")) await Bun.sleep(5);
  for (const { socket } of [middle, ...many]) socket.terminate();
  await close();
}, 40_000);
