import { afterAll, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RoomWatch, roomOf } from "../../src/daemon/room.ts";
import { temporaryFolder } from "../store/temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** A data folder that is watched, and what was told of it. */
function watched(name: string) {
  const dir = join(folder.dir, name);
  mkdirSync(join(dir, "files"), { recursive: true });
  writeFileSync(join(dir, "index.db"), "");
  const told: (number | "gone")[] = [];
  const room = new RoomWatch({
    dir,
    room: (bytes) => void told.push(bytes),
    deleted: () => void told.push("gone"),
  });
  return { dir, told, room };
}

test("the room is told as the disk has it, less what the index and the log need", async () => {
  const { told, room } = watched("there");
  room.begin();
  await room.look();
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(told[0]).toBeGreaterThan(0);
  expect(room.isThere).toBe(true);
  room.close();
  expect(roomOf(1_000_000)).toBe(0);
  expect(roomOf(1_048_577)).toBe(1);
});

test("a folder that is gone, or another one, or lacks what must be in it, is noticed once", async () => {
  const ways: ((dir: string) => void)[] = [
    (dir) => rmSync(dir, { recursive: true }),
    (dir) => rmSync(join(dir, "files"), { recursive: true }),
    (dir) => rmSync(join(dir, "index.db")),
    (dir) => {
      renameSync(dir, `${dir}-moved`);
      mkdirSync(join(dir, "files"), { recursive: true });
      writeFileSync(join(dir, "index.db"), "");
    },
  ];
  for (const [i, way] of ways.entries()) {
    const { dir, told, room } = watched(`gone-${i}`);
    expect(room.isThere).toBe(true);
    way(dir);
    expect(room.isThere).toBe(false);
    await room.look();
    expect(told).toEqual([0, "gone"]);
    room.close();
  }
});

test("what is not there yet is missed from when it has been there", async () => {
  const { dir, told, room } = watched("young");
  rmSync(join(dir, "index.db"));
  const young = new RoomWatch({ dir, room: () => {}, deleted: () => void told.push("gone") });
  await young.look();
  writeFileSync(join(dir, "index.db"), "");
  await young.look();
  expect([young.isThere, told]).toEqual([true, []]);
  rmSync(join(dir, "index.db"));
  await young.look();
  expect([young.isThere, told]).toEqual([false, ["gone"]]);
  room.close();
});
