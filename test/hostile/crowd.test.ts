/** A burst of connections at a control socket on which nothing is asked: more than its peer may have descriptors. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { PeerProcess } from "../support/peer-process.ts";
import { withRing } from "../support/test-ring.ts";

const DESCRIPTORS = 256;
const LIMIT_MS = 120_000;

test(
  "a control socket answers while more connections than it can have say nothing",
  () =>
    withRing(async (ring) => {
      const few = ["bash", "-c", `ulimit -n ${DESCRIPTORS} && exec "$@"`, "--"];
      const args = ["init", 8, 2, 8, 1, ...ring.basePort];
      ring.peers.set(8, new PeerProcess({ args, cwd: ring.cwd, inside: few }, ring.wake));
      ring.start(2, ["init", 2, 8, 2, 1]);
      await ring.calm();
      ring.file("4100", 2_000);
      const sockets: { terminate(): void }[] = [];
      const connect = async () => {
        const unix = join(ring.folderOf(8), "door.sock");
        const socket = { data() {}, error() {} };
        const opened = await Bun.connect({ unix, socket }).catch(() => null);
        if (opened !== null) sockets.push(opened);
      };
      for (let i = 0; i < DESCRIPTORS + 50; i++) await connect();
      for (let i = 0; i < 3; i++) {
        expect((await ring.status(8)).members.length).toBe(2);
        const stored = await ring.run("store", "4100.pdf", "--peer", 8);
        expect(stored).toMatchObject({ exitCode: 0 });
        for (let j = 0; j < 20; j++) await connect();
      }
      expect(ring.peer(2).errors).toEqual([]);
      for (const socket of sockets) socket.terminate();
    }),
  LIMIT_MS,
);
