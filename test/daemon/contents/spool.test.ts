import { afterAll, expect, test } from "bun:test";
import {
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { HeldFile } from "../../../src/daemon/contents/held.ts";
import {
  landingSpot,
  type Spot,
  spoolDelivery,
  spoolSpot,
} from "../../../src/daemon/contents/spool.ts";
import { Failure } from "../../../src/protocol/model/failure.ts";
import { markOf } from "../../../src/store/user-files.ts";
import { sha256, someBytes, temporaryFolder } from "../../store/temporary.ts";

/** The files that commands at the control socket name: made and opened by the peer itself. */

const { dir, remove } = temporaryFolder();
afterAll(remove);
const mark = markOf(dir) ?? "";
const before = Promise.resolve();
const waiting = () => new AbortController().signal;
const bytes = someBytes(3_000_000);
const made = join(dir, ".mine.part");

function listing(): string[] {
  return readdirSync(dir).sort();
}

test("a large content becomes the file that was named, its user's alone; a small one none", async () => {
  const spot = landingSpot({ path: made, mark, as: "mine" });
  if (spot === null) throw new Error("it cannot be made");
  expect(listing()).toEqual([]);
  for (const size of [0, 65_536, 65_537, bytes.length]) {
    const delivery = spoolDelivery(
      () => spot,
      () => before,
      waiting,
    );
    for (let at = 0; at < size; at += 50_000) {
      await delivery.write(bytes.slice(at, Math.min(at + 50_000, size)));
    }
    await delivery.finish();
    const content = delivery.spooled();
    if (size <= 65_536) {
      expect(content).toEqual({ bytes: Buffer.from(bytes.slice(0, size)) });
      expect(listing()).toEqual([]);
    } else {
      expect(content).toEqual({ path: made, size });
      expect(sha256(readFileSync(made))).toBe(sha256(bytes.slice(0, size)));
      expect(statSync(made).mode & 0o777).toBe(0o600);
      unlinkSync(made);
    }
  }
});

test("nothing is left of a delivery that is given up, at whatever moment", async () => {
  const spot = landingSpot({ path: made, mark, as: "mine" });
  if (spot === null) throw new Error("it cannot be made");
  const early = spoolDelivery(
    () => spot,
    () => before,
    waiting,
  );
  const writing = early.write(bytes);
  await early.abort();
  await expect(Promise.resolve(writing)).rejects.toThrow("Nobody waits");
  const whole = spoolDelivery(
    () => spot,
    () => before,
    waiting,
  );
  await whole.write(bytes);
  await whole.finish();
  expect(listing()).toEqual([".mine.part"]);
  await whole.abort();
  const first = spoolDelivery(
    () => spot,
    () => before,
    waiting,
  );
  await first.write(bytes);
  // The next begins before the first has left its file.
  const second = spoolDelivery(
    () => spot,
    () => first.abort(),
    waiting,
  );
  await second.write(bytes);
  await second.finish();
  expect(sha256(readFileSync(made))).toBe(sha256(bytes));
  await second.abort();
  expect(listing()).toEqual([]);
});

test("what stands in the way stays, and where no file can be made there is no spot", () => {
  writeFileSync(made, "mine");
  expect(() => landingSpot({ path: made, mark, as: "mine" })).toThrow("exists already");
  expect(readFileSync(made, "utf8")).toBe("mine");
  unlinkSync(made);
  expect(landingSpot({ path: made, mark: "another disk", as: "mine" })).toBeNull();
  expect(landingSpot({ path: join(dir, "no/where"), mark, as: "mine" })).toBeNull();
  expect(listing()).toEqual([]);
});

test("a disk that refuses is told in terms of what the person named, or of the peer", async () => {
  const refused = async (spot: Spot): Promise<unknown> => {
    const delivery = spoolDelivery(
      () => ({ ...spot, path: join(dir, "no/where") }),
      () => before,
      waiting,
    );
    return await Promise.resolve(delivery.write(bytes))
      .then(() => delivery.finish())
      .catch((error: unknown) => error);
  };
  const spot = landingSpot({ path: made, mark, as: "mine" });
  if (spot === null) throw new Error("it cannot be made");
  for (const error of [await refused(spot), await refused(spoolSpot(dir))]) {
    expect(error).toBeInstanceOf(Failure);
  }
  expect(String(await refused(spot))).toContain("mine could not be written");
  expect(spot.refusal({ code: "ENOSPC" }).message).toBe(
    "The disk is full, mine was not written: make room and ask again.",
  );
  expect(String(await refused(spoolSpot(dir)))).toContain("make room in its data folder");
});

test("a file is opened once, if it is the very file, and read until its readers have closed it", async () => {
  const path = join(dir, "film");
  writeFileSync(path, bytes);
  expect(HeldFile.open({ path, mark })).toBeNull();
  expect(HeldFile.open({ path: join(dir, "none"), mark })).toBeNull();
  const held = HeldFile.open({ path, mark: markOf(path) ?? "" });
  const [one, other] = [held?.open(), held?.open()];
  unlinkSync(path);
  const into = new Uint8Array(100_000);
  expect(await one?.read(into, 0)).toBe(into.length);
  one?.close();
  held?.release();
  expect(held?.open()).toBeNull();
  expect(await other?.read(into, 2_950_000)).toBe(50_000);
  expect(await other?.read(into, 3_000_000)).toBe(0);
  expect(held?.short).toBe(false);
  other?.close();
});

test("a file that changes is noticed, whatever of it is read", async () => {
  const path = join(dir, "film");
  const seen: number[] = [];
  const open = () => {
    writeFileSync(path, bytes);
    const held = HeldFile.open({ path, mark: markOf(path) ?? "" });
    if (held === null) throw new Error("it cannot be opened");
    return held;
  };
  const same = open();
  expect(await same.hash((at) => seen.push(at))).toBe(sha256(bytes));
  expect([seen.at(-1), same.changed]).toEqual([bytes.length, false]);
  same.release();
  // Nothing more of it comes, be it to be hashed or to be sent.
  const one = open();
  const content = one.open();
  const hashing = one.hash(() => writeFileSync(path, "other"));
  expect([await hashing, one.changed]).toEqual([null, true]);
  writeFileSync(path, bytes);
  expect(await content?.read(new Uint8Array(1_000), bytes.length - 1_000)).toBe(0);
  expect(await content?.read(new Uint8Array(1_000), 0)).toBe(0);
  content?.close();
  one.release();
  // It is spoilt if nobody was given its last byte, but for those who found that it was another.
  for (const [readers, wrong, spoilt] of [
    [0, 0, true],
    [1, 0, false],
    [1, 1, true],
    [2, 1, false],
  ] as const) {
    const file = open();
    await file.hash(() => {});
    for (let i = 0; i < readers; i++) {
      const reader = file.open();
      expect(await reader?.read(new Uint8Array(1_000), bytes.length - 1_000)).toBe(1_000);
      reader?.close();
    }
    for (let i = 0; i < wrong; i++) file.noteChanged();
    expect(file.spoilt).toBe(wrong === readers && wrong > 0);
    writeFileSync(path, "other");
    expect(file.spoilt).toBe(spoilt);
    file.release();
  }
  // Small ones are read at once; none is a mixture.
  writeFileSync(path, "small");
  const small = HeldFile.at(path);
  expect(small?.small()).toEqual(new TextEncoder().encode("small"));
  writeFileSync(path, "other");
  utimesSync(path, 1, 1);
  expect([small?.small(), small?.open(), small?.changed]).toEqual([null, null, true]);
  small?.release();
  unlinkSync(path);
});

test("a file that gets shorter while it is read is noticed, and not read again", async () => {
  const path = join(dir, "film");
  writeFileSync(path, bytes);
  const held = HeldFile.open({ path, mark: markOf(path) ?? "" });
  const content = held?.open();
  truncateSync(path, 1_000_000);
  expect(await content?.read(new Uint8Array(1_000), 2_000_000)).toBe(0);
  expect(held?.short).toBe(true);
  expect(held?.open()).toBeNull();
  content?.close();
  held?.release();
  unlinkSync(path);
});
