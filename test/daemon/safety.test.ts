import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Health } from "../../src/control/types.ts";
import { ASIDE } from "../support/program.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

const LIMIT_MS = 150_000;
const THREE = [20, 30, 40];

function safetyTest(what: string, work: (ring: TestRing) => Promise<void>): void {
  test.concurrent(what, () => withRing(work, THREE), LIMIT_MS);
}

/** What a peer says of the health of its ring, as soon as that fits. */
function health(ring: TestRing, id: number, fits: (told: Health) => boolean): Promise<Health> {
  return ring.wake.until(`another word of health from peer ${id}`, 60_000, async () => {
    const { stdout, exitCode } = await ring.run("health", "--peer", id, "--json");
    const told = JSON.parse(stdout) as Health;
    expect(exitCode).toBe({ true: 0, false: 1, null: 3 }[`${told.healthy}`] ?? -1);
    return fits(told) ? told : null;
  });
}

const IN_A_NAMESPACE = ["unshare", "--map-root-user", "--mount"];
const canMount =
  Bun.which("unshare") !== null &&
  Bun.spawnSync([...IN_A_NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]).success;

test.skipIf(!canMount).concurrent(
  "full disks are told of, and nothing is called safe, stored or left that is not",
  async () => {
    const script = join(import.meta.dir, "full-disks.ts");
    const argv = [...IN_A_NAMESPACE, process.execPath, script];
    const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit" });
    const said = JSON.parse(await child.stdout.text());
    expect(said.before).toMatchObject({ stderr: "", exitCode: 0 });
    expect(said.wellBefore).toMatchObject({
      stdout: "healthy: 3 peers, and every file has its copies\n",
      exitCode: 0,
    });
    const full = (id: number) => `peer ${id}: its disk is full, and takes no file any more`;
    expect(said.unwell).toMatchObject({ stdout: `${full(20)}\n${full(40)}\n`, exitCode: 1 });
    expect(said.refused).toEqual({
      stdout: "",
      stderr:
        "File 1001 was not stored: it needs 2 copies, and 2 of 3 peers (20 and 40) have no room for it.\n",
      exitCode: 1,
    });
    expect(said.required).toMatchObject({
      stdout: expect.stringMatching(/^stored 1002: 1 of 3 copies, on peer 30, /),
      stderr: "stored 1002: 1 of 3 copies; not confirmed by peers 20 and 40\n",
      exitCode: 0,
    });
    const short = "1 of 2 files here has too few copies, at the least 1 of 3";
    expect(said.status.stdout).toContain(
      `${short}; do not take this machine down yet: some copies may be nowhere else\n`,
    );
    expect(said.json).toMatchObject({
      healthy: false,
      problems: [full(20), `peer 30: ${short}`, full(40)],
      peers: 3,
    });
    expect(said.waits).toEndWith("1002 has 0 of 3 copies elsewhere.");
    expect(said.code).toBe(1);
    expect(said.last).toBe(
      "Left with too few copies elsewhere: 1002 has 0 of 3 copies elsewhere; what is in the data folder here stays, and is offered at the next start.",
    );
    // What was refused is nowhere; what the leaver kept is everywhere after its next start.
    expect(said.wellAgain).toMatchObject({ exitCode: 0 });
    expect(said.names).toEqual([
      ["1000", 3],
      ["1002", 3],
    ]);
  },
  LIMIT_MS,
);

