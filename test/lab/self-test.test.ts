/** What chaos is tried with: the proxy, what it changes, and a run from outside. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call } from "../../src/control/call.ts";
import { controlPathToOpen } from "../../src/control/path.ts";
import { CONTENT_HEADER } from "../../src/control/types.ts";
import { ControlProxy, type Meddler } from "../../src/lab/control-proxy.ts";
import { CLEAN, PLANTED } from "../../src/lab/planted.ts";
import { misfitsOfDocument } from "../support/documents.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 120_000;
const STATUS = {
  successors: [4, 5],
  predecessors: [9, 8],
  members: [{ id: 4, state: "dead" }],
  lookups: [{ key: 1, owner: 4 }],
};

/** A peer that keeps contents and says what it holds, with a meddler before it. */
async function behind(
  meddler: Meddler,
  use: (
    ask: (method: "GET" | "PUT" | "DELETE", path: string, body?: string) => Promise<Response>,
  ) => Promise<void>,
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "p2p-proxy-"));
  const dir = join(home, "peer");
  mkdirSync(dir, { mode: 0o700 });
  const kept = new Map<string, string>();
  const peer = Bun.serve({
    unix: controlPathToOpen(dir),
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/status") return Response.json(STATUS);
      if (pathname === "/events")
        return new Response('{"event":"successors"}\n{"event":"other"}\n');
      if (pathname === "/files") {
        return Response.json({
          files: [...kept.keys()].map((name) => ({ name, holders: [1, 2] })),
        });
      }
      if (request.method === "PUT") kept.set(pathname, await request.text());
      if (request.method === "DELETE") kept.delete(pathname);
      if (request.method !== "GET") return Response.json({ kind: "stored" });
      const content = kept.get(pathname);
      const headers = { [CONTENT_HEADER]: JSON.stringify({ size: 0, sha256: "", from: 2 }) };
      if (content !== undefined) return new Response(content, { headers });
      return Response.json({ error: "no", kind: "not-found" }, { status: 404 });
    },
  });
  const proxy = new ControlProxy(join(home, "proxy"), () => dir, meddler);
  const called = proxy.stand(7);
  try {
    await use((method, path, body) => {
      const ask = method === "GET" ? {} : { method, ...(body === undefined ? {} : { body }) };
      return call(called, path, ask, 10_000);
    });
  } finally {
    proxy.close();
    await peer.stop(true);
    rmSync(home, { recursive: true, force: true });
  }
}

function planted(check: string): Meddler {
  const found = PLANTED.find((each) => each.check === check);
  if (found === undefined) throw new Error(`nothing is planted for ${check}`);
  return found.make(() => true);
}

describe("the proxy", () => {
  test("changes nothing where nothing is planted", () =>
    behind(CLEAN, async (ask) => {
      await ask("PUT", "/files/2067", "a content");
      expect(await (await ask("GET", "/files/2067")).text()).toBe("a content");
      expect(await (await ask("GET", "/status")).json()).toEqual(STATUS);
      expect(await (await ask("GET", "/events")).text()).toContain("successors");
      await expect(ask("GET", "/files/4103")).rejects.toThrow("no");
    }));

  test.each([
    ["R2", { predecessors: [8, 9] }],
    ["R6", { members: [{ id: 4, state: "alive" }] }],
    ["R8", { lookups: [{ key: 1, owner: 5 }] }],
  ])("%s: changes what a status says", (check, changed) =>
    behind(planted(check), async (ask) => {
      expect(await (await ask("GET", "/status")).json()).toEqual({ ...STATUS, ...changed });
    }),
  );

  test("R1: leaves out what would tell of new successors", () =>
    behind(planted("R1"), async (ask) => {
      expect(await (await ask("GET", "/events")).text()).toBe('{"event":"other"}\n');
    }));

  test("R4: is silent", () =>
    behind(planted("R4"), async (ask) => {
      await expect(ask("GET", "/status")).rejects.toThrow("peer 7 does not answer");
    }));

  test("D1: nothing is kept of the first store, D2: a holder is missing", async () => {
    await behind(planted("D1"), async (ask) => {
      await ask("PUT", "/files/2067", "a");
      await ask("PUT", "/files/4103", "b");
      await expect(ask("GET", "/files/2067")).rejects.toThrow("no");
      expect(await (await ask("GET", "/files/4103")).text()).toBe("b");
    });
    await behind(planted("D2"), async (ask) => {
      await ask("PUT", "/files/2067", "a");
      const listed = await (await ask("GET", "/files")).json();
      expect(listed).toEqual({ files: [{ name: "/files/2067", holders: [1] }] });
    });
  });

  test.each([
    ["D3", "nobody stored this\n"],
    ["D6", "first"],
  ])("%s: another content is given once a name was written again", (check, given) =>
    behind(planted(check), async (ask) => {
      await ask("PUT", "/files/2067", "first");
      expect(await (await ask("GET", "/files/2067")).text()).toBe("first");
      await ask("PUT", "/files/2067", "second");
      const answer = await ask("GET", "/files/2067");
      const head = JSON.parse(answer.headers.get(CONTENT_HEADER) ?? "");
      expect([head.size, head.from]).toEqual([given.length, 2]);
      expect(await answer.text()).toBe(given);
    }),
  );

  test("D7: a store is done once more when all has been read", () =>
    behind(planted("D7"), async (ask) => {
      await ask("PUT", "/files/2067", "first");
      await ask("PUT", "/files/2067", "second");
      await ask("GET", "/files");
      expect(await (await ask("GET", "/files/2067")).text()).toBe("second");
      for (let reads = 0; reads < 20; reads++) await ask("GET", "/files/2067");
      await ask("GET", "/files");
      expect(await (await ask("GET", "/files/2067")).text()).toBe("first");
    }));
});

test(
  "p2p chaos --self-test finds what was planted, and passes where nothing was",
  async () => {
    const argv = ["chaos", "--self-test", "--plant", "D1", "--json"];
    const { stdout, exitCode } = await p2p(argv, tmpdir(), LIMIT_MS);
    const document = JSON.parse(stdout);
    expect(misfitsOfDocument(document)).toEqual([]);
    expect(document.checks.map((each: object) => ({ ...each, title: "" }))).toEqual(
      ["passed", "D1"].map((check) => ({
        ...{ name: check, title: "", verdict: "passed", why: null, peers: [] },
      })),
    );
    expect(exitCode).toBe(0);
  },
  LIMIT_MS,
);
