/** A peer beside somebody else's program, which is where a member should be. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreignAmong } from "../../src/daemon/drops.ts";
import { FOREIGN_DATAGRAMS, FOREIGN_LOOK_MS } from "../../src/daemon/limits.ts";
import type { Member } from "../../src/protocol/model/member.ts";
import { Drops } from "../../src/transport/drops.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { claimPorts } from "../support/ports.ts";

function expected(id: number): Member {
  const address = `127.0.0.1:${12_000 + id}`;
  return { id, incarnation: 0, instance: "00".repeat(8), state: "alive", address, hash: 0 };
}

test("only what comes again and again from where a member is expected is another program's", () => {
  const drops = new Drops();
  drops.count("datagram", "malformed", "127.0.0.1:12004", FOREIGN_DATAGRAMS);
  drops.count("datagram", "malformed", "127.0.0.1:12005", FOREIGN_DATAGRAMS - 1);
  drops.count("datagram", "of another ring", "127.0.0.1:12008", FOREIGN_DATAGRAMS);
  drops.count("frame", "malformed", "127.0.0.1:12009", FOREIGN_DATAGRAMS);
  const members = [4, 5, 8, 9].map(expected);
  expect(foreignAmong(members, drops.rows()).map(({ id }) => id)).toEqual([4]);
});

test("a peer says once that another program is at a successor's port", async () => {
  const dir = mkdtempSync(join(tmpdir(), "p2p-foreign-test-"));
  const ports = await claimPorts();
  let heard = 0;
  const program = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: ports.base + 4,
    socket: {
      data(socket, _, port, address) {
        heard++;
        socket.send("ping 4 0", port, address);
      },
      error() {},
    },
  });
  const args = ["init", 2, 4, 5, 0.2, "--base-port", ports.base];
  const peer = new PeerProcess({ args, cwd: dir });
  try {
    const sentence = `At 127.0.0.1:${ports.base + 4}, where peer 4 is expected, another program answers, which speaks another protocol.`;
    const said = () => peer.errors.filter((line) => line === sentence);
    await peer.wake.until("the sentence", 20_000, () => said()[0] ?? null);
    const before = heard;
    await Bun.sleep(2 * FOREIGN_LOOK_MS);
    expect(heard).toBeGreaterThan(before);
    expect(said()).toHaveLength(1);
  } finally {
    peer.signal("SIGKILL");
    program.close();
    ports.release();
    rmSync(dir, { recursive: true, force: true });
  }
}, 60_000);
