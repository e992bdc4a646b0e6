/**
 * What a release of the wire has: its messages, their golden bytes, and what else a receiver takes in their place. As a
 * text it is kept for each version that was released, in version-3.txt and so on beside this file;
 * `node_modules/.bin/bun test/wire/released.ts` writes that of the present version, when it is released.
 */
import { writeFileSync } from "node:fs";
import { decode, HEADER_BYTES, VERSION } from "../../src/wire/message.ts";
import { BY_DATAGRAM, TABLE, type Tag, WITH_BODY } from "../../src/wire/table.ts";
import { VECTORS, type Vector, wholeOf } from "./vectors.ts";

/** Bytes that are tried in the place of each: more than there are cases or words of any value. */
const TRIED = 12;
const HOST = "127.0.0.1";

/**
 * A digest of what each small number in the place of each byte comes to: a message, no word or case, or bytes that are
 * malformed otherwise. A new case, a new word, a new field or another range changes it.
 */
function takenOf(vector: Vector): string {
  const bytes = Uint8Array.fromHex(wholeOf(vector));
  const taken = new Bun.CryptoHasher("sha256");
  for (let at = HEADER_BYTES; at < bytes.length; at++) {
    const was = bytes[at] ?? 0;
    for (let tried = 0; tried < TRIED; tried++) {
      bytes[at] = tried;
      const decoded = decode(bytes, HOST);
      if (!("error" in decoded)) taken.update("+");
      else taken.update(decoded.error.includes("no word has the number") ? "?" : "-");
    }
    bytes[at] = was;
  }
  return taken.digest("hex").slice(0, 8);
}

/**
 * The lines of what there is now: for each message its number and how it goes, then its vectors. What stands behind a
 * `#` is for people: names are not on the wire.
 */
export function presentLines(): string[] {
  const tags = Object.keys(TABLE) as Tag[];
  return tags.flatMap((tag) => {
    const { number } = TABLE[tag];
    const way = BY_DATAGRAM.has(tag) ? "datagram" : "stream";
    const body = WITH_BODY.has(tag) ? ", with body" : "";
    const vectors = VECTORS.filter(({ message }) => message.tag === tag);
    return [
      `message ${number}, by ${way}${body} # ${tag}`,
      ...vectors.map((vector) => `${number}: ${vector.body} takes ${takenOf(vector)}`),
    ];
  });
}

/** What is wrong with the wire as it is now, `version`, beside a version that was released. */
export function breachesOf(
  released: { readonly version: number; readonly lines: readonly string[] },
  present: { readonly version: number; readonly lines: readonly string[] },
): string[] {
  const [before, now] = [released, present].map(({ lines }) => new Set(lines.map(withoutName)));
  if (before === undefined || now === undefined) return [];
  // Fields that a later version adds are part of its vectors; what a message is called by and goes by stays.
  const same = released.version === present.version;
  const missing = [...before].filter(
    (line) => !now.has(line) && (same || line.startsWith("message")),
  );
  const added = same ? [...now].filter((line) => !before.has(line)) : [];
  return [
    ...missing.map(
      (line) => `version ${released.version} has it, and it is gone or changed: ${line}`,
    ),
    ...added.map((line) => `it is added, so VERSION has to be above ${released.version}: ${line}`),
  ];
}

function withoutName(line: string): string {
  return line.replace(/ #.*$/, "");
}

/** The file of a version that was released. */
export function fileOf(version: number): string {
  return new URL(`./version-${version}.txt`, import.meta.url).pathname;
}

if (import.meta.main) writeFileSync(fileOf(VERSION), `${presentLines().join("\n")}\n`);
