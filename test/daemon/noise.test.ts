import { expect, test } from "bun:test";
import type { Socket } from "bun";
import { encode, MAGIC, VERSION } from "../../src/wire/message.ts";
import { sha256 } from "../store/temporary.ts";
import { SEVEN, type TestRing, withOpenRing } from "../support/test-ring.ts";
import { randomFrom } from "../wire/random.ts";

/** Strangers send what they like: the ring neither falls nor stops its work for it. */

const DATAGRAMS = 5_000;
const CONNECTIONS = 200;
const LIMIT_MS = 120_000;
const seed = Number(process.env["P2P_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

const random = randomFrom(seed);
const below = (limit: number): number => Math.floor(random() * limit);
const rubbish = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => below(256));

/** Rubbish; rubbish behind a right beginning; a right message with a few bytes wrong. */
function datagram(ring: number): Uint8Array {
  const kind = below(4);
  if (kind === 0) return rubbish(below(1_400));
  if (kind === 1) {
    return Uint8Array.from([MAGIC >> 8, MAGIC & 255, VERSION, below(40), ...rubbish(below(400))]);
  }
  const right = encode(
    { tag: "ping", nonce: 7, digest: 1, round: true, room: 5, awayMs: null, forgottenMs: null },
    {
      ring,
      id: 5,
      incarnation: 1,
      instance: "00".repeat(8),
      state: "alive",
      port: 1 + below(65_535),
    },
  );
  // The header keeps its ring, so that the peer reads on.
  if (kind === 2) return Uint8Array.from([...right.subarray(0, 8), ...rubbish(below(200))]);
  return right.subarray(0, right.length - 1 - below(right.length - 8));
}

async function sendDatagrams(ring: TestRing): Promise<void> {
  const socket = await Bun.udpSocket({});
  for (let i = 0; i < DATAGRAMS; i++) {
    const id = SEVEN[i % SEVEN.length] ?? 2;
    socket.send(datagram(ring.ports.base), ring.ports.base + id, "127.0.0.1");
    // So that they are read, and not dropped by the system unread.
    if (i % 50 === 0) await Bun.sleep(2);
  }
  socket.close();
}

/** Opens connections that say rubbish; the latter half stay open, in the middle of an endless frame. */
async function connect(ring: TestRing): Promise<Socket<undefined>[]> {
  const opened = Array.from({ length: CONNECTIONS }, async (_, i) => {
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: ring.ports.base + (SEVEN[i % SEVEN.length] ?? 2),
      socket: { data() {}, error() {} },
    });
    const length = i % 3 === 0 ? [255, 255, 255, 255] : [0, 1, 0, 0];
    socket.write(
      i % 2 === 0 ? rubbish(below(2_000)) : Uint8Array.from([...length, ...rubbish(50)]),
    );
    if (i < CONNECTIONS / 2) socket.end();
    return socket;
  });
  return await Promise.all(opened);
}

test(
  `noise from strangers (P2P_TEST_SEED=${seed})`,
  () =>
    withOpenRing(async (ring) => {
      const bytes = ring.file("2067", 300_000);
      ring.peer(8).type("Store 2067");
      await ring.peer(8).waitFor(/^Stored 2067: [23] of 3/);
      const before = SEVEN.map((id) => ring.peer(id).lines.length);
      const sockets = await connect(ring);
      const noise = sendDatagrams(ring);
      for (const id of [5, 9, 2]) {
        const ended = await ring.run("request", "2067", "--peer", id, "-o", `${id}.pdf`);
        expect([ended.stderr, ended.exitCode]).toEqual(["", 0]);
        expect(await ring.hashOf(`${id}.pdf`)).toBe(sha256(bytes));
      }
      await noise;
      await ring.calm();
      const { peers } = await ring.checks();
      expect(peers.map(({ self }) => [self.id, self.incarnation])).toEqual(
        SEVEN.map((id) => [id, 1]),
      );
      const statuses = await Promise.all(SEVEN.map((id) => ring.status(id)));
      const sum = (of: (dropped: { datagrams: number; frames: number }) => number) =>
        statuses.reduce((all, { dropped }) => all + of(dropped), 0);
      expect(sum((dropped) => dropped.datagrams)).toBeGreaterThan(DATAGRAMS / 2);
      expect(sum((dropped) => dropped.frames)).toBeGreaterThan(CONNECTIONS / 4);
      const successorLines = SEVEN.flatMap((id, i) =>
        ring
          .peer(id)
          .lines.slice(before[i])
          .filter((line) => !/[Ff]ile/.test(line)),
      );
      expect(successorLines).toEqual([]);
      for (const socket of sockets) socket.terminate();
      await ring.calm();
    }, SEVEN),
  LIMIT_MS,
);
