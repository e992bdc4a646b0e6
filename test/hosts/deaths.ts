/** Who was held for dead, by the peers' own logs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoggedEvent } from "../../src/control/types.ts";
import type { HostRing } from "./host-ring.ts";

/**
 * Says that peers were held for dead, and who was the first; nothing if none was.
 * @param since epoch milliseconds; all have run since then
 */
export function wrongDeaths(ring: HostRing, since: number): string[] {
  const deaths = ring.numbers
    .flatMap((n) => readFileSync(join(ring.folder(n), "events.jsonl"), "utf8").split("\n"))
    // The last line of each may be on its way.
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as LoggedEvent)
    .flatMap((e) => (e.event === "member" && e.state === "dead" && e.at >= since ? [e] : []))
    .sort((a, b) => a.at - b.at);
  const [first] = deaths;
  if (first === undefined) return [];
  const { peer, id, why } = first;
  return [`${deaths.length} wrong deaths, the first: peer ${peer} held ${id} for dead (${why})`];
}
