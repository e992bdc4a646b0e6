/**
 * How the rows of an older program become writes with operations. All peers make the same of one
 * write, since its copies on them are to stay one write.
 */
import type { Database } from "bun:sqlite";
import type { Version } from "../protocol/model/files.ts";
import { formatPast, parseVersions } from "./past-column.ts";

/** A row of the tables before this program's, of both kinds that there were. */
type OlderRow = {
  readonly id: number;
  readonly name: string;
  readonly key: number;
  readonly counter: number;
  readonly owner: number;
  readonly run: number;
  readonly size: number;
  readonly sha256: string;
  readonly removed: number;
  readonly replaced: string;
  readonly content: string;
  readonly at: number;
};

const NONE: readonly never[] = [];

/** Names of conflicts were `NAME.conflict-COUNTER-OWNER-RUN`, cut at 255 bytes. */
const CONFLICT = /^(.+)\.conflict-(\d{1,16})-(\d{1,16})-(\d{1,10})$/s;
/** Names of conflicts from so many bytes on may have been cut, within a character of up to four. */
const CUT_BYTES = 252;

const PUT = "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)";

/** Fills the table `files` from `older`, whose schema had that version. @throws SQLite's error */
export function bringOver(database: Database, version: number): void {
  if (version === 2) {
    database.run("INSERT INTO files SELECT *, NULL FROM older");
    return;
  }
  const columns =
    version === 0
      ? `rowid AS id, name, key, counter, owner, incarnation AS run, size, sha256, 0 AS removed,
         '' AS replaced, content, ${Date.now()} AS at`
      : "*";
  // The first tables had no numbers; their order is as good.
  const query = version === 0 ? columns.replace("rowid", "row_number() OVER ()") : columns;
  const rows = database.query<OlderRow, []>(`SELECT ${query} FROM older`).all();
  const names = wholeNames(rows);
  const put = database.query(PUT);
  for (const row of rows) {
    const { name, version, versionVector, apart } = versionOf(row, names);
    const { counter, owner, instance } = version;
    const removed = row.removed === 0 ? 0 : 1;
    const own = originOf(row.run);
    const shown = apart ? `${name}.conflict-${own}-${row.counter}` : name;
    const past = formatPast({ also: NONE, versionVector, spared: NONE, history: NONE }, 0);
    put.run(
      ...[row.id, shown, row.key, own, row.counter, counter, owner, instance],
      ...[row.size, row.sha256, removed, past, row.content, row.at, row.at, apart ? name : ""],
    );
  }
}

type Older = {
  readonly name: string;
  readonly version: Version;
  readonly versionVector: readonly Version[];
  readonly apart: boolean;
};

/**
 * Conflicts come back to the name that they were stored under. What was given its version after them under that
 * name never took their place, though its versions may cover theirs: so they get versions that none covers
 * but what names them.
 */
function versionOf(row: OlderRow, names: ReadonlyMap<string, string>): Older {
  const own: Version = { counter: row.counter, owner: row.owner, instance: row.run };
  const [, base = "", ...numbers] = CONFLICT.exec(row.name) ?? [];
  const [counter = 0, owner = 0, run = 0] = numbers.map(Number);
  const conflict: Version = { counter, owner, instance: run };
  const isItself = counter === own.counter && owner === own.owner && run === own.instance;
  if (base === "" || !(isItself || row.removed !== 0)) {
    return {
      name: row.name,
      version: own,
      versionVector: parseVersions(row.replaced),
      apart: false,
    };
  }
  const isCut = Buffer.byteLength(row.name) >= CUT_BYTES;
  const name = isCut ? (names.get(`${row.key} ${base}`) ?? base) : base;
  const versionVector = isItself ? parseVersions(row.replaced) : [alone(conflict)];
  return { name, version: alone(own), versionVector, apart: !isItself };
}

/** The version in an instance that has no other. */
function alone(version: Version): Version {
  const run = (Math.imul(version.counter, 0x9e3779b1) ^ version.instance) >>> 0;
  return { ...version, instance: run };
}

/** The names that were too long for their conflicts to have them whole, by what those have. */
function wholeNames(rows: readonly OlderRow[]): ReadonlyMap<string, string> {
  const bases = new Map<string, string>();
  for (const { name, key } of rows) {
    if (Buffer.byteLength(name) < CUT_BYTES) continue;
    const [, base] = CONFLICT.exec(name) ?? [];
    const whole = rows.find((r) => r.key === key && base !== undefined && isOf(r.name, base));
    if (whole !== undefined && base !== undefined) bases.set(`${key} ${base}`, whole.name);
  }
  return bases;
}

function isOf(name: string, base: string): boolean {
  return name.startsWith(base) && !CONFLICT.test(name);
}

function originOf(run: number): string {
  return `${run.toString(16).padStart(8, "0")}00000000`;
}
