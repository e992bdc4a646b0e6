/** Closed rings from outside: who has the key, or an invite, is in; nobody else is, and nothing tells of the key. */
import { expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import { drawKey, keyText } from "../../src/seal/key-text.ts";
import { encode, encodeFrame } from "../../src/wire/message.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { type Ended, p2p } from "../support/program.ts";
import { type TestRing, withRing } from "../support/test-ring.ts";

const LIMIT_MS = 240_000;
const FOUR = [2, 4, 5, 8];
const SECRET = /p2p(key)?1-[\w-]{20,}/;

function folderOf(ring: TestRing, i: number): string {
  return join(ring.cwd, `home-${i}`, ".p2p/peer");
}

/** A peer in a folder of its own, known to the ring by the number of its port. */
function start(ring: TestRing, i: number, ...args: readonly (string | number)[]): PeerProcess {
  const options = {
    args: [...args, "--port", ring.ports.base + i],
    cwd: ring.folder(`home-${i}`),
  };
  const peer = new PeerProcess(options, ring.wake);
  ring.peers.set(i, peer);
  return peer;
}

/** A ring of so many peers, closed by a key in a file. */
async function found(ring: TestRing, peers: number): Promise<string> {
  const made = await p2p(["key", "new", "ring.key"], ring.cwd);
  expect(made).toMatchObject({ exitCode: 0, stdout: "made ring.key, which only you can read\n" });
  const file = join(ring.cwd, "ring.key");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await start(ring, 0, "init", "--key-file", file).waitFor(/^p2p join /);
  for (let i = 1; i < peers; i++) {
    const peer = start(ring, i, "join", `127.0.0.1:${ring.ports.base}`, "--key-file", file);
    await peer.waitFor("Join request has been accepted");
  }
  return file;
}

/** What a peer is told that tries to come in. */
async function refusal(ring: TestRing, i: number, ...args: string[]): Promise<Ended> {
  const env = args[0] === "" ? { P2P_KEY: keyText(drawKey()) } : {};
  const words = args.filter((word) => word !== "");
  const port = ring.ports.base + 100 + i;
  return await p2p(["join", ...words, "--port", port], ring.folder(`out-${i}`), 60_000, env);
}

async function invite(ring: TestRing, ...flags: string[]): Promise<string> {
  const written = await p2p(["invite", "--data", folderOf(ring, 0), "--json", ...flags], ring.cwd);
  expect(written.exitCode).toBe(0);
  return JSON.parse(written.stdout).invite;
}

async function membersOf(ring: TestRing, i: number): Promise<number[]> {
  const { members } = await controlClient(folderOf(ring, i)).status();
  return members.map(({ id }) => id);
}

async function aliveAt(ring: TestRing, i: number): Promise<number> {
  const { members } = await controlClient(folderOf(ring, i)).status();
  return members.filter(({ state }) => state === "alive").length;
}

/** All that a peer has written where others might look. */
function toldBy(ring: TestRing, i: number): string {
  const dir = folderOf(ring, i);
  const files = readdirSync(dir).filter((name) => /^(events|identity|view|peer|alive)/.test(name));
  return files.map((name) => readFileSync(join(dir, name), "utf8")).join("\n");
}

test(
  "who has no key, another one, or an invite that does not hold, gets a sentence, and nothing changes",
  () =>
    withRing(async (ring) => {
      await found(ring, 2);
      const before = await membersOf(ring, 0);
      const contact = `127.0.0.1:${ring.ports.base}`;
      const brief = await invite(ring, "--expires", "1ms");
      const once = await invite(ring, "--once");
      await start(ring, 2, "join", once).waitFor("Join request has been accepted");
      await ring.wake.until("three members", 20_000, async () =>
        (await membersOf(ring, 0)).length === 3 ? true : null,
      );
      const members = await membersOf(ring, 0);
      const refusals = [
        [await refusal(ring, 0, contact), "does not let this peer in"],
        [await refusal(ring, 1, "", contact), "does not let this peer in"],
        [await refusal(ring, 2, contact, "--insecure"), "No answer"],
        [await refusal(ring, 3, brief), "has ended"],
        [await refusal(ring, 4, once), "was used already"],
      ] as const;
      for (const [{ stdout, stderr, exitCode }, part] of refusals) {
        expect([stdout, exitCode]).toEqual(["", 1]);
        expect(stderr).toContain(part);
        expect(stderr).not.toMatch(SECRET);
      }
      expect(await membersOf(ring, 0)).toEqual(members);
      expect(members).toEqual(expect.arrayContaining(before));
      // No secret stands where others might look; the invite was on a command line.
      const pid = ring.peer(2).pid;
      if (process.platform === "linux")
        expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toMatch(SECRET);
      for (const i of [0, 1, 2]) expect(toldBy(ring, i)).not.toMatch(SECRET);
      const { stdout } = await p2p(["status", "--json", "--data", folderOf(ring, 0)], ring.cwd);
      expect(JSON.parse(stdout).lock).toMatchObject({ by: "key" });
      expect(stdout).not.toMatch(SECRET);
    }),
  LIMIT_MS,
);

test(
  "the key changes while stores and requests go on, and none fails; who missed it is out, and told",
  () =>
    withRing(async (ring) => {
      await found(ring, 5);
      const clients = [0, 1, 2].map((i) => controlClient(folderOf(ring, i)));
      const out = await membersOf(ring, 4);
      const lost = (await controlClient(folderOf(ring, 4)).status()).self.id;
      expect(out).toContain(lost);
      ring.peer(3).signal("SIGSTOP");
      let over = false;
      let done = 0;
      const failed: string[] = [];
      const works = clients.map(async (client, i) => {
        for (let n = 0; !over; n++) {
          const name = `file ${i}`;
          const text = `${i} ${n} ${"x".repeat(200)}`;
          try {
            await client.store(name, new Blob([text]).stream());
            const got: Uint8Array[] = [];
            const incoming = await client.request(name);
            await incoming.read((piece) => void got.push(piece.slice()));
            if (Buffer.concat(got).toString() !== text) failed.push(`${name} is not the latest`);
          } catch (error) {
            failed.push(String(error));
          }
          done++;
        }
      });
      // The frozen one is held for dead first: what is tried is the change of the key.
      await ring.wake.until("four members", 30_000, async () =>
        (await aliveAt(ring, 0)) === 4 ? true : null,
      );
      failed.length = 0;
      const rotated = await p2p(
        ["key", "rotate", "--without", lost, "--ends", "6s", "--data", folderOf(ring, 0)],
        ring.cwd,
      );
      expect(rotated).toMatchObject({ exitCode: 0 });
      expect(await ring.peer(4).waitForEnd(60_000)).toMatchObject({ code: 1 });
      expect(ring.peer(4).errors.at(-1)).toContain("was changed without this peer");
      const atEnd = done;
      await ring.wake.until("more work", 30_000, async () => (done > atEnd + 20 ? true : null));
      over = true;
      await Promise.all(works);
      expect(failed).toEqual([]);
      ring.peer(3).signal("SIGCONT");
      expect(await ring.peer(3).waitForEnd(60_000)).toMatchObject({ code: 1 });
      expect(ring.peer(3).errors.at(-1)).toContain("was changed without this peer");
      // As it was told: with an invite it is in again, in the folder that it had.
      const invited = await invite(ring);
      await start(ring, 3, "join", invited).waitFor("Join request has been accepted");
      // One that was there has the new key in its folder, whatever its command line says.
      await ring.peer(1).kill();
      const again = start(ring, 1, ...ring.peer(1).args.slice(0, -2));
      await again.waitFor(/back in its ring|accepted/);
    }),
  LIMIT_MS,
);

test(
  "a key can be changed again and again, and by whom it leaves out it ends nobody",
  () =>
    withRing(async (ring) => {
      await found(ring, 4);
      const rotate = (i: number, ...flags: (string | number)[]) =>
        p2p(["key", "rotate", "--data", folderOf(ring, i), ...flags], ring.cwd);
      const fingerprint = async (i: number) =>
        (await controlClient(folderOf(ring, i)).status()).lock?.fingerprint;
      for (const i of [0, 1]) {
        const before = await fingerprint(i);
        expect(await rotate(i, "--ends", "3s")).toMatchObject({ exitCode: 0 });
        await ring.wake.until("another key at all", 30_000, async () => {
          const now = await Promise.all([0, 1, 2, 3].map(fingerprint));
          return now.every((each) => each === now[0] && each !== before) ? true : null;
        });
      }
      const { id } = (await controlClient(folderOf(ring, 3)).status()).self;
      // The one who is to be out has done with the former key while the others still use it.
      expect(await rotate(0, "--without", id, "--ends", "30s")).toMatchObject({ exitCode: 0 });
      await rotate(3, "--ends", "3s");
      await ring.wake.until("three that go on by themselves", 60_000, async () => {
        const seen = await Promise.all([0, 1, 2].map((i) => aliveAt(ring, i)));
        return seen.every((alive) => alive === 3) ? true : null;
      });
      const keys = await Promise.all([0, 1, 2].map(fingerprint));
      expect(new Set(keys).size).toBe(1);
      for (const i of [0, 1, 2]) expect(ring.peer(i).end).toBeNull();
      const stored = await controlClient(folderOf(ring, 0)).store("x", new Blob(["x"]).stream());
      expect(stored.kind).toBe("stored");
    }),
  LIMIT_MS,
);

test(
  "another user of the machine is a stranger: no port answers, and no way leads in",
  () =>
    withRing(async (ring) => {
      // Whose key it is is all that tells one user's peers from another's.
      const env = { XDG_CONFIG_HOME: ring.folder("another user") };
      const join = ["join", 90, 4, 1, ...ring.basePort];
      const ended = await p2p(join, ring.folder("elsewhere"), 60_000, env);
      expect([ended.stdout, ended.exitCode]).toEqual(["", 1]);
      expect(ended.stderr).toMatch(/^Peer 4 at 127[^\n]+ does not let this peer in[^\n]+\n$/);
      const own = { id: 90, incarnation: 1, instance: "00000000000000aa", state: "alive" } as const;
      const sender = { ...own, ring: ring.ports.base, port: 9 };
      const datagrams = [encode({ tag: "introduce", request: 1 }, sender), new Uint8Array(64)];
      const frames = [encodeFrame({ tag: "introduce", request: 1 }, sender), new Uint8Array(41)];
      let answers = 0;
      const socket = await Bun.udpSocket({
        hostname: "127.0.0.1",
        socket: { data: () => void answers++, error() {} },
      });
      for (const id of FOUR) {
        for (const bytes of datagrams) socket.send(bytes, ring.ports.base + id, "127.0.0.1");
        for (const bytes of frames) {
          const closed = Promise.withResolvers<void>();
          const stranger = await Bun.connect({
            hostname: "127.0.0.1",
            port: ring.ports.base + id,
            socket: {
              data: () => void answers++,
              end: (ending) => void ending.end(),
              close: () => closed.resolve(),
            },
          });
          stranger.write(bytes);
          await closed.promise;
        }
      }
      await ring.calm();
      expect(answers).toBe(0);
      socket.close();
    }, FOUR),
  LIMIT_MS,
);

test(
  "a key file that others can read is not used",
  () =>
    withRing(async (ring) => {
      await p2p(["key", "new", "ring.key"], ring.cwd);
      chmodSync(join(ring.cwd, "ring.key"), 0o644);
      const ended = await p2p(["init", "--key-file", "ring.key"], ring.cwd);
      expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
      expect(ended.stderr).toMatch(/^Others can read the key file ring\.key \(mode 644\)[^\n]+\n$/);
    }),
  LIMIT_MS,
);
