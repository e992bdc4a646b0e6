/** Commits file after file into the folder given, eight at a time, and says each name that is durable. */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { openFolder } from "../../src/store/folder.ts";

const folder = await openFolder(process.argv[2] ?? "");
const stamp = { counter: Date.now(), owner: 1, run: 1 };

async function commitOn(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const draft = folder.files.begin();
    await draft.write(randomBytes(1 + ((i * 77_777) % 900_000)));
    const name = `${process.pid}-${lane}-${i}`;
    const size = draft.size;
    await draft.commit({
      name,
      key: 1,
      stamp,
      size,
      sha256: draft.sha256(),
      removed: false,
      replaced: [],
    });
    writeSync(1, `${name}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => commitOn(lane)));
