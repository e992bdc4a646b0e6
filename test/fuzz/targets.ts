/** The one list of what can be fuzzed. */

import { openDisk } from "./disk.ts";
import { knownOf } from "./found.ts";
import { openFrames } from "./frames.ts";
import { openLies } from "./lies.ts";
import { openStart } from "./start.ts";
import type { Target } from "./target.ts";
import { openWire } from "./wire.ts";

export const TARGETS: Readonly<Record<string, () => Target | Promise<Target>>> = {
  wire: () => openWire(knownOf("wire")),
  disk: () => openDisk(knownOf("disk")),
  start: openStart,
  frames: openFrames,
  lies: () => openLies(),
};

/** What is known not to hold yet, and not played where no target is named. */
export const OPEN_TARGETS: typeof TARGETS = {
  "free-lies": () => openLies(true),
};
