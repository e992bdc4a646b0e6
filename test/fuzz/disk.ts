/**
 * A data folder that the disk has not kept as it was: bytes of any of its files, values of the small ones,
 * cells of the index. What must hold: it opens, or is refused with one sentence; a peer starts with what it
 * has, and can say what it says; what was not damaged is read back as it was stored, and nothing else is
 * read under its hash.
 */
import { Database } from "bun:sqlite";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import { Failure } from "../../src/protocol/model/failure.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import type { Effect } from "../../src/protocol/model/io.ts";
import { makeMember } from "../../src/protocol/model/member.ts";
import { nextDeadline, startPeer, step } from "../../src/protocol/peer.ts";
import type { Peer } from "../../src/protocol/state.ts";
import { effectBytes } from "../../src/sim/effect-bytes.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { drawnRing } from "../../src/sim/stage.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import { FOLDER_VERSION, isNewer } from "../../src/store/older.ts";
import { encode } from "../../src/wire/message.ts";
import { put, readAll, recordOf, removalOf } from "../store/records.ts";
import { someBytes } from "../store/temporary.ts";
import { damaged } from "./bytes.ts";
import { type Found, type Target, tally } from "./target.ts";

const CONFIG = drawnRing(1_000);
const NAMES = ["one", "two", "three", "caf\u00e9", "large"] as const;
const COLUMNS = 16;
const SMALL_FILES = ["identity.json", "view.json", "alive.json"] as const;
const TICKS = 8;

/** What was done to a folder, and which records may have gone with it; null where any may. */
type Harm = { readonly what: string; readonly lost: readonly string[] | null };

/** A sentence that only an engine's own error has. */
const JARGON = /evaluating|is not (a function|an object|iterable)|undefined/;

