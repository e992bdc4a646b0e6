/**
 * A throw inside a step, whoever called: one sentence, where it was in the log, exit code 70, and all
 * that was acknowledged is there at the next start. The throw is planted in a copy of the source.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doorClient } from "../../src/door/client.ts";
import { openFolder } from "../../src/store/folder.ts";
import { plant } from "../planted/plant.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { type ClaimedPorts, claimPorts } from "../support/ports.ts";

const LIMIT_MS = 60_000;
const STEP = "export function step(peer: Peer, input: Input): Effect[] {";

/** Throws at the next input of the kind that a file in the working folder names. */
const THROWS = `${STEP}
  const { existsSync, readFileSync } = require("node:fs");
  const wanted = existsSync("throw") ? readFileSync("throw", "utf8") : "";
  const kind =
    input.type === "message" ? input.channel : input.type === "command" ? input.what.kind : input.type;
  if (wanted === kind) throw new Error("planted\\n  here");
  const message = { tag: "ack", request: -1 };
  const unfit = { type: "send", to: "127.0.0.1:9", channel: "stream", message, body: null };
  if (wanted === "unfit") peer.effects.push(unfit);
`;

let source = "";
let ports: ClaimedPorts;
const running: PeerProcess[] = [];
const dir = mkdtempSync(join(tmpdir(), "p2p-crash-"));

beforeAll(async () => {
  source = await plant([{ file: "peer.ts", find: STEP, replace: THROWS }]);
  ports = await claimPorts();
});
afterAll(async () => {
  await Promise.all(running.map((peer) => peer.kill()));
  ports.release();
  for (const folder of [source, dir]) rmSync(folder, { recursive: true, force: true });
});

class Pair {
  readonly homes: readonly [string, string];

  constructor(
    name: string,
    private readonly port: number,
  ) {
    this.homes = [join(dir, name, "one"), join(dir, name, "other")];
    for (const home of this.homes) mkdirSync(home, { recursive: true });
  }

  start(i: 0 | 1, ...args: string[]): PeerProcess {
    const program = [process.execPath, join(source, "src/main.ts")];
    const cwd = this.homes[i];
    const all = [...args, "--port", this.port + i];
    const peer = new PeerProcess({ program, args: all, cwd });
    running.push(peer);
    return peer;
  }

  door(i: 0 | 1) {
    return doorClient(join(this.homes[i], ".p2p/peer"));
  }

  get trap(): string {
    return join(this.homes[0], "throw");
  }
}

/** By who calls the step: a timer, the two sockets, a promise, the terminal, the door. */
const CALLERS: readonly [string, string, (pair: Pair, peer: PeerProcess) => unknown][] = [
  ["a timer", "tick", () => {}],
  ["a datagram", "datagram", () => {}],
  ["a stream", "stream", (pair) => pair.door(1).list()],
  ["the disk", "fetched", (pair) => pair.door(0).store("more", new Blob(["more"]).stream())],
  ["the terminal", "where", (_, peer) => peer.type("Where kept")],
  ["the door", "remove", (pair) => pair.door(0).remove("kept")],
];

describe("a throw in a step called by", () => {
  test.each(CALLERS)(
    "%s",
    async (name, kind, act) => {
      const pair = new Pair(kind, ports.base + 2 * CALLERS.findIndex(([one]) => one === name));
      let peer = pair.start(0, "init");
      await peer.waitFor(/^p2p join /);
      const other = pair.start(1, "join", `127.0.0.1:${peer.args[2]}`);
      await other.waitFor(/has been accepted$/);
      await pair.door(0).store("kept", new Blob(["kept"]).stream());
      writeFileSync(pair.trap, kind);
      // What is asked of a peer that ends is not answered.
      const asked = Promise.resolve(act(pair, peer)).catch(() => {});
      expect(await peer.waitForEnd()).toEqual({ code: 70, signal: null });
      await asked;
      expect(peer.errors.filter((text) => /planted|rror/.test(text))).toEqual([
        "Unexpected error: planted here (a bug in p2p; events.jsonl in the data folder says where)",
      ]);
      const log = readFileSync(join(pair.homes[0], ".p2p/peer/events.jsonl"), "utf8");
      const last = JSON.parse(log.trim().split("\n").at(-1) ?? "");
      expect(last).toMatchObject({ event: "crash", stack: expect.stringContaining("peer.ts") });
      rmSync(pair.trap);
      await other.kill();
      peer = pair.start(0, "init");
      await peer.waitFor(/^p2p join /);
      await peer.kill();
      const folder = await openFolder(join(pair.homes[0], ".p2p/peer"));
      expect(Buffer.from(folder.files.bytesOf("kept", null) ?? []).toString()).toBe("kept");
      await folder.close();
    },
    LIMIT_MS,
  );
});

test(
  "a message that does not fit the wire is left out, counted and told of once, and ends nobody",
  async () => {
    const pair = new Pair("unfit", ports.base + 2 * CALLERS.length);
    const peer = pair.start(0, "init");
    await peer.waitFor(/^p2p join /);
    writeFileSync(pair.trap, "unfit");
    const many = async () => {
      // Each step of the peer brings another one.
      await pair.door(0).status([7]);
      const { dropped } = await pair.door(0).status();
      return dropped.frames >= 3 ? true : null;
    };
    await peer.wake.until("three that were left out", 20_000, many);
    expect(peer.end).toBeNull();
    expect(peer.errors.filter((text) => /does not fit the wire/.test(text))).toEqual([
      expect.stringMatching(/^A message of the kind "ack" .*: it is left out/),
    ]);
    await peer.kill();
  },
  LIMIT_MS,
);
