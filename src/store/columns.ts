/** A row of the index as the database has it: its columns, and the sum by which one that has changed is known. */
import type { FileRecord } from "../protocol/model/files.ts";
import { formatPast, parsePast } from "./past-column.ts";
import { namesOf, type Row } from "./row.ts";

export type Columns = [
  id: number,
  name: string,
  key: number,
  origin: string,
  number: number,
  counter: number,
  owner: number,
  run: number,
  size: number,
  sha256: string,
  removed: number,
  past: string,
  content: string,
  born: number,
  at: number,
  apart: string,
  sum: number,
];

/** What each column is, in the database's order; the sum is behind them. */
const KINDS = "isisiiiiisissiis";

/** Of a file below `files/`, or of none; what an older program called it has no digits alone. */
const CONTENT = /^([0-9A-Za-z][\w.-]{0,254})?$/;

/** A row that the disk has not kept as it was: what can be read of it, for a person. */
export type DamagedRow = { readonly id: number; readonly name: string };

/**
 * @param zeroAt when the ages in records are zero, in epoch milliseconds
 * @param now epoch milliseconds
 */
export function columnsOf({ id, record, content }: Row, zeroAt: number, now: number): Columns {
  const { key, operation, version, size, sha256 } = record;
  const { counter, owner, instance } = version;
  const [name, apart] = namesOf(record);
  const past = formatPast(record, zeroAt);
  const removed = record.removed ? 1 : 0;
  const born = Math.round(zeroAt - record.ageMs);
  const { origin, number } = operation;
  const columns: Columns = [
    id,
    name,
    key,
    origin,
    number,
    counter,
    owner,
    instance,
    size,
    sha256,
    removed,
    past,
    content,
    born,
    Math.floor(now),
    apart,
    0,
  ];
  columns[KINDS.length] = sumOf(columns);
  return columns;
}

/**
 * Reads a row, none of whose values is believed before the sum says that all are as they were written. A row
 * that an older program wrote has none.
 * @param zeroAt when the ages in records are zero, in epoch milliseconds
 * @param now epoch milliseconds: where the wall clock went back, the age is what it was when the row was written
 */
export function rowOf(values: readonly unknown[], zeroAt: number, now: number): Row | DamagedRow {
  if (!areColumns(values)) return damagedRow(values);
  const [id, name, key, origin, number, counter, owner, run] = values;
  const [, , , , , , , , size, sha256, removed, past, content, born, at, apart] = values;
  const zero = at > now ? zeroAt + at - now : zeroAt;
  const { also, versionVector, spared, history } = parsePast(past, zero);
  const record: FileRecord = Object.freeze({
    name: apart === "" ? name : apart,
    key,
    operation: Object.freeze({ origin, number }),
    version: Object.freeze({ counter, owner, instance: run }),
    also,
    size,
    sha256,
    removed: removed !== 0,
    apart: apart !== "",
    ageMs: zero - born,
    versionVector,
    history,
    spared,
  });
  return { id, record, content };
}

function areColumns(values: readonly unknown[]): values is Columns {
  if (values.length !== KINDS.length + 1) return false;
  for (let at = 0; at < KINDS.length; at++) {
    const value = values[at];
    if (KINDS[at] === "s" ? typeof value !== "string" : !Number.isSafeInteger(value)) return false;
  }
  const sum = values[KINDS.length];
  if (sum !== null && sum !== sumOf(values)) return false;
  return CONTENT.test(String(values[12]));
}

/** CRC-32: it knows every change of up to four bytes in a row, and misses one of four billion others. */
function sumOf(values: readonly unknown[]): number {
  return Bun.hash.crc32(JSON.stringify(values.slice(0, KINDS.length)));
}

function damagedRow([id, name, , , , , , , , , , , , , , apart]: readonly unknown[]): DamagedRow {
  const shown = typeof apart === "string" && apart !== "" ? apart : name;
  return { id: typeof id === "number" ? id : 0, name: typeof shown === "string" ? shown : "" };
}