/** @param open failures that are known, by the first line of what they say: they are counted and passed over */
export async function openDisk(open: ReadonlySet<string>): Promise<Target> {
  // Memory, where there is a file system of it: each case copies a folder and syncs it.
  const root = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "p2p-fuzz-"));
  // As a peer leaves it that ends in good order, and as one does that is killed.
  const wholes = [join(root, "closed"), join(root, "killed")] as const;
  const records = await makeFolder(...wholes);
  const did: Record<string, number> = {};
  let escaped: unknown = null;
  const note = (error: unknown) => {
    escaped = error;
  };
  process.on("unhandledRejection", note);
  const play = async (seed: number): Promise<{ what: string; why: string } | null> => {
    const dir = join(root, String(seed));
    const generator = new RandomGenerator(seed);
    for (let i = 0; i < 20; i++) generator.bits();
    cpSync(generator.pick(wholes), dir, { recursive: true });
    const harm = doHarm(generator, dir);
    const { what } = harm;
    tally(did, what.split(/[ :/]/)[0] ?? "");
    escaped = null;
    try {
      const why = await look(dir, records, harm, did);
      if (why !== null) return { what, why };
      return escaped === null ? null : { what, why: `escaped: ${textOf(escaped)}` };
    } catch (error) {
      return { what, why: `threw: ${textOf(error)}` };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
  return {
    did,
    async run(seed): Promise<Found | null> {
      const failed = await play(seed);
      if (failed === null) return null;
      const { what, why } = failed;
      if (!open.has(why.split("\n")[0] ?? ""))
        return { why, reproduction: [what], kept: { seed, what } };
      tally(did, "failures that are known");
      return null;
    },
    async replay(kept) {
      const { seed }: { seed: number } = JSON.parse(kept);
      return (await play(seed))?.why ?? null;
    },
    close() {
      process.off("unhandledRejection", note);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export async function makeFolder(dir: string, killed: string): Promise<readonly FileRecord[]> {
  const folder = await openFolder(dir);
  await folder.saveIdentity({ id: 2 ** 40, ring: CONFIG.ring, incarnation: 3, config: CONFIG });
  const member = (id: number, state: "alive" | "left") =>
    makeMember({
      id,
      incarnation: 2,
      instance: "0123456789abcdef",
      state,
      address: `10.0.0.1:${id}`,
    });
  folder.saveView([member(7, "alive"), member(9, "alive"), member(11, "left")], false);
  folder.saveAlive(5_000, 90_000);
  const records = NAMES.map((name, i) => {
    const bytes = someBytes(name === "large" ? BODY_BYTES + 2_000 : 300 + i, i + 1);
    return {
      bytes,
      record: recordOf(name, bytes, 10 + i, [{ counter: 3, owner: 8, instance: 1 }]),
    };
  });
  for (const { record, bytes } of records) await put(folder.files, record, bytes);
  await folder.files.mergeRecord(
    removalOf("two", 90, [records[1]?.record.version ?? { counter: 0, owner: 0, instance: 0 }]),
  );
  const held = folder.files.records();
  cpSync(dir, killed, { recursive: true });
  await folder.close();
  return held;
}

export function doHarm(generator: RandomGenerator, dir: string): Harm {
  const how = generator.below(4);
  if (how === 0) return changeCell(generator, dir);
  if (how === 1) return changeValue(generator, dir);
  const contents = readdirSync(join(dir, "files")).map((name) => join("files", name));
  const index = readdirSync(dir).filter((name) => name.startsWith("index.db"));
  const file = generator.pick([...SMALL_FILES, ...index, ...contents]);
  const path = join(dir, file);
  const bytes = new Uint8Array(readFileSync(path));
  const after = damaged(generator, bytes, bytes);
  writeFileSync(path, after);
  const at = bytes.findIndex((byte, i) => byte !== after[i]);
  const what = `${file} from byte ${at} on, ${bytes.length} to ${after.length} bytes`;
  if (index.includes(file)) return { what, lost: null };
  if (isOfNewer(path)) return { what, lost: null };
  return { what, lost: file.startsWith("files") ? ["large"] : [] };
}

/** Damage to the version alone looks like a newer program's folder, which is refused. */
function isOfNewer(path: string): boolean {
  if (!path.endsWith("identity.json")) return false;
  try {
    return isNewer(JSON.parse(readFileSync(path, "utf8"))?.v, FOLDER_VERSION);
  } catch {
    return false;
  }
}

/** What no column, and no field, was written with. */
function hostile(generator: RandomGenerator): string | number | null {
  const bits = generator.pick([8, 31, 32, 48, 52, 53]);
  return generator.pick([
    ...[0, 1, -1, 0.5, 2 ** bits, 2 ** bits - 1, 2 ** bits + 1, -(2 ** bits), 1e300, null],
    ...[
      "",
      "x",
      "..",
      "a/b",
      "null",
      ";;;",
      "1.2.3",
      ";1.2.3;;",
      ";;;0123456789abcdef.1.2.3.4.5.6",
    ],
    ...["0".repeat(64), "f".repeat(16), "x".repeat(300), "\u0080", "\ud800", `${2 ** bits}.-1.1e9`],
    ...["left", "dead", "10.0.0.1:0", "10.0.0.1:99999", "h:1", "[::1]:9", ":1"],
  ]);
}

function changeCell(generator: RandomGenerator, dir: string): Harm {
  const database = new Database(join(dir, "index.db"));
  try {
    const rows = database.query<{ id: number; name: string }, []>("SELECT * FROM files").all();
    const row = generator.pick(rows);
    const columns = Object.keys(row).slice(0, COLUMNS);
    const column = generator.pick([...columns, "bytes"]);
    const value = hostile(generator);
    const table = column === "bytes" ? "bodies" : "files";
    const what = `cell ${table}.${column} of ${row.name} = ${JSON.stringify(value)}`;
    try {
      database.query(`UPDATE ${table} SET ${column} = ? WHERE id = ?`).run(value, row.id);
    } catch {
      // The tables themselves refuse it.
      return { what: `${what}, refused`, lost: [] };
    }
    // A removal that is not read any more leaves what it removed to another; one row may name another's content.
    return { what, lost: column === "content" || column === "id" ? null : [row.name] };
  } finally {
    database.close();
  }
}

function changeValue(generator: RandomGenerator, dir: string): Harm {
  const file = generator.pick(SMALL_FILES);
  const path = join(dir, file);
  const value = hostile(generator);
  let at = 1 + generator.below(24);
  let key = "";
  const text = JSON.stringify(JSON.parse(readFileSync(path, "utf8")), (name, part) => {
    if (at-- !== 0) return part;
    key = name;
    return value;
  });
  writeFileSync(path, text);
  const lost = isOfNewer(path) ? null : [];
  return { what: `${file}: ${key} = ${JSON.stringify(value)}`, lost };
}

/** Opens the folder, starts a peer with it, and reads all back. @returns what does not hold */
async function look(
  dir: string,
  stored: readonly FileRecord[],
  harm: Harm,
  did: Record<string, number>,
): Promise<string | null> {
  let folder: Folder;
  try {
    folder = await openFolder(dir);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tally(did, "refused");
    const why = error.message.replaceAll(dir, "DIR");
    if (JARGON.test(why)) return `it is refused in an engine's words: ${why}`;
    return harm.lost === null ? null : `refused: ${why}`;
  }
  try {
    return live(folder) ?? (await readBack(folder, stored, harm));
  } finally {
    await folder.close();
  }
}

/** A peer begins with it, as the daemon has it begin. */
function live({ identity, restored, left, awayMs, forgottenMs, files }: Folder): string | null {
  const { peer, effects } = startPeer(
    {
      ...{ type: "start", config: identity?.config ?? CONFIG, id: identity?.id ?? 2 ** 40 },
      ...{ address: "10.0.0.1:9", instance: "aaaaaaaaaaaaaaaa", seed: 1, start: { kind: "found" } },
      ...{ incarnation: identity?.incarnation ?? 0, restored, left, awayMs, forgottenMs },
      files: files.records(),
    },
    0,
  );
  let all = [...effects];
  for (let i = 0; i < TICKS && peer.phase !== "ended"; i++) {
    const why = unsayable(peer, all);
    if (why !== null) return why;
    const persist = all.find((effect) => effect.type === "persist");
    const due = nextDeadline(peer);
    all =
      persist?.type === "persist"
        ? step(peer, { type: "persisted", at: peer.now, incarnation: persist.incarnation })
        : step(peer, { type: "tick", at: Number.isFinite(due) ? due : peer.now });
  }
  return null;
}

/** @returns why what a peer does cannot be written down; null if all can */
function unsayable({ self, config }: Peer, effects: readonly Effect[]): string | null {
  try {
    effectBytes(effects);
    for (const effect of effects) {
      if (effect.type === "send") encode(effect.message, { ...self, ring: config.ring, port: 9 });
    }
    return null;
  } catch (error) {
    return `what the peer does then cannot be written down\n${textOf(error)}`;
  }
}

async function readBack(
  { files }: Folder,
  stored: readonly FileRecord[],
  { lost }: Harm,
): Promise<string | null> {
  for (const record of files.records()) {
    const content = files.open(record);
    if (content === null) continue;
    const isWhole = (await readAll(content)) === record.sha256;
    // A large one is hashed by whoever reads it.
    if (!isWhole && record.size <= BODY_BYTES) return `${record.name} is read as another content`;
  }
  if (lost === null) return null;
  for (const record of stored) {
    if (lost.includes(record.name)) continue;
    const held = files.find(record);
    if (held === null) return `${record.name} is held no more`;
    if (record.removed) continue;
    const content = files.open(record);
    if (content === null || (await readAll(content)) !== record.sha256)
      return `${record.name} is not read back`;
  }
  return null;
}
