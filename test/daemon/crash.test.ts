/**
 * A throw inside a step, whoever called: one sentence, where it was in the log, exit code 70, and all
 * that was acknowledged is there at the next start. The throw is planted in a copy of the source.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolder } from "../../src/store/folder.ts";
import { plant } from "../planted/plant.ts";
import { bytesNamed } from "../store/records.ts";
import { Apart } from "../support/apart.ts";
import type { PeerProcess } from "../support/peer-process.ts";

const LIMIT_MS = 60_000;
const STEP = "export function step(peer: Peer, input: Input): Effect[] {";

/** Throws at the next input of the kind that a file in the working folder names. */
const THROWS = `${STEP}
  const { existsSync, readFileSync, rmSync } = require("node:fs");
  const wanted = existsSync("throw") ? readFileSync("throw", "utf8") : "";
  const kind =
    input.type === "message" ? input.channel : input.type === "command" ? input.what.kind : input.type;
  // Once: a step is a pure function, and what did not throw does not throw when it is played again.
  if (wanted === kind) rmSync("throw");
  if (wanted === kind) throw new Error("planted\\n  here");
  const message = { tag: "ack", request: -1 };
  const unfit = { type: "send", to: "127.0.0.1:9", channel: "stream", message, body: null };
  if (wanted === "unfit") peer.effects.push(unfit);
`;

let source = "";
beforeAll(async () => {
  source = await plant([{ file: "peer.ts", find: STEP, replace: THROWS }]);
});
afterAll(() => rmSync(source, { recursive: true, force: true }));

/** Two peers of the planted build; the trap is the file that names what throws in the first. */
async function withTwo(body: (pair: Apart, peer: PeerProcess, trap: string) => Promise<void>) {
  const pair = await Apart.make([process.execPath, join(source, "src/main.ts")]);
  try {
    await pair.begin(2);
    await body(pair, pair.peer(0), join(pair.home(0), "throw"));
  } finally {
    await pair.close();
  }
}

/** By who calls the step: a timer, the two sockets, a promise, the terminal, the control socket. */
const CALLERS: readonly [string, string, (pair: Apart, peer: PeerProcess) => unknown][] = [
  ["a timer", "tick", () => {}],
  ["the disk", "fetched", (pair) => pair.control(0).store("more", new Blob(["more"]).stream())],
  ["the terminal", "where", (_, peer) => peer.type("Where kept")],
  ["the control socket", "remove", (pair) => pair.control(0).remove("kept")],
];

describe("a throw in a step called by", () => {
  test.each(CALLERS)(
    "%s",
    (_, kind, act) =>
      withTwo(async (pair, peer, trap) => {
        await pair.control(0).store("kept", new Blob(["kept"]).stream());
        writeFileSync(trap, kind);
        // What is asked of a peer that ends is not answered.
        const asked = Promise.resolve(act(pair, peer)).catch(() => {});
        expect(await peer.waitForEnd()).toEqual({ code: 70, signal: null });
        await asked;
        expect(peer.errors.filter((text) => /planted|rror/.test(text))).toEqual([
          "Unexpected error: planted here (a bug in p2p; events.jsonl in the data folder says where)",
        ]);
        const log = readFileSync(join(pair.folder(0), "events.jsonl"), "utf8");
        const last = JSON.parse(log.trim().split("\n").at(-1) ?? "");
        expect(last).toMatchObject({ event: "crash", stack: expect.stringContaining("peer.ts") });
        const again = await pair.found();
        await again.kill();
        const folder = await openFolder(pair.folder(0));
        expect(Buffer.from(bytesNamed(folder.files, "kept") ?? []).toString()).toBe("kept");
        await folder.close();
      }),
    LIMIT_MS,
  );
});

/** What others send: nothing of it is kept, and nobody ends of it. */
const MESSAGES: readonly [string, string, (pair: Apart) => unknown][] = [
  ["datagram", 'A message of the kind "p[io]ng"', () => {}],
  ["stream", "A message of the kind ", (pair) => pair.control(1).list()],
];

describe("a throw in a step called by a", () => {
  test.each(MESSAGES)(
    "%s",
    (kind, said, act) =>
      withTwo(async (pair, peer, trap) => {
        await pair.control(0).store("kept", new Blob(["kept"]).stream());
        writeFileSync(trap, kind);
        const asked = Promise.resolve(act(pair)).catch(() => {});
        await peer.waitFor(new RegExp(`^${said}.* was dropped, .*: planted here \\(a bug`));
        await asked;
        expect(peer.end).toBeNull();
        const path = join(pair.folder(0), "events.jsonl");
        const logged = () =>
          readFileSync(path, "utf8")
            .split("\n")
            .find((text) => text.includes('"event":"thrown"')) ?? null;
        const thrown = await peer.wake.until("the event in the log", 20_000, logged);
        expect(JSON.parse(thrown)).toMatchObject({
          why: "planted here",
          stack: expect.stringContaining("peer.ts"),
        });
        const { drops } = await pair.control(0).status();
        expect(drops.filter((row) => row.kind === "message")).toMatchObject([
          { reason: expect.stringMatching(/^dealing with ".*" failed$/), count: 1 },
        ]);
        await pair.control(1).store("more", new Blob(["more"]).stream());
        expect((await pair.control(0).list()).files.length).toBe(2);
      }),
    LIMIT_MS,
  );
});

test(
  "a message that does not fit the wire is left out, counted and told of once, and ends nobody",
  () =>
    withTwo(async (pair, peer, trap) => {
      writeFileSync(trap, "unfit");
      const many = async () => {
        // Each step of the peer brings another one.
        await pair.control(0).status([7]);
        const { dropped } = await pair.control(0).status();
        return dropped.frames >= 3 ? true : null;
      };
      await peer.wake.until("three that were left out", 20_000, many);
      expect(peer.end).toBeNull();
      expect(peer.errors.filter((text) => /does not fit the wire/.test(text))).toEqual([
        expect.stringMatching(/^A message of the kind "ack" .*: it is left out/),
      ]);
    }),
  LIMIT_MS,
);
