/**
 * A ring of three peers, two of them on small disks that fill up; prints what was said, as one line of
 * JSON. To be run where file systems can be mounted that nobody else sees.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimPorts } from "../support/ports.ts";
import { TestRing } from "../support/test-ring.ts";

const DISK = "4m";
const [SMALL, ROOMY, OTHER] = [20, 30, 40];
const ring = new TestRing(await claimPorts(), 1);

function mount(id: number): void {
  mkdirSync(ring.folderOf(id), { recursive: true });
  const argv = ["mount", "-t", "tmpfs", "-o", `size=${DISK},mode=0700`, "none", ring.folderOf(id)];
  if (!Bun.spawnSync(argv).success) throw new Error(`no small disk for peer ${id}`);
}

/** Fills a disk up to its last byte. */
function fill(id: number): void {
  for (let size = 1_048_576; size > 0; size >>= 1) {
    for (let i = 0; ; i++) {
      try {
        writeFileSync(fillerOf(id, size, i), new Uint8Array(size));
      } catch {
        break;
      }
    }
  }
}

function fillerOf(id: number, size: number, i: number): string {
  return join(ring.folderOf(id), `filler-${size}-${i}`);
}

function makeRoom(id: number): void {
  for (let i = 0; i < 4; i++) rmSync(fillerOf(id, 1_048_576, i), { force: true });
}

async function run(...argv: readonly string[]) {
  const { stdout, stderr, exitCode } = await ring.run(...argv, "--peer", ROOMY);
  return { stdout, stderr, exitCode };
}

/** What peer 30 says of the health of its ring as soon as that fits. */
function health(fits: (stdout: string) => boolean) {
  return ring.wake.until("another word of the ring's health", 30_000, async () => {
    const told = await run("health");
    return fits(told.stdout) ? told : null;
  });
}

function roomAgain(id: number) {
  return ring.wake.until(`room at peer ${id}`, 20_000, async () =>
    (await ring.status(id)).files.room > 0 ? true : null,
  );
}

const isWell = (stdout: string) => stdout.startsWith("healthy");

try {
  mount(SMALL);
  mount(OTHER);
  ring.init([SMALL, ROOMY, OTHER]);
  await ring.calm();
  for (const name of ["1000", "1001", "1002"]) ring.file(name, 20_000);
  const before = await run("store", "1000.pdf");
  const wellBefore = await health(isWell);
  fill(SMALL);
  fill(OTHER);
  const unwell = await health((stdout) => stdout.split("disk is full").length === 3);
  const refused = await run("store", "1001.pdf");
  const required = await run("store", "1002.pdf", "--require", "1");
  const status = await run("status");
  const json = JSON.parse((await run("health", "--json")).stdout);
  const peer = ring.peer(ROOMY);
  peer.signal("SIGTERM");
  const waits = await peer.waitFor(/waits up to/);
  const end = await peer.waitForEnd(60_000);
  const last = peer.errors.at(-1);
  makeRoom(SMALL);
  makeRoom(OTHER);
  for (const id of [SMALL, OTHER]) await roomAgain(id);
  ring.restart(ROOMY);
  const wellAgain = await health(isWell);
  const files = await run("ls", "--json");
  const names = JSON.parse(files.stdout).files.map(
    ({ name, holders }: { name: string; holders: number[] }) => [name, holders.length],
  );
  console.log(
    JSON.stringify({
      ...{ before, wellBefore, unwell, refused, required, status, json },
      ...{ waits: waits.text, code: end.code, last, wellAgain, names },
    }),
  );
} finally {
  await ring.kill(...ring.living);
  for (const id of [SMALL, OTHER]) Bun.spawnSync(["umount", ring.folderOf(id)]);
  await ring.close();
}
