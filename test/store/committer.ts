/** Commits file after file into the folder given, eight at a time, and says each name that is durable. */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { openFolder } from "../../src/store/folder.ts";
import { recordOf } from "./records.ts";

const folder = await openFolder(process.argv[2] ?? "");
const version = { counter: Date.now(), owner: 1, instance: 1 };

async function commitOn(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const draft = folder.files.begin();
    const bytes = randomBytes(1 + ((i * 77_777) % 900_000));
    // The draft has what it is given from then on.
    const record = recordOf(`${process.pid}-${lane}-${i}`, bytes, version);
    await draft.write(bytes);
    await draft.commit(record);
    writeSync(1, `${record.name}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => commitOn(lane)));
