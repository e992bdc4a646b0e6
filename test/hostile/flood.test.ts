/** Half-open connections, and datagrams of all kinds, without end: members hear each other, and nobody works for strangers. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { encode, encodeFrame, type Sender } from "../../src/wire/message.ts";
import type { WireMessage } from "../../src/wire/table.ts";
import { type TestRing, withOpenRing, withRing } from "../support/test-ring.ts";

const FIVE = [2, 4, 8, 14, 19];
const LIMIT_MS = 120_000;

/** Seconds of processor time that a process has used. */
function used(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function stranger(ring: TestRing, port = ring.ports.base + 200): Sender {
  const instance = "11".repeat(8);
  return { ring: ring.ports.base, id: 200, incarnation: 1, instance, state: "alive", port };
}

/** Sends datagrams to one peer, so many each 10 ms. @returns what has come back, once it is stopped */
async function send(port: number, datagrams: readonly Uint8Array[], count: number) {
  let answers = 0;
  let bytesBack = 0;
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    binaryType: "uint8array",
    socket: {
      data(_, bytes) {
        answers += 1;
        bytesBack += bytes.length;
      },
      error() {},
    },
  });
  const timer = setInterval(() => {
    for (let i = 0; i < count; i++) {
      const bytes = datagrams[i % datagrams.length];
      if (bytes !== undefined) socket.send(bytes, port, "127.0.0.1");
    }
  }, 10);
  return () => {
    clearInterval(timer);
    socket.close();
    return { answers, bytesBack };
  };
}

/** Nobody was held for dead, and all is as it was. */
async function expectSteady(ring: TestRing): Promise<void> {
  await ring.calm();
  const { peers } = await ring.checks();
  expect(peers.map(({ self }) => [self.id, self.incarnation])).toEqual(FIVE.map((id) => [id, 1]));
}

const LIST: WireMessage = { tag: "list", request: 7, after: null };
const COMPARE: WireMessage = { tag: "compare", ranges: [] };

/** In a closed ring a stranger's datagram is not even read. */
const KINDS = [
  { kind: "open", within: withOpenRing, dropped: "not taken by datagram" },
  { kind: "closed", within: withRing, dropped: "not sealed" },
] as const;

test.each(KINDS)(
  "what is asked by datagram of a ring that is $kind is not answered, costs little, and is told of",
  ({ within, dropped: reason }) =>
    within(async (ring) => {
      for (let i = 0; i < 10; i++) ring.file(`${4_100 + i}`, 2_000);
      for (let i = 0; i < 10; i++) ring.peer(8).type(`Store ${4_100 + i}`);
      await ring.peer(8).waitFor(/^Stored 4109: [23] of 3/);
      const { pid } = (await ring.status(8)).self;
      const before = used(pid);
      const asks = [LIST, COMPARE].map((message) => encode(message, stranger(ring)));
      const stop = await send(ring.ports.base + 8, asks, 10);
      await Bun.sleep(4_000);
      expect(stop()).toEqual({ answers: 0, bytesBack: 0 });
      expect(used(pid) - before).toBeLessThan(1.5);
      const { drops, dropped } = await ring.status(8);
      const row = drops.find((each) => each.reason === reason);
      expect(row).toMatchObject({ kind: "datagram" });
      expect(row?.from).toStartWith("127.0.0.1:");
      expect(row?.count).toBeGreaterThan(1_000);
      expect(dropped.datagrams).toBeGreaterThanOrEqual(row?.count ?? 0);
      await expectSteady(ring);
    }, FIVE),
  LIMIT_MS,
);

test.each(KINDS)(
  "half-open connections, and a flood of datagrams, of strangers, at a ring that is $kind",
  ({ within }) =>
    within(async (ring) => {
      const to = ring.ports.base + 8;
      const sockets: { terminate(): void }[] = [];
      const ping = { tag: "ping", nonce: 7, digest: 1, round: true, room: 5 } as const;
      const pings = Array.from({ length: 50 }, (_, i) =>
        encode(
          { ...ping, awayMs: null, forgottenMs: null },
          { ...stranger(ring, 1_000 + i), ring: ring.ports.base + (i % 2) },
        ),
      );
      const stop = await send(to, pings, 300);
      // Every other one is known by a frame, and stays.
      const hello = encodeFrame({ tag: "hello", beat: 0 }, stranger(ring));
      for (let i = 0; i < 5_000; i++) {
        const socket = await Bun.connect({
          hostname: "127.0.0.1",
          port: to,
          socket: { data() {}, error() {} },
        }).catch(() => null);
        if (socket === null) continue;
        sockets.push(socket);
        if (i % 2 === 0) socket.write(hello);
      }
      await Bun.sleep(2_000);
      stop();
      const { drops } = await ring.status(8);
      expect(drops.map(({ reason }) => reason)).toContain("too many connections");
      await expectSteady(ring);
      const told = FIVE.flatMap((id) => ring.peer(id).lines).filter((l) =>
        /no longer|dead/.test(l),
      );
      expect(told).toEqual([]);
      for (const socket of sockets) socket.terminate();
    }, FIVE),
  LIMIT_MS,
);
