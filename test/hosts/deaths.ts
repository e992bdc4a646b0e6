/** Who was held for dead, by the peers' own logs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoggedEvent } from "../../src/door/types.ts";
import type { HostRing } from "./host-ring.ts";

/**
 * The deaths that any peer has noted, each in a sentence.
 * @param since epoch milliseconds
 */
export function deathsSince(ring: HostRing, since: number): string[] {
  return ring.numbers.flatMap((n) =>
    readFileSync(join(ring.folder(n), "events.jsonl"), "utf8")
      .split("\n")
      // The last line may be on its way.
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as LoggedEvent)
      .flatMap((e) => (e.event === "member" && e.state === "dead" && e.at >= since ? [e] : []))
      .map((e) => `peer ${e.peer} held ${e.id} for dead (${e.why}), which ran`),
  );
}
