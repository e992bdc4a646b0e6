/** A peer with a gigabyte of memory and a fifth of a core, among others: it joins, serves, and is no dead one. */
import { describe, expect, test } from "bun:test";
import { Clients } from "../../src/lab/clients.ts";
import { drawFiles } from "../../src/lab/corpus.ts";
import { drawnOrders } from "../../src/lab/orders.ts";
import { sha256, someBytes } from "../store/temporary.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { smallMachine } from "../support/small-machine.ts";
import { withRing } from "../support/test-ring.ts";

const LIMIT_MS = 240_000;
const GIGABYTE = 1_073_741_824;
const SHARE = 0.2;
const SMALL = 130;
const isLong = process.env["P2P_LONG"] !== undefined;
const LOAD_MS = isLong ? 60_000 : 1_000;
const LARGE_BYTES = isLong ? 500_000_000 : 8_000_000;

const probe = smallMachine(GIGABYTE, SHARE);
const why = typeof probe === "string" ? probe : "";
if (typeof probe !== "string") probe.close();

describe.skipIf(why !== "")(`a small machine${why && ` (left out: ${why})`}`, () => {
  test(
    "a peer on it joins, serves under load, and nobody holds it for dead",
    async () => {
      const small = smallMachine(GIGABYTE, SHARE);
      if (typeof small === "string") throw new Error(small);
      try {
        await withRing(
          async (ring) => {
            const began = performance.now();
            const args = ["join", SMALL, 90, 1, ...ring.basePort];
            const options = { args, cwd: ring.cwd, inside: small.inside };
            const peer = new PeerProcess(options, ring.wake);
            ring.peers.set(SMALL, peer);
            await peer.waitFor("Join request has been accepted", LIMIT_MS);
            const joinedMs = performance.now() - began;
            await ring.calm();

            const bytes = someBytes(LARGE_BYTES, 1);
            const stored = await ring.control(SMALL).store("7777", new Blob([bytes]).stream());
            expect(stored.kind).toBe("stored");
            const pieces: Uint8Array[] = [];
            const incoming = await ring.control(SMALL).request("7777");
            await incoming.read((piece) => void pieces.push(piece.slice()));
            expect(sha256(Buffer.concat(pieces))).toBe(sha256(bytes));

            const names = drawFiles(3, new Set(["7777"]), { count: 6 }).map(({ name }) => name);
            const everybody = {
              living: () => ring.living,
              control: (id: number) => ring.control(id),
            };
            const clients = new Clients(everybody, drawnOrders(names, 6), 3);
            clients.start();
            await Bun.sleep(LOAD_MS);
            await clients.stop();
            await ring.calm();
            const { operations } = clients;
            expect(operations.filter(({ outcome }) => outcome.kind !== "done")).toEqual([]);
            expect(operations.filter(({ peer }) => peer === SMALL).length).toBeGreaterThan(0);
            const dead = /no longer alive/;
            const said = [...ring.peers].flatMap(([id, { lines, errors }]) =>
              [...lines, ...errors]
                .filter((line) => dead.test(line))
                .map((line) => `${id}: ${line}`),
            );
            expect(said).toEqual([]);
            expect(peer.end).toBeNull();
            const most = (small.peakBytes / 1e6).toFixed(0);
            console.log(
              `    joined in ${joinedMs.toFixed(0)} ms; ${operations.length} operations; ${most} MB at most, contents in the system's cache included`,
            );
          },
          [10, 90, 170],
        );
      } finally {
        small.close();
      }
    },
    LIMIT_MS,
  );
});
