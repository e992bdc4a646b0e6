/**
 * Keeps small contents in the folder given, 64 at a time, each name again and again, and removes some;
 * says `NAME COUNTER` of each write that is durable.
 */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { openFolder } from "../../src/store/folder.ts";
import { operationOf, recordOf, removalOf, versionOf } from "./records.ts";

const { files } = await openFolder(process.argv[2] ?? "");

async function keepOn(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    const name = `${lane}-${i % 7}`;
    const last = files.winner(name)?.version.counter ?? 0;
    const versionVector = last === 0 ? [] : [versionOf(last)];
    const { origin } = operationOf(versionOf(last));
    const history = [{ origin, from: 1, to: last + 1, ageMs: 0, version: versionOf(last + 1) }];
    const bytes = randomBytes(1 + ((i * 7_777) % 9_000));
    if (i % 10 === 9)
      await files.mergeRecord({ ...removalOf(name, last + 1, versionVector), history });
    else await files.keep({ ...recordOf(name, bytes, last + 1, versionVector), history }, bytes);
    writeSync(1, `${name} ${last + 1}\n`);
  }
}

await Promise.all(Array.from({ length: 64 }, (_, lane) => keepOn(lane)));