safetyTest("with one of three killed no machine is safe to take down", async (ring) => {
  ring.file("1000", 2_000);
  const stored = await ring.run("store", "1000.pdf", "--peer", 20);
  expect([stored.stderr, stored.exitCode]).toEqual([expect.stringMatching(ASIDE), 0]);
  await ring.calm();
  const well = await ring.run("status", "--peer", 20);
  expect(well.stdout).toContain("has its 3 copies; it is safe to take this machine down\n");
  await health(ring, 20, ({ healthy }) => healthy === true);
  await ring.kill(30);
  const told = await health(ring, 20, ({ problems }) => problems.length === 1);
  expect(told.problems).toEqual([
    "3 copies are wanted of each file; the ring has 2 peers, and peer 30 is dead",
  ]);
  await ring.calm();
  const { stdout } = await ring.run("status", "--peer", 20);
  expect(stdout).toContain(
    "every file here is on all 2 peers, and 3 copies are wanted; do not take this machine down yet: too few copies would be left\n",
  );
  // A store has its majority, and says who is missing, or how many there are.
  const fewer = await ring.run("store", "1000.pdf", "--name", "1001", "--peer", 20);
  expect(fewer.stderr).toBe(
    "stored 1001: 2 of 3 copies; the ring has 2 peers, and peer 30 is dead\n",
  );
  const refused = await ring.run("store", "1000.pdf", "--require", 3, "--peer", 20);
  expect([refused.stdout, refused.stderr, refused.exitCode]).toEqual([
    "",
    "File 1000 was not stored: it needs 3 copies, and there are 2 peers.\n",
    1,
  ]);
  const removal = await ring.run("rm", "1001", "--require", 3, "--peer", 20);
  expect([removal.stderr, removal.exitCode]).toEqual([
    "File 1001 was not removed: 3 peers have to note it, and there are 2 peers.\n",
    1,
  ]);
  const removed = await ring.run("rm", "1001", "--require", 2, "--peer", 20);
  expect([removed.stderr, removed.exitCode]).toEqual([
    "removed 1001: 2 of 3 peers; the ring has 2 peers, and peer 30 is dead\n",
    0,
  ]);
  // With the last other one dead as well, whoever is left has the only copy, and does not go unheard.
  await ring.kill(40);
  await health(ring, 20, ({ problems }) => `${problems}`.includes("the ring has 1 peer"));
  const last = ring.peer(20);
  last.signal("SIGTERM");
  expect((await last.waitForEnd()).code).toBe(1);
  expect(last.errors.at(-1)).toMatch(
    /^Left with too few copies elsewhere: 1000 has 0 of 3 copies elsewhere(, [^;]+)?; what is in the data folder/,
  );
});

safetyTest(
  "a frozen replica is named, and what it should confirm may still appear",
  async (ring) => {
    ring.file("1000", 2_000);
    ring.peer(30).signal("SIGSTOP");
    const stored = await ring.run("store", "1000.pdf", "--peer", 20);
    expect([stored.stderr, stored.exitCode]).toEqual([
      expect.stringMatching(
        /^stored 1000: 2 of 3 copies; (not confirmed by peer 30|the ring has 2 peers, and peer 30 is dead)\n$/,
      ),
      0,
    ]);
    ring.peer(30).signal("SIGCONT");
  },
);

safetyTest("a peer whose folder is deleted is not safe, and leaves with a word", async (ring) => {
  for (const [name, size] of [
    ["1000", 2_000],
    ["1001", 200_000],
  ] as const) {
    ring.file(name, size);
    expect((await ring.run("store", `${name}.pdf`, "--peer", 20)).exitCode).toBe(0);
  }
  await ring.calm();
  const peer = ring.peer(30);
  rmSync(ring.folderOf(30), { recursive: true, force: true });
  const text = /^The data folder .* was deleted under this peer: it leaves its ring/;
  expect((await peer.waitFor(text)).error).toBe(true);
  expect((await peer.waitForEnd()).code).toBe(1);
  await ring.wake.until("the word of those who stay", 20_000, async () => {
    const { files, members } = await ring.status(20);
    const deleted = members.find(({ id }) => id === 30)?.state !== "alive";
    return deleted && files.least === 2 && !files.safe ? true : null;
  });
  const lost = await ring.run("health", "--peer", 30);
  expect([lost.stdout, lost.exitCode]).toEqual(["", 3]);
  expect(lost.stderr).toStartWith(
    "The health of the ring could not be told: No peer 30 is running",
  );
  // In a new folder it has all copies again.
  ring.restart(30);
  await health(ring, 20, ({ healthy }) => healthy === true);
});
