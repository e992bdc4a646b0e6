import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, p2p } from "../support/program.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

/** A peer that cannot start says why in one sentence, and the ring does not feel it. */

const FOUR = [4, 9, 14, 19];
const LIMIT_MS = 120_000;
/** Asking a known peer in vain takes 5 s or so: a person does not wait for much longer. */
const PATIENCE_MS = 50_000;

function expectSentence(ended: Ended, part: string | RegExp): void {
  expect([ended.stdout, ended.exitCode]).toEqual(["", 1]);
  expect(ended.stderr).toMatch(/^[^\n]+[.]\n$/);
  expect(ended.stderr).toMatch(part);
  expect(ended.ms).toBeLessThan(PATIENCE_MS);
}

/** Nobody printed anything, and the ring is of those peers as before. */
async function expectUntouched(ring: TestRing, ids: readonly number[]): Promise<void> {
  await ring.calm();
  const { peers } = await ring.checks();
  expect(peers.map(({ self }) => self.id)).toEqual([...ids]);
  expect(peers.every(({ self }) => self.incarnation === 1)).toBe(true);
  for (const id of ids) expect([...ring.peer(id).lines, ...ring.peer(id).errors]).toEqual([]);
}

function refusalTest(name: string, body: (ring: TestRing) => Promise<void>): void {
  test.concurrent(name, () => withRing(body, FOUR), LIMIT_MS);
}

describe("one sentence, exit 1, the ring untouched:", () => {
  refusalTest("a taken id, by its port", async (ring) => {
    const other = ring.folder("elsewhere");
    const ended = await p2p(["join", 9, 4, 1, ...ring.basePort], other);
    expectSentence(ended, `${ring.ports.base + 9}`);
    await expectUntouched(ring, FOUR);
  });

  refusalTest("a port that another program listens on", async (ring) => {
    const port = ring.ports.base + 77;
    const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    const ended = await ring.run("join", 77, 4, 1, ...ring.basePort);
    listener.stop(true);
    expectSentence(ended, `${port}`);
    const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port });
    const udp = await ring.run("join", 77, 4, 1, ...ring.basePort);
    socket.close();
    expectSentence(udp, `${port}`);
    await expectUntouched(ring, FOUR);
  });

  refusalTest("a folder in use", async (ring) => {
    const inUse = await ring.run("join", 78, 4, 1, ...ring.basePort, "--data", ring.folderOf(9));
    expectSentence(inUse, ring.folderOf(9));
    expect(inUse.stderr).toContain(`process ${ring.peer(9).pid}`);
    await expectUntouched(ring, FOUR);
  });

  refusalTest("a folder of another peer", async (ring) => {
    const peer = ring.join(15, 4);
    await peer.waitFor("Join request has been accepted");
    await ring.calm();
    await peer.kill();
    await ring.calm();
    const said = ring.peer(9).printed.length;
    const ended = await ring.run("join", 16, 4, 1, ...ring.basePort, "--data", ring.folderOf(15));
    expectSentence(ended, /belongs to Peer 15/);
    await ring.calm();
    expect(ring.peer(9).lines).toEqual(ring.peer(9).lines.slice(0, said));
    await ring.checks();
  });

  refusalTest("a folder that is a file, or below one", async (ring) => {
    const file = join(ring.cwd, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "below")]) {
      const ended = await ring.run("join", 79, 4, 1, ...ring.basePort, "--data", path);
      expectSentence(ended, path);
    }
    await expectUntouched(ring, FOUR);
  });

  refusalTest("a known peer that does not run", async (ring) => {
    expectSentence(await ring.run("join", 80, 81, 1, ...ring.basePort), "Peer 81");
    const port = ring.ports.base + 200;
    expectSentence(await ring.run("join", `127.0.0.1:${port}`, "--data", "d"), `${port}`);
    await expectUntouched(ring, FOUR);
  });

  refusalTest("a known peer that is frozen", async (ring) => {
    const ids = FOUR.filter((id) => id !== 4);
    ring.peer(4).signal("SIGSTOP");
    const port = ring.ports.base + 4;
    const [numbered, drawn] = await Promise.all([
      ring.run("join", 80, 4, 1, ...ring.basePort),
      ring.run("join", `127.0.0.1:${port}`, "--data", "d", "--port", ring.ports.base + 201),
    ]);
    expectSentence(numbered, "Peer 4");
    expectSentence(drawn, `${port}`);
    await ring.calm();
    expect(ring.living).toEqual(ids);
    ring.peer(4).signal("SIGCONT");
    await ring.calm();
    expect((await ring.checks()).peers.map(({ self }) => self.id)).toEqual(FOUR);
  });

  refusalTest("a known port where something else listens", async (ring) => {
    const answers = ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "p2 ".repeat(100_000)];
    const endings = answers.map(async (answer, i) => {
      const known = 82 + i;
      const port = ring.ports.base + known;
      const socket = { open: (s: { write(text: string): void }) => s.write(answer), data() {} };
      const listener = Bun.listen({ hostname: "127.0.0.1", port, socket });
      const ended = await ring.run("join", 90 + i, known, 1, ...ring.basePort);
      listener.stop(true);
      expectSentence(ended, `Peer ${known}`);
    });
    await Promise.all(endings);
    await expectUntouched(ring, FOUR);
  });

  refusalTest("a numbered ring, joined as one without numbers", async (ring) => {
    const port = ring.ports.base + 9;
    const ended = await ring.run("join", `127.0.0.1:${port}`, "--data", "d", "--port", port + 100);
    expectSentence(ended, "numbered");
    await expectUntouched(ring, FOUR);
  });
});
