/** The form of what is printed with `--json`, as docs/report.schema.json promises it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { misfits } from "./json-schema.ts";

const SCHEMA = join(import.meta.dir, "../../docs/report.schema.json");

/** @returns what is not as it was promised; an empty list where all is */
export function misfitsOfDocument(document: unknown): string[] {
  return misfits(JSON.parse(readFileSync(SCHEMA, "utf8")), document);
}
