/** `--dry-run`: what a ring would be, without starting anything or leaving a trace. */
import { join, resolve } from "node:path";
import { checkFolderPath } from "../control/own.ts";
import { count, displayDuration, displayTable } from "../terminal/display.ts";
import { checkPorts } from "./ports.ts";
import { peerDir } from "./program.ts";
import type { RingOptions } from "./ring.ts";
import { ringDir } from "./ring-folder.ts";
import { checkFreeName } from "./ring-names.ts";

/** What would be started. */
export type RingPlan = {
  readonly name: string | null;
  readonly basePort: number;
  /** The folder of the ring, and the one in which its peers work. */
  readonly dir: string;
  readonly cwd: string;
  readonly pingIntervalMs: number;
  /** Null for the peers' own default. */
  readonly copies: number | null;
  readonly peers: readonly { readonly id: number; readonly port: number; readonly dir: string }[];
};

/**
 * @param name what the ring would be called; null for nothing
 * @throws Failure that the start would end with: a port or a name that is taken, a path that is too long
 */
export async function planRing(options: RingOptions, name: string | null): Promise<RingPlan> {
  const { ids, basePort, pingIntervalMs, copies } = options;
  const cwd = resolve(options.dir);
  const dir = ringDir(cwd, basePort);
  checkFolderPath(join(dir, "255"));
  if (name !== null) checkFreeName(name);
  await checkPorts(basePort, ids);
  const peers = ids.map((id) => ({ id, port: basePort + id, dir: peerDir(dir, id) }));
  return { name, basePort, dir, cwd, pingIntervalMs, copies, peers };
}

/** The same for people. */
export function planLines({ name, cwd, pingIntervalMs, copies, peers }: RingPlan): string[] {
  const which = name === null ? "a ring" : `the ring ${name}`;
  const kept = copies === null ? "" : `, ${count(copies, "copy", "copies")} of each file`;
  const rows = peers.map(({ id, port, dir }) => [String(id), String(port), dir]);
  return [
    `${which} of ${count(peers.length, "peer")} would start, a ping every ${displayDuration(pingIntervalMs)}${kept}`,
    ...displayTable(["peer", "port", "folder"], rows),
    `what is stored and requested lies in ${cwd}; nothing was started`,
  ];
}
