/** docs/PROTOCOL.md has a section for each message, and its bytes are the golden vectors. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { FrameReader } from "../../src/wire/frame.ts";
import { decode } from "../../src/wire/message.ts";
import { TABLE, type Tag } from "../../src/wire/table.ts";
import { CONTENT, HEADER, VECTORS } from "./vectors.ts";

const text = readFileSync(new URL("../../docs/PROTOCOL.md", import.meta.url), "utf8");

/** The bytes of all blocks of a kind, spaces left out. */
function blocks(kind: string, part: string): string[] {
  const found = part.matchAll(new RegExp(`^\`\`\`${kind}\\n([^\`]*)^\`\`\`$`, "gm"));
  return [...found].map((match) => (match[1] ?? "").replace(/\s/g, ""));
}

describe("docs/PROTOCOL.md", () => {
  const sections = new Map<string, string>();
  for (const part of text.split(/^(?=##+ )/m)) {
    const title = /^### (\S+ \(\d+\))$/m.exec(part)?.[1];
    if (title !== undefined) sections.set(title, part);
  }
  const tags = Object.keys(TABLE) as Tag[];

  test("has a section for each message, under its number, and no other", () => {
    const titles = tags.map((tag) => `${tag} (${TABLE[tag].number})`);
    expect([...sections.keys()].sort()).toEqual(titles.sort());
  });

  test("shows the header of the vectors", () => {
    expect(blocks("header", text)).toEqual([HEADER.join("TT")]);
  });

  test("shows a body in its frame", () => {
    const [shown = ""] = blocks("frame", text);
    const reader = new FrameReader();
    reader.push(Uint8Array.fromHex(shown));
    const frame = reader.next();
    const decoded = frame.kind === "message" ? decode(frame.bytes, "127.0.0.1", true) : null;
    expect(decoded).toMatchObject({ message: { tag: "answer" }, body: CONTENT });
    expect(reader.buffered).toBe(0);
  });

  test.each(tags)("shows the vectors of %s", (tag) => {
    const section = sections.get(`${tag} (${TABLE[tag].number})`) ?? "";
    const bodies = VECTORS.filter((vector) => vector.message.tag === tag).map(({ body }) => body);
    expect(blocks("hex", section)).toEqual(bodies);
  });
});
