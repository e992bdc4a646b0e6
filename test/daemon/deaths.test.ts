import { describe, expect, test } from "bun:test";
import { sha256 } from "../store/temporary.ts";
import { SEVEN, type TestRing, withRing } from "../support/test-ring.ts";

/** Whatever befalls its peers, the ring is whole again: R1 to R8 by `p2p status --all --json`. */

/** They wait for each other: all together take half a minute, and ten times as long on a slow machine. */
const LIMIT_MS = 400_000;
const TWELVE = Array.from({ length: 12 }, (_, i) => 10 + 20 * i);

/** The ring is calm, of these peers and no others. */
async function whole(ring: TestRing, ids: readonly number[]): Promise<void> {
  await ring.calm();
  const { peers, checks } = await ring.checks();
  expect(peers.map(({ self }) => self.id)).toEqual([...ids]);
  expect(Object.keys(checks)).toEqual(["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"]);
}

function ringTest(name: string, ids: readonly number[], body: (ring: TestRing) => Promise<void>) {
  test.concurrent(name, () => withRing(body, ids), LIMIT_MS);
}

describe("the ring is whole again after", () => {
  ringTest("kill -9 of one, which its predecessors say by themselves", SEVEN, async (ring) => {
    await ring.kill(14);
    await Promise.all([9, 8].map((id) => ring.peer(id).waitFor("Peer 14 is no longer alive")));
    await whole(ring, [2, 4, 5, 8, 9, 19]);
  });

  ringTest("kill -9 of three neighbours in one instant", SEVEN, async (ring) => {
    await ring.kill(19, 2, 4);
    await whole(ring, [5, 8, 9, 14]);
  });

  ringTest("kill -9 of all but one of twelve", TWELVE, async (ring) => {
    await ring.kill(...TWELVE.filter((id) => id !== 110));
    await whole(ring, [110]);
  });

  ringTest("SIGSTOP of one, and SIGCONT", SEVEN, async (ring) => {
    ring.peer(9).signal("SIGSTOP");
    await Promise.all([8, 5].map((id) => ring.peer(id).waitFor("Peer 9 is no longer alive")));
    await ring.calm();
    ring.peer(9).signal("SIGCONT");
    await whole(ring, SEVEN);
  });

  ringTest("SIGSTOP of all but one, and SIGCONT", SEVEN, async (ring) => {
    const others = SEVEN.filter((id) => id !== 5);
    for (const id of others) ring.peer(id).signal("SIGSTOP");
    await ring.calm();
    expect((await ring.status(5)).successors).toEqual([]);
    for (const id of others) ring.peer(id).signal("SIGCONT");
    await whole(ring, SEVEN);
  });

  ringTest("SIGSTOP of all, and SIGCONT", SEVEN, async (ring) => {
    for (const id of SEVEN) ring.peer(id).signal("SIGSTOP");
    await Bun.sleep(3_000);
    for (const id of SEVEN) ring.peer(id).signal("SIGCONT");
    await whole(ring, SEVEN);
  });

  ringTest("kill -9 of all, started again with the same lines and folders", SEVEN, async (ring) => {
    await ring.join(15, 4).waitFor("My second successor is Peer 2");
    const all = [2, 4, 5, 8, 9, 14, 15, 19];
    await whole(ring, all);
    const bytes = ring.file("2067", 50_000);
    ring.peer(8).type("Store 2067");
    await ring.peer(8).waitFor(/^Stored 2067: [23] of 3 copies/);
    const before = await incarnations(ring, all);
    await ring.kill(...all);
    for (const id of all) ring.restart(id);
    await whole(ring, all);
    const after = await incarnations(ring, all);
    expect(after.every((incarnation, i) => incarnation > (before[i] ?? 0))).toBe(true);
    const got = await ring.run("request", "2067", "--peer", 5, "-o", "got.pdf");
    expect([got.stderr, got.exitCode]).toEqual(["", 0]);
    expect(await ring.hashOf("got.pdf")).toBe(sha256(bytes));
  });

  for (const withoutFolder of [false, true]) {
    const how = withoutFolder ? "without its folder" : "in the same folder";
    ringTest(`a restart at once, ${how}`, SEVEN, async (ring) => {
      await ring.kill(9);
      ring.restart(9, withoutFolder);
      await ring.calm();
      await whole(ring, SEVEN);
      await ring.kill(19);
      await ring.calm();
      ring.restart(19, withoutFolder);
      await whole(ring, SEVEN);
    });
  }

  ringTest("a joiner's restart at once, without its folder", SEVEN, async (ring) => {
    await ring.join(15, 4).waitFor("My second successor is Peer 2");
    await ring.calm();
    await ring.kill(15);
    ring.restart(15, true);
    await whole(ring, [2, 4, 5, 8, 9, 14, 15, 19]);
  });

  ringTest("eight joins in one instant, through different peers", SEVEN, async (ring) => {
    const joiners = [3, 6, 7, 15, 16, 17, 100, 255];
    joiners.forEach((id, i) => {
      ring.join(id, SEVEN[i % SEVEN.length] ?? 2);
    });
    const accepted = "Join request has been accepted";
    await Promise.all(joiners.map((id) => ring.peer(id).waitFor(accepted, 40_000)));
    await whole(
      ring,
      [...SEVEN, ...joiners].sort((a, b) => a - b),
    );
  });

  test.concurrent(
    "a start in the most awkward order, one after the other",
    () =>
      withRing(async (ring) => {
        for (const [id, first, second] of [
          [200, 10, 100],
          [10, 100, 200],
          [100, 200, 10],
        ]) {
          ring.start(id ?? 0, ["init", id ?? 0, first ?? 0, second ?? 0, 1]);
          await Bun.sleep(700);
        }
        await whole(ring, [10, 100, 200]);
        for (const peer of ring.peers.values()) expect([...peer.lines, ...peer.errors]).toEqual([]);
      }),
    LIMIT_MS,
  );
});

async function incarnations(ring: TestRing, ids: readonly number[]): Promise<number[]> {
  const statuses = await Promise.all(ids.map((id) => ring.status(id)));
  return statuses.map(({ self }) => self.incarnation);
}
