import { afterAll, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Answers, listen } from "../../src/control/listen.ts";
import { temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const ANSWERS: Answers = {
  routes: {
    "/here": { GET: () => new Response("here") },
    "/broken": { POST: () => Promise.reject(new Error("it broke")) },
  },
  otherwise: () => new Response("otherwise", { status: 404 }),
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
