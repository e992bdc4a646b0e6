/** Contents without end, contents that come slowly, and readers that do not read: the ring goes on. */
import { expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { NO_LINEAGE } from "../../src/protocol/model/siblings.ts";
import { sha256 } from "../store/temporary.ts";
import { ASIDE } from "../support/program.ts";
import { type TestRing, withOpenRing } from "../support/test-ring.ts";
import { Giver } from "./giver.ts";
import { Liar } from "./liar.ts";

const FIVE = [2, 4, 8, 14, 19];
const LIMIT_MS = 180_000;
const ANNOUNCED = 100_000;

/** A file that nobody has, of a name and size. */
function offered(name: string, size: number): FileRecord {
  return {
    ...{ name, key: Number(name) % 256, size, sha256: "ab".repeat(32) },
    operation: { origin: "22".repeat(8), number: Number(name) },
    version: { counter: 1_000_000, owner: 200, instance: 7 },
    ...{ also: [], removed: false, apart: false, ageMs: 0, ...NO_LINEAGE },
  };
}

/** One that says what it likes in the name of a member: what strangers offer is not taken. */
async function openMember(ring: TestRing, id: number): Promise<Liar> {
  const { base } = ring.ports;
  const scout = await Liar.open(base, base + 199);
  const ping = { tag: "ping", nonce: 1, round: false, digest: 0, room: 0 } as const;
  await until("the member answers", () => {
    scout.datagram(base + id, { ...ping, awayMs: null, forgottenMs: null });
    return scout.senders.has(id);
  });
  const member = scout.senders.get(id);
  scout.close();
  if (member === undefined) throw new Error("nobody answered");
  const { incarnation, instance, state } = member;
  return Liar.open(base, base + 200, { id, incarnation, instance, state, port: base + id });
}

/** Offers files to all peers, whose contents are to be had of a giver. */
async function offer(ring: TestRing, giver: Giver, names: readonly string[], size: number) {
  const liar = await openMember(ring, 19);
  const origin = { id: 200, address: giver.address, request: 5 };
  for (const id of FIVE) {
    for (const name of names) {
      const records = [offered(name, size)];
      await liar.stream(ring.ports.base + id, { tag: "replicate", records, origin });
    }
  }
  return liar;
}

/** Bytes of the files in the data folders that are not the ring's own doing. */
function bytesComing(ring: TestRing): number {
  const sizes = FIVE.flatMap((id) => {
    const dir = join(ring.folderOf(id), "files");
    return readdirSync(dir).map((name) => {
      const found = statSync(join(dir, name), { throwIfNoEntry: false });
      return found?.size ?? 0;
    });
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${what}`);
    await Bun.sleep(20);
  }
}

/** Files of all sizes are stored, and had, in good time. */
async function worksOn(ring: TestRing, sizes: readonly number[]): Promise<void> {
  for (const [i, size] of sizes.entries()) {
    const name = `${4_100 + i}`;
    const bytes = ring.file(name, size);
    const stored = await ring.run("store", `${name}.pdf`, "--name", name, "--peer", 2);
    expect(stored.stderr).toMatch(ASIDE);
    expect(stored.exitCode).toBe(0);
    const had = await ring.run("request", name, "--peer", 14, "-o", `${name}.got`);
    expect([had.exitCode, had.stderr]).toEqual([0, ""]);
    expect(await ring.hashOf(`${name}.got`)).toBe(sha256(bytes));
  }
}

/** Before the readers are known to be slow, a request may be refused: what comes of one is told then. */
async function soonHad(ring: TestRing, id: number): Promise<[number | null, string]> {
  const end = performance.now() + 20_000;
  for (;;) {
    const had = await ring.run("request", "2067", "--peer", id, "-o", `${id}.got`, "--force");
    if (had.exitCode === 0 || performance.now() > end) return [had.exitCode, had.stderr];
  }
}

const NOISE = new Uint8Array(64 << 10).fill(7);
/** As much as goes out at once; the rest when there is room. */
function pour(taker: { write(bytes: Uint8Array): number }): void {
  while (taker.write(NOISE) === NOISE.length);
}

test.each([2 ** 40, ANNOUNCED])(
  "a content that goes on behind what was announced takes no room (%d)",
  (size) =>
    withOpenRing(async (ring) => {
      const giver = new Giver(
        ring.ports.base,
        ring.ports.base + 201,
        (taker, say) => {
          say({ tag: "content", size });
          pour(taker);
        },
        pour,
      );
      const liar = await offer(ring, giver, ["2067"], ANNOUNCED);
      try {
        await until("all were offered it", () => giver.asked >= FIVE.length);
        for (let i = 0; i < 20; i++) {
          expect(bytesComing(ring)).toBeLessThanOrEqual(FIVE.length * ANNOUNCED);
          await Bun.sleep(50);
        }
        await until("nothing of it stays", () => bytesComing(ring) === 0);
        await worksOn(ring, [3_000, 200_000]);
        await ring.calm();
      } finally {
        liar.close();
        giver.close();
      }
    }, FIVE),
  LIMIT_MS,
);

test(
  "contents that come at a byte in eight seconds hold nothing back",
  () =>
    withOpenRing(async (ring) => {
      const giver = new Giver(ring.ports.base, ring.ports.base + 201, (_, say) =>
        say({ tag: "content", size: 1_000_000 }),
      );
      const drip = setInterval(() => {
        for (const taker of giver.open) taker.write(Uint8Array.of(1));
      }, 8_000);
      const names = Array.from({ length: 40 }, (_, i) => `${2_000 + i}`);
      const liar = await offer(ring, giver, names, 1_000_000);
      try {
        await until("all that may be are fetched", () => giver.open.size >= 4 * FIVE.length);
        await worksOn(ring, [3_000, 200_000, 3_000_000]);
        await ring.calm();
      } finally {
        clearInterval(drip);
        liar.close();
        giver.close();
      }
    }, FIVE),
  LIMIT_MS,
);

test.each([
  ["strangers", () => 9],
  ["some that say they are members", (base: number, i: number) => base + (i % 2 === 0 ? 8 : 19)],
] as const)(
  "readers that do not read, %s, hold nothing back",
  (_, portOf) =>
    withOpenRing(async (ring) => {
      const { base } = ring.ports;
      const bytes = ring.file("2067", 20_000_000);
      const stored = await ring.run("store", "2067.pdf", "--name", "2067", "--peer", 8);
      expect(stored.exitCode).toBe(0);
      await ring.calm();
      const listed = await ring.control(8).list();
      const write = listed.files[0]?.record;
      if (write === undefined) throw new Error("nothing is listed");
      const reader = new Giver(base, base + 201, () => {});
      const source = { kind: "write", write } as const;
      const read = async () => {
        for (const id of FIVE) {
          for (let i = 0; i < 66; i++) {
            await reader.take(base + id, { tag: "fetch", source, offset: 0 }, portOf(base, i));
          }
        }
      };
      try {
        await read();
        for (const id of FIVE) {
          expect(await soonHad(ring, id)).toEqual([0, ""]);
          expect(await ring.hashOf(`${id}.got`)).toBe(sha256(bytes));
        }
        await worksOn(ring, [3_000, 200_000]);
        await ring.calm();
        const told = (await ring.status(19)).drops.map(({ reason }) => reason);
        expect(told).toContain("too many are served");
      } finally {
        reader.close();
      }
    }, FIVE),
  LIMIT_MS,
);
