/** `p2p leave`: for good, and with nothing lost. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Apart } from "../support/apart.ts";
import { p2p } from "../support/program.ts";

const LIMIT_MS = 60_000;
/** What a folder of a peer that never was in a ring may have, too. */
const NO_RING = /^(events\.jsonl|lock|door\.sock)$/;

let ring: Apart;

beforeAll(async () => {
  ring = await Apart.make();
});

afterAll(() => ring.close());

test(
  "a peer hands on what it holds, forgets its ring, and joins another",
  async () => {
    const key = join(ring.home(0), "ring.key");
    await p2p(["key", "new", key], ring.home(0));
    await ring.start(0, "init", "--key-file", key).waitFor(/^p2p join /);
    await ring.shown(0);
    const at = `127.0.0.1:${ring.port(0)}`;
    await ring.start(1, "join", at, "--key-file", key).waitFor(/has been accepted$/);
    await ring.shown(1);
    await ring.whole(0, 1);
    writeFileSync(join(ring.home(1), "4001"), "x".repeat(70_000));
    expect((await p2p(["store", "4001"], ring.home(1))).exitCode).toBe(0);
    expect(existsSync(join(ring.folder(1), "ring.key"))).toBe(true);
    const first = await ring.control(1).status();

    const left = await p2p(["leave"], ring.home(1));
    expect([left.stderr, left.exitCode]).toEqual(["", 0]);
    expect(left.stdout).toContain("can join another");
    expect(readdirSync(ring.folder(1)).filter((name) => !NO_RING.test(name))).toEqual([]);
    const again = await p2p(["leave", "--data", ring.folder(1)], ring.home(1));
    expect([again.exitCode, again.stdout]).toEqual([1, ""]);

    await ring.start(2, "init").waitFor(/^p2p join /);
    await ring.start(1, "join", `127.0.0.1:${ring.port(2)}`).waitFor(/has been accepted$/);
    await ring.whole(1, 2);
    const second = await ring.control(1).status();
    expect(second.self.id).not.toBe(first.self.id);
    expect(second.members.length).toBe(2);
    expect((await p2p(["request", "4001"], ring.home(0))).exitCode).toBe(0);
  },
  LIMIT_MS,
);

test(
  "what nobody else has stays, and is named",
  async () => {
    const left = await p2p(["leave"], ring.home(0));
    expect(left.exitCode).toBe(1);
    expect(left.stderr).toMatch(/^Nobody was left in the ring of .* which stays: 4001\. /);
    expect(existsSync(join(ring.folder(0), "identity.json"))).toBe(true);
    expect(readdirSync(join(ring.folder(0), "files")).length).toBe(1);
    const said = await p2p(["leave", "--json"], ring.home(0));
    const kept = { v: 1, dir: ring.folder(0), forgotten: false, kept: ["4001"] };
    expect([JSON.parse(said.stdout), said.stderr, said.exitCode]).toEqual([kept, "", 1]);
    const stopped = await p2p(["leave"], ring.home(0));
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stderr).toBe(left.stderr);
  },
  LIMIT_MS,
);

test(
  "a peer that was killed stays what it was",
  async () => {
    await ring.start(3, "init").waitFor(/^p2p join /);
    await ring.shown(3);
    await ring.peer(3).kill();
    const left = await p2p(["leave"], ring.home(3));
    expect(left.exitCode).toBe(1);
    expect(left.stderr).toContain("does not run, and has not left its ring in order");
    expect(existsSync(join(ring.folder(3), "identity.json"))).toBe(true);
  },
  LIMIT_MS,
);

test(
  "a peer that left by Quit forgets its ring later",
  async () => {
    const peer = ring.peer(1);
    await ring.control(1).type("Quit");
    await peer.waitForEnd();
    const left = await p2p(["leave"], ring.home(1));
    expect([left.stderr, left.exitCode]).toEqual(["", 0]);
    expect(existsSync(join(ring.folder(1), "identity.json"))).toBe(false);
  },
  LIMIT_MS,
);
