import { expect, test } from "bun:test";
import { EMPTY_SHA256, type FileRecord } from "../../src/protocol/model/files.ts";
import type { Member } from "../../src/protocol/model/member.ts";
import type { Routed } from "../../src/protocol/model/messages.ts";
import { NO_LINEAGE } from "../../src/protocol/model/siblings.ts";
import type { TestRing } from "../support/test-ring.ts";
import { withOpenRing } from "../support/test-ring.ts";
import { COUNTER, counter, INCARNATION, incarnation, Liar, made } from "./liar.ts";

/** A member that lies harms what it holds, not the ring. */

const FIVE = [2, 4, 8, 14, 19];
const LIMIT_MS = 180_000;

/** Tells lies to a ring, and looks whether all is well then: nobody has ended, all agree, files are stored and had. */
async function afterLies(tell: (ring: TestRing, liar: Liar) => Promise<void>): Promise<void> {
  await withOpenRing(async (ring) => {
    ring.file("2067", 3_000);
    ring.peer(8).type("Store 2067");
    await ring.peer(8).waitFor(/^Stored 2067: [23] of 3/);
    const liar = await Liar.open(ring.ports.base, ring.ports.base + 200);
    try {
      await tell(ring, liar);
      await ring.calm();
      for (const [id, name] of [
        [2, "2067"],
        [19, "4103"],
        [4, "0007"],
      ] as const) {
        ring.file(name, 2_000);
        const stored = await ring.run("store", `${name}.pdf`, "--name", name, "--peer", id);
        expect([stored.exitCode, stored.stderr]).toEqual([0, ""]);
        const had = await ring.run("request", name, "--peer", 14, "-o", `${name}.got`);
        expect([had.exitCode, had.stderr]).toEqual([0, ""]);
      }
      await ring.calm();
      expect(ring.living).toEqual(FIVE);
      // Nothing that was written down keeps a peer from starting again.
      await ring.kill(8, 14);
      ring.restart(8);
      ring.restart(14);
      await ring.calm();
    } finally {
      liar.close();
    }
  }, FIVE);
}

/** The members as one of them tells of them. */
async function membersOf(ring: TestRing) {
  return (await ring.status(8)).members;
}

const toAll = async (ring: TestRing, tell: (port: number) => unknown) => {
  for (const id of FIVE) await tell(ring.ports.base + id);
};

function record(name: string, fields: Partial<FileRecord> = {}): FileRecord {
  return {
    name,
    key: Number(name) % 256,
    operation: { origin: "22".repeat(8), number: 1 },
    version: { counter: COUNTER, owner: 200, instance: 7 },
    also: [],
    size: 0,
    sha256: EMPTY_SHA256,
    removed: false,
    apart: false,
    ageMs: 0,
    ...NO_LINEAGE,
    ...fields,
  };
}

function joinOf(joiner: Member, request: number): Routed {
  const { id, address, instance } = joiner;
  return {
    ...{ tag: "routed", request, route: [id], ask: { kind: "join", joiner }, leftMs: 5_000 },
    ...{ origin: { id, address, instance }, counter: 0, avoid: [], back: false, lost: false },
  };
}

test(
  "all are dead, or have left, at incarnations that leave them no answer",
  () =>
    afterLies(async (ring, liar) => {
      const members = await membersOf(ring);
      for (const state of ["left", "dead"] as const) {
        for (const high of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]) {
          const told = members.map(({ id, host, port }) =>
            made({ id, incarnation: INCARNATION, state, address: `${host}:${port}` }),
          );
          const gossip = { tag: "gossip", joining: false, members: told } as const;
          await toAll(ring, (port) => liar.datagram(port, gossip, incarnation(high)));
        }
      }
    }),
  LIMIT_MS,
);

test(
  "a counter that has no successor",
  () =>
    afterLies(async (ring, liar) => {
      for (const high of [2 ** 53 - 1, 2 ** 53 - 2, 2 ** 52]) {
        for (const name of ["2067", "4103"]) {
          const offer = { tag: "replicate", records: [record(name)], origin: null } as const;
          await toAll(ring, (port) => liar.stream(port, offer, counter(high)));
        }
      }
      await Bun.sleep(500);
    }),
  LIMIT_MS,
);

test(
  "a join, and a successor, that cannot be",
  () =>
    afterLies(async (ring, liar) => {
      const at = (id: number) => ring.ports.base + id;
      const joiner = made({
        id: 200,
        incarnation: INCARNATION,
        address: liar.address,
        instance: "11".repeat(8),
      });
      const routed = joinOf(joiner, 77);
      for (const high of [2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1]) {
        for (const id of FIVE) await liar.stream(at(id), routed, incarnation(high));
        for (const id of FIVE)
          await liar.stream(
            at(id),
            {
              tag: "successor-change",
              request: 78,
              joiner: made({ id: 100, incarnation: INCARNATION, address: "127.0.0.1:9" }),
            },
            incarnation(high),
          );
      }
      for (const id of FIVE)
        await liar.stream(at(id), {
          tag: "successor-change",
          request: 79,
          joiner: made({ id: 300, address: "127.0.0.1:9" }),
        });
      await Bun.sleep(500);
    }),
  LIMIT_MS,
);

test(
  "many members with the instance of one that holds a file",
  () =>
    afterLies(async (ring, liar) => {
      const self = (await ring.status(19)).self;
      const gossipOf = (instance: string, from: number) => ({
        tag: "gossip" as const,
        joining: true,
        members: Array.from({ length: 16 }, (_, i) =>
          made({ id: (from + i) % 256, instance, address: `127.0.0.1:${9 + i}` }),
        ).filter(({ id }) => !FIVE.includes(id)),
      });
      const instances = new Set<string>();
      for (const message of liar.heard)
        if ("members" in message) for (const m of message.members) instances.add(m.instance);
      instances.add("33".repeat(8));
      expect(self.id).toBe(19);
      for (const instance of instances)
        for (let from = 20; from < 256; from += 16)
          await toAll(ring, (port) => liar.datagram(port, gossipOf(instance, from)));
      await Bun.sleep(1_000);
    }),
  LIMIT_MS,
);

test(
  "members that nobody ever was, told of or let in, keep no store waiting",
  () =>
    afterLies(async (ring, liar) => {
      // It listens, and never says who it is.
      const silent = await Liar.open(ring.ports.base, ring.ports.base + 210);
      let round = 0;
      const lives = () =>
        Array.from({ length: 16 }, (_, i) => {
          const instance = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
          return made({ id: 20 + ((16 * round + i) % 230), instance, address: silent.address });
        });
      const lie = async (port: number) => {
        round += 1;
        await liar.stream(port, { tag: "gossip", joining: true, members: lives() });
        const [joiner = made({ id: 20 })] = lives();
        await liar.stream(port, { tag: "successor-change", request: round, joiner });
        await liar.stream(port, joinOf(joiner, round));
      };
      const telling = setInterval(() => void toAll(ring, lie), 20);
      try {
        for (let i = 0; i < 20; i++) {
          const name = String(4_000 + i);
          ring.file(name, 2_000);
          await ring.control(FIVE[i % FIVE.length] ?? 2).store(name, `${ring.cwd}/${name}.pdf`);
        }
        expect(await membersOf(ring)).toHaveLength(FIVE.length);
      } finally {
        clearInterval(telling);
        silent.close();
      }
    }),
  LIMIT_MS,
);
