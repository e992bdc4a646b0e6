import { afterAll, expect, test } from "bun:test";
import {
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { checkDestination, deliver, lookLocal, openLocal } from "../../src/store/user-files.ts";
import { sha256, someBytes, temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

test("only NNNN.pdf in the folder itself is looked at", () => {
  const dir = join(folder.dir, "look");
  mkdirSync(join(dir, "in"), { recursive: true });
  writeFileSync(join(dir, "2067.pdf"), "outside");
  writeFileSync(join(dir, "in", "4103.pdf"), "content");
  mkdirSync(join(dir, "in", "5000.pdf"));
  Bun.spawnSync(["mkfifo", join(dir, "in", "6000.pdf")]);
  symlinkSync("nowhere", join(dir, "in", "7000.pdf"));
  const at = join(dir, "in");
  expect(lookLocal(at, "4103")).toBe(7);
  for (const name of ["2067", "5000", "6000", "7000", "../2067", "", "4103.pdf", "../in/4103"]) {
    expect(lookLocal(at, name)).toBeNull();
    expect(openLocal(at, name)).toBeNull();
  }
  const content = openLocal(at, "4103");
  const bytes = new Uint8Array(10);
  expect(content?.read(bytes, 3)).toBe(4);
  expect(Buffer.from(bytes).toString("utf8", 0, 4)).toBe("tent");
  content?.close();
});

test.skipIf(process.geteuid?.() !== 0)("a link is followed where it is this user's own", () => {
  const dir = join(folder.dir, "links");
  mkdirSync(dir);
  writeFileSync(join(dir, "secret"), "secret");
  for (const name of ["4104", "4105"]) symlinkSync("secret", join(dir, `${name}.pdf`));
  lchownSync(join(dir, "4105.pdf"), 12_345, 12_345);
  expect([lookLocal(dir, "4104"), lookLocal(dir, "4105")]).toEqual([6, null]);
  openLocal(dir, "4104")?.close();
  expect(openLocal(dir, "4105")).toBeNull();
});

test("a delivery appears whole, at its end, and leaves nothing else", async () => {
  const dir = join(folder.dir, "deliver");
  mkdirSync(dir);
  const path = join(dir, "received_2067.pdf");
  writeFileSync(path, "old");
  const bytes = someBytes(2_000_000);
  const delivery = deliver(path, "replace");
  await delivery.write(bytes);
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(delivery.sha256()).toBe(sha256(bytes));
  await delivery.finish();
  expect(sha256(readFileSync(path))).toBe(sha256(bytes));
  expect(readdirSync(dir)).toEqual(["received_2067.pdf"]);
  // As readable as any other new file of this user.
  expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask());
});

test("pieces of any size come together in order, with or without a hash", async () => {
  const bytes = someBytes(5_000_000);
  for (const hash of [true, false]) {
    const path = join(folder.dir, `pieces-${hash}`);
    const delivery = deliver(path, "refuse", { hash });
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = [1, 300_000, 4_095, 16_384, 16_383, 70_000, 10, 1_200_000][i % 8] ?? 1;
      // The piece is the delivery's to keep, as in the store: it is not written over.
      const room = delivery.write(bytes.slice(at, at + size));
      at = Math.min(at + size, bytes.length);
      expect(delivery.size).toBe(at);
      if (room !== undefined) await room;
    }
    if (hash) expect(delivery.sha256()).toBe(sha256(bytes));
    await delivery.finish();
    expect(sha256(readFileSync(path))).toBe(sha256(bytes));
  }
});

test("what is there is not overwritten unless it may be", async () => {
  const dir = join(folder.dir, "refuse");
  mkdirSync(dir);
  const path = join(dir, "report.pdf");
  const early = deliver(path, "refuse");
  early.write(someBytes(10));
  await early.finish();
  const late = deliver(path, "refuse");
  late.write(someBytes(20));
  await expect(late.finish()).rejects.toThrow("exists already");
  await expect(checkDestination(path, "refuse")).rejects.toThrow("exists already");
  await expect(checkDestination(dir, "replace")).rejects.toThrow("is a folder");
  await expect(checkDestination(join(dir, "no", "x"), "replace")).rejects.toThrow("does not exist");
  const never = deliver(join(dir, "never"), "refuse");
  await never.write(someBytes(1_000_000));
  await never.abort();
  await deliver(join(dir, "empty"), "refuse").finish();
  expect(readdirSync(dir).sort()).toEqual(["empty", "report.pdf"]);
  expect(readFileSync(path).length).toBe(10);
});

test("a folder that is not there is a sentence", async () => {
  const delivery = deliver(join(folder.dir, "nowhere", "x"), "refuse");
  delivery.write(someBytes(10));
  await expect(delivery.finish()).rejects.toThrow("could not be written");
});
